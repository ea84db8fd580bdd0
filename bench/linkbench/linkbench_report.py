"""The report on LinkBench in Markdown, and its goals."""

from figures import Figure, troubles
from goals import at_least, at_most
from report import (NOTHING, alarm, goals_section, machine_section, middle, number, servers_section,
                    spread, table)

READING = """Figures are medians over the rounds, with the minimum and maximum in parentheses. "CPU" is the
server's processor time per request, user and kernel, with the background work of that time.
Latencies are those that the client sees, in microseconds."""

SHARED = "shared"
PUBLISHED = ("The paper on LinkBench gives 11,029 requests/s for MySQL with InnoDB on a server of its time, "
             "and lists with a p50 of 1–2 ms, a p95 of 10–11 ms and a p99 of 15–16 ms.")


def taker(name):
    """Of a result."""
    return lambda result: result.get(name)


def of_operation(operation, name):
    return lambda result: result.get("each", {}).get(operation, {}).get(name)


def load_rate(result):
    return result["links_loaded"] / result["load"]["seconds"] if result.get("load") else None


class Report:
    """What is shown of a raw report."""

    def __init__(self, raw):
        self.raw = raw
        self.troubles = list(raw["failures"])
        for run in raw["runs"]:
            where = " ".join(filter(None, [run["server"], run["load"], run["variant"],
                                           f"round {run['round']}"]))
            self.troubles += [f"{where}: {words}" for words in troubles(run)]
        if not raw["runs"]:
            self.troubles.append("nothing was measured")
        self.titles = {kind["name"]: kind["title"] for kind in raw["servers"]}
        self.goals = [*self.mix_goals(), *self.cost_goals()]

    def figure(self, take, load, server, variant=""):
        values = tuple(value for run in self.raw["runs"]
                       if (run["load"], run["server"], run["variant"]) == (load, server, variant)
                       and run["result"] and (value := take(run["result"])) is not None)
        return Figure(values) if values else None

    def ratio(self, take, one, two, form):
        """Ratio of the medians of two (load, server, variant), and the medians as text."""
        first, second = self.figure(take, *one), self.figure(take, *two)
        if first is None or second is None or 0 in (first.median, second.median):
            return None, ""
        return (first.median / second.median,
                f"{form.format(first.median)} to {form.format(second.median)}")

    def mix_goals(self):
        goals = []
        for peer, bar in (("innodb", 10), ("myrocks", 3)):
            for variant, words in (("", "a connection for each client"),
                                   (SHARED, "clients share connections")):
                ratio, shown = self.ratio(taker("operations_per_second"), ("mix", "smile", variant),
                                          ("mix", peer, ""), "{:,.0f}")
                goals.append(at_least(1, f"LinkBench, requests/s: Smile ({words}) to "
                                      f"{self.titles.get(peer, peer)}", ratio, bar, shown))
        return goals

    def cost_goals(self):
        goals = []
        for shape in ("64x1", "16x32"):
            ratio, shown = self.ratio(taker("operations_per_second"), ("link", "smile", shape),
                                      ("put", "smile", shape), "{:,.0f}")
            goals.append(at_least(2, f"LINK (mutual) to durable PUT, requests/s, {shape}", ratio,
                                  0.35, shown))
        for name, title in (("count", "LINK_COUNT"), ("check", "LINK_CHECK of one")):
            for shape in ("64x1", "16x32"):
                ratio, shown = self.ratio(taker("server_cpu_us"), (name, "smile", shape),
                                          ("get", "smile", shape), "{:.2f} µs")
                goals.append(at_most(3, f"{title} to cached GET, CPU, {shape}", ratio, 1.5, shown))
        ratio, shown = self.ratio(taker("operations_per_second"), ("verify", "smile-logins", ""),
                                  ("hash", "libargon2", ""), "{:.1f}")
        goals.append(at_least(4, "Passwords verified per second: Smile to libargon2 on one thread",
                              ratio, 0.95, shown))
        return goals

    def verdict_line(self):
        met = sum(goal.met is True for goal in self.goals)
        missed = sum(goal.met is False for goal in self.goals)
        unknown = len(self.goals) - met - missed
        line = f"Of {len(self.goals)} goals {met} are met, {missed} not met, {unknown} not measured."
        if self.raw["settings"]["quick"]:
            line += " This was a quick smoke test: its figures mean nothing."
        return line

    def of_mix(self):
        """(server, variant, title) of those that were measured."""
        for name, title in self.titles.items():
            for variant in ("", SHARED):
                if self.figure(taker("operations_per_second"), "mix", name, variant):
                    words = ", clients share connections" if variant else ""
                    yield name, variant, title + words


