"""Figures out of the raw runs: medians over rounds, ratios, and what went wrong."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One quantity over the rounds of a load."""

    values: tuple

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def least(self):
        return min(self.values)

    @property
    def most(self):
        return max(self.values)


def troubles(run):
    """What is wrong with a run of the generator, as text; nothing if all was answered right."""
    result = run["result"]
    if result is None:
        return [f"smilebench ended with status {run['status']}: {run['words'] or 'no words'}"]
    found = []
    if result.get("wrong_values", 0):
        found.append(f"{result['wrong_values']} WRONG OR MISSING VALUES")
    for name, count in result.get("errors", {}).items():
        found.append(f"{count} errors {name}: {result.get('first_error', '')}")
    if result.get("lost"):
        found.append("a connection was lost")
    if not result.get("operations"):
        found.append("nothing was answered")
    if run["status"] != 0 and not found:
        found.append(f"smilebench ended with status {run['status']}: {run['words']}")
    return found


def latencies(result):
    """The latencies a load is judged by: of its reads, if it has any."""
    return result.get("reads") or result.get("writes") or {}


# What is taken out of one result; None where it was not measured.
QUANTITIES = {
    "throughput": lambda result: result.get("operations_per_second"),
    "cpu": lambda result: result.get("server_cpu_us"),
    "generator_cpu": lambda result: result.get("client_cpu_us"),
    "p50": lambda result: latencies(result).get("p50_us"),
    "p99": lambda result: latencies(result).get("p99_us"),
    "p99.9": lambda result: latencies(result).get("p99.9_us"),
    "stall": lambda result: result.get("longest_stall_ms"),
    "rss": lambda result: result.get("server_rss_bytes"),
    "keys": lambda result: result.get("keys_per_operation", 1),
    "tail": lambda result: (latencies(result)["p99.9_us"] / latencies(result)["p50_us"]
                            if latencies(result).get("p50_us") else None),
}


class Runs:
    """All runs of a raw report, to be asked by stage, load and server."""

    def __init__(self, raw):
        self.raw = raw

    def cells(self, stage):
        """(workload, shape, variant) of a stage, in the order in which they were run."""
        return list(dict.fromkeys((run["workload"], run["shape"], run["variant"])
                                  for run in self.raw["runs"] if run["stage"] == stage))

    def servers(self, stage, workload, shape, variant=""):
        return list(dict.fromkeys(run["server"]
                                  for run in self.of(stage, workload, shape, None, variant)))

    def of(self, stage, workload, shape, server=None, variant=""):
        return [run for run in self.raw["runs"]
                if (run["stage"], run["workload"], run["shape"], run["variant"])
                == (stage, workload, shape, variant) and server in (None, run["server"])]

    def figure(self, quantity, stage, workload, shape, server, variant=""):
        """None if no round has it."""
        take = QUANTITIES[quantity]
        values = [take(run["result"])
                  for run in self.of(stage, workload, shape, server, variant) if run["result"]]
        values = tuple(value for value in values if value is not None)
        return Figure(values) if values else None

    def ratio(self, quantity, stage, workload, shape, server, other, variant=""):
        """Median of one server to median of another; None if either was not measured, or is 0: its
        processor time was less than the kernel counts in."""
        one = self.figure(quantity, stage, workload, shape, server, variant)
        two = self.figure(quantity, stage, workload, shape, other, variant)
        if one is None or two is None or 0 in (one.median, two.median):
            return None
        return one.median / two.median

    def round_ratios(self, quantity, stage, workload, shape, server, other):
        """The same of each round by itself; None if a round lacks one of the two."""
        one = self.figure(quantity, stage, workload, shape, server)
        two = self.figure(quantity, stage, workload, shape, other)
        if one is None or two is None or len(one.values) != len(two.values):
            return None
        if 0 in two.values:
            return None
        return Figure(tuple(a / b for a, b in zip(one.values, two.values)))

    def troubles(self):
        """Everything that makes the whole run fail, each with where it was."""
        found = list(self.raw["failures"])
        if not self.raw["runs"]:
            found.append("nothing was measured")
        for run in self.raw["runs"]:
            where = " ".join(filter(None, [f"round {run['round']}, {run['stage']}:",
                                           run["workload"], run["shape"], run["server"],
                                           run["variant"]]))
            found += [f"{where}: {words}" for words in troubles(run)]
        return found
