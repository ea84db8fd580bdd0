#!/usr/bin/python3
"""Measures a day of a social network on Smile and on Redis, and writes a report. This is `./dev bench
network`."""

import argparse
import contextlib
import dataclasses
import datetime
import itertools
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "bench/peers"))
import figures  # noqa: E402  (found by the line above)
import highest_rate  # noqa: E402
import machine  # noqa: E402
import network_report  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402
from command import (  # noqa: E402
    add_report_options, complete, decimal, integer, names, raw_text, say, space_of)

SLOWEST_LOAD = 200  # people per second; a server that is slower hangs
BYTES_PER_PERSON = 40_000  # on the disk of each server, at most
REDIS_BYTES_PER_PERSON = 16_000  # in memory; estimated, not measured with many people
SERVERS = ("smile", "redis-aof")


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything."""

    people: int = 100_000
    seconds: float = 20.0  # of each round
    search_seconds: float = 4.0  # of each rate that is tried
    rounds: int = 3


QUICK = Size(people=2_000, seconds=1.0, search_seconds=1.0, rounds=1)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench network",
        description="Has people of a social network act on Smile, and on Redis, at rising rates, finds "
        "the highest of each at which 99 % of every act are fast enough, measures half of it, all of it "
        "and twice of it, and both servers at the same rate, and writes report.md, report.html and "
        "raw.json.",
        epilog="Exit status: 0 measured; 1 there was an error; 2 invalid usage; 130 interrupted. "
        "What the figures mean: docs/benchmarks/README.md.")
    option = parser.add_argument
    option("--quick", action="store_true",
           help="few people and short rounds: some minutes; its figures mean little")
    option("--people", type=integer(100, 1_000_000_000), metavar="N",
           help=f"people (default {Size.people}; with --quick {QUICK.people})")
    option("--graph", type=Path, metavar="FILE",
           help="the people and friendships of a file instead: a line \"A,B\" for each")
    option("--seconds", type=decimal(0.1, 86400), metavar="SECONDS",
           help=f"length of each round (default {Size.seconds:g}; with --quick {QUICK.seconds:g})")
    option("--rounds", type=integer(1, 1000), metavar="N",
           help=f"rounds of each rate (default {Size.rounds}; with --quick {QUICK.rounds})")
    option("--servers", type=names(SERVERS), default=list(SERVERS), metavar="NAME,…",
           help=f"only these of {', '.join(SERVERS)}")
    add_report_options(parser, "network")
    options = parser.parse_args(arguments)
    if options.graph is not None and options.people is not None:
        parser.error("--graph has its own people: leave out --people")
    complete(options, "network", Size(), QUICK)
    return options


class Measuring:
    """All of one run; `raw` is its report."""

    def __init__(self, options, directory, binaries):
        self.size = options.size
        self.directory = directory
        self.binaries = binaries
        self.generator = rounds.Generator(binaries / "smilebench")
        self.kinds = [servers.KINDS[name] for name in options.servers]
        self.graph = (["--graph", options.graph] if options.graph is not None
                      else ["--people", options.size.people])
        described = machine.describe(ROOT, directory, self.kinds, binaries)
        self.raw = {
            "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": shlex.join(["./dev", "bench", "network", *sys.argv[1:]]),
            "settings": {"quick": options.quick, "graph": options.graph is not None,
                         **dataclasses.asdict(options.size)},
            "machine": described,
            "servers": servers.describe(self.kinds, described["versions"],
                                        f"build/{options.preset}/bin"),
            "limits_ms": network_report.LIMITS_MS, "highest": {}, "runs": [], "failures": [],
        }

    def run(self):
        try:
            with contextlib.ExitStack() as cleanup:
                self.measure(cleanup)
        except servers.ServerError as error:
            self.raw["failures"].append(str(error))
            say(f"FAILED: {error}")

    def measure(self, cleanup):
        """The one that is not measured is frozen meanwhile."""
        rates = {}
        started = []
        for kind in self.kinds:
            server = servers.start(kind, self.directory / kind.name, self.binaries)
            cleanup.callback(server.stop)
            self.one(server, "load", 0, 1, ["--load-only"], self.size.people / SLOWEST_LOAD)
            highest = self.search(server)
            self.raw["highest"][kind.name] = highest
            rates[kind.name] = highest or highest_rate.FIRST
            server.freeze()
            started.append(server)
        for index, load in enumerate(network_report.loads(len(started)), start=1):
            for number in range(1, self.size.rounds + 1):
                for server in started:
                    rate = network_report.rate_of(load, server.kind.name, rates)
                    server.thaw()
                    self.acts(server, load, rate, number, self.size.seconds, 1000 * index + number)
                    server.freeze()

    def search(self, server):
        days = itertools.count(1)

        def is_fast(rate, whole):
            seconds = self.size.seconds if whole else self.size.search_seconds
            run = self.acts(server, "search", rate, 1, seconds, next(days))
            return run["result"] is not None and network_report.is_fast(run["result"])

        return highest_rate.search(is_fast)

    def acts(self, server, load, rate, number, seconds, day):
        """`day`: what people do follows from it, so it is the same on all servers."""
        return self.one(server, load, rate, number,
                        ["--loaded", "--rate", f"{rate:g}", "--seconds", f"{seconds:g}", "--day", day],
                        seconds)

    def one(self, server, load, rate, number, arguments, seconds):
        run = self.generator.measure(
            server, [str(word) for word in ["network", *self.graph, *arguments]], seconds)
        server.wait_until_quiet()  # what it still has to write belongs to the run
        name = server.kind.name
        resident = machine.value_in(f"/proc/{server.pid}/status", "VmRSS")
        run = {"load": load, "rate": rate, "server": name, "round": number,
               "space": space_of(self.directory / name),
               "memory": 1024 * int(resident.removesuffix(" kB")), **run}
        self.raw["runs"].append(run)
        where = f"{name}, {load}, {rate:g} acts/s, round {number}"
        for words in figures.troubles(run):
            say(f"FAILED: {where}: {words}")
        say(f"{where}: {network_report.summary(run)}")
        return run


def complaint_of(options):
    """Why this machine is too small; empty if it is not."""
    people = options.size.people
    if people * BYTES_PER_PERSON * len(options.servers) > shutil.disk_usage(ROOT).free:
        return f"{people} people do not fit on the disk; give fewer with --people"
    available = 1024 * int(machine.value_in("/proc/meminfo", "MemAvailable").removesuffix(" kB"))
    if "redis-aof" in options.servers and people * REDIS_BYTES_PER_PERSON > available:
        return (f"{people} people do not fit in memory, where Redis has them; give fewer with "
                "--people, or --servers smile")
    return ""


def main():
    options = parse(sys.argv[1:])
    complaint = complaint_of(options)
    if complaint:
        say(f"bench network: {complaint}")
        return 1
    setup = subprocess.run([ROOT / "tools/peers_setup.sh", options.preset], check=False)
    if setup.returncode != 0:
        return 1
    # SIGTERM ends a run like Ctrl-C: by stopping what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    directory = Path(tempfile.mkdtemp(prefix="network.", dir=ROOT / "build"))
    try:
        measuring = Measuring(options, directory, ROOT / "build" / options.preset / "bin")
        measuring.run()
    except KeyboardInterrupt:
        say("bench network: interrupted; the servers are stopped, no report")
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    told = network_report.Report(measuring.raw)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "raw.json").write_text(raw_text(measuring.raw))
    (options.out / "report.md").write_text(network_report.markdown(told))
    (options.out / "report.html").write_text(network_report.html(told))
    for line in told.verdict_lines():
        print(line)
    print(f"report: {options.out}/report.md, report.html and raw.json")
    for words in told.troubles:
        say(f"FAILED: {words}")
    return 1 if told.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