def load_section(report):
    rows = []
    for name, title in report.titles.items():
        runs = [run for run in report.raw["runs"]
                if run["load"] == "load" and run["server"] == name and run["result"]]
        if runs:
            result = runs[0]["result"]
            rows.append([title, f"{result['links_loaded']:,}", number(load_rate(result)),
                         number(result["load"]["seconds"]), number(runs[0]["space"] / 2**20)])
    if not rows:
        return ["## Load", "", "The graph was loaded by an earlier run.", ""]
    return ["## Load", "", "MariaDB gets 1,024 rows in each statement, as of LinkBench; Smile a request "
            "for each link, durable and counted.", "",
            table(["server", "links", "links/s", "seconds", "MiB on the disk"], rows), ""]


def limit_of(settings):
    limit = settings.get("memory_limit")
    return f", {limit} MiB in all with the page cache of a server's files" if limit else ""


MIX_HEADS = ["server", "requests/s", "CPU µs", "generator's CPU µs", "memory MiB"]


def mix_section(report):
    rows = []
    for name, variant, title in report.of_mix():
        rows.append([title] + [spread(report.figure(take, "mix", name, variant)) for take in (
            taker("operations_per_second"), taker("server_cpu_us"), taker("client_cpu_us"),
            lambda result: result["run"].get("server_rss_bytes", 0) / 2**20)])
    if not rows:
        return []
    settings = report.raw["settings"]
    return ["## The mix", "",
            f"{settings['nodes']:,} nodes; {settings['clients']} clients, each with one request in "
            f"flight; {settings['memory']} MiB of caches and memtables{limit_of(settings)}. "
            "Each row begins with the graph as it was loaded. Servers run one after the other, each on core 0, the generator on core 1. Where clients share connections, Smile has "
            f"{settings['shared_connections']} of them, as with libsmile in a backend; a connection "
            "of MariaDB takes one request after the other.", "",
            table(MIX_HEADS, rows), "", PUBLISHED, ""]


def latencies_section(report):
    mixed = list(report.of_mix())
    if not mixed:
        return []
    names = []
    for run in report.raw["runs"]:
        if run["load"] == "mix" and run["result"]:
            names += [name for name in run["result"]["each"] if name not in names]
    heads = ["operation"]
    for _, _, title in mixed:
        heads += [f"{title}: p50", "p99"]
    rows = []
    for name in names:
        row = [name]
        for server, variant, _ in mixed:
            row += [middle(report.figure(of_operation(name, quantity), "mix", server, variant))
                    for quantity in ("p50_us", "p99_us")]
        rows.append(row)
    found = [["links of a list", *found_of(report, mixed, "get_link_list")],
             ["count", *found_of(report, mixed, "count_link")],
             ["nodes of a get_node", *found_of(report, mixed, "get_node")]]
    return ["## Latencies of each operation", "", table(heads, rows), "",
            "What was found, on average, which shows that all servers do the same work:", "",
            table(["answer", *(title for _, _, title in mixed)], found), ""]


def found_of(report, mixed, operation):
    return [middle(report.figure(of_operation(operation, "found_each"), "mix", server, variant))
            for server, variant, _ in mixed]


def costs_section(report):
    rows = []
    for name, title in (("put", "durable PUT of a node"), ("link", "LINK, mutual"),
                        ("get", "cached GET of a node"), ("count", "LINK_COUNT"),
                        ("check", "LINK_CHECK of one")):
        for shape in ("64x1", "16x32"):
            figures = [report.figure(taker(quantity), name, "smile", shape)
                       for quantity in ("operations_per_second", "server_cpu_us")]
            if figures[0]:
                rows.append([f"{title}, {shape}", *map(spread, figures)])
    if not rows:
        return []
    return ["## What single requests of Smile cost", "",
            "64x1: 64 connections with one request in flight on each; 16x32: 16 with 32. Each round "
            "begins with the graph as it was loaded, and with some seconds of the mix.", "",
            table(["request", "requests/s", "CPU µs"], rows), ""]


def noise_line(raw):
    """How much of the machine others used during the runs."""
    used = [sum(run["others"].values()) for run in raw["runs"]]
    if not used:
        return ""
    return (f"Other programs and machines used {number(sum(used) / len(used))} cores on average, "
            f"{number(max(used))} in the worst run.")


def markdown(report):
    raw = report.raw
    settings = raw["settings"]
    lines = ["# LinkBench: Smile beside MariaDB", "",
             f"{raw['made']}; {settings['nodes']:,} nodes; {settings['rounds']} rounds of "
             f"{settings['seconds']:g} s; made by `{raw['command']}`.", "", noise_line(raw), ""]
    for section in (alarm, goals_section, machine_section, servers_section):
        lines += section(report) + [""]
    for kind in raw["servers"]:
        if kind.get("script"):
            lines += [f"`start.sh` of {kind['title']}:", "", "```text", kind["script"].strip(), "```",
                      ""]
    lines += [READING, ""]
    for section in (load_section, mix_section, latencies_section, costs_section):
        lines += section(report)
    return "\n".join(lines).rstrip() + "\n"
