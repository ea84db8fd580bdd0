#!/usr/bin/python3
"""Runs LinkBench on Smile and on MariaDB with InnoDB and MyRocks, and writes a report. This is
`./dev bench linkbench`."""

import argparse
import contextlib
import dataclasses
import datetime
import functools
import json
import os
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
import linkbench_kinds  # noqa: E402  (found by the line above)
import linkbench_report  # noqa: E402
import figures  # noqa: E402
import machine  # noqa: E402
import memory_limit  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402
from command import (  # noqa: E402
    add_report_options, complete, decimal, integer, names, raw_text, say, space_of)

SLOWEST_LOAD = 1_000  # nodes per second; a server that is slower hangs
SHARED = "shared"  # the variant in which clients share connections
SHARED_CONNECTIONS = 4
SETTLING_SECONDS = 300  # after a load, for compactions
LOADED = "loaded"  # a file beside the data: the number of nodes
CLIENTS = 64
LOAD_CONNECTIONS = 16
HASHERS = 4  # logins that are verified at the same time, on one thread of Smile
BYTES_PER_NODE = 3_000  # on the disk of one server, at most, also while it is loaded
PARTS = ("mix", "costs", "logins")

# What Smile's own requests cost: (name, arguments of smilebench).
COSTS = [
    ("put", ["--only", "update_node"]),
    ("link", ["--only", "add_link", "--mutual"]),
    ("get", ["--only", "get_node"]),
    ("count", ["--only", "count_link"]),
    ("check", ["--only", "get_link", "--others", "1"]),
]
COST_SHAPES = {"64x1": (64, 64), "16x32": (512, 16)}  # clients, connections


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything."""

    nodes: int = 100_000
    seconds: float = 20.0  # of each round
    warm: float = 5.0  # before the first round
    rounds: int = 3
    memory: int = 896  # MiB


QUICK = Size(nodes=5_000, seconds=1.0, warm=0.5, rounds=1)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench linkbench",
        description="Runs LinkBench on Smile, and on MariaDB with InnoDB and MyRocks, one after the "
        "other, and writes report.md and raw.json.",
        epilog="Exit status: 0 measured; 1 there was an error; 2 invalid usage; 130 interrupted. "
        "What the figures mean: docs/benchmarks/README.md.")
    option = parser.add_argument
    option("--quick", action="store_true", help="few nodes: a minute; its figures mean little")
    option("--nodes", type=integer(100, 1_000_000_000), metavar="N",
           help=f"nodes of the graph (default {Size.nodes}; with --quick {QUICK.nodes})")
    option("--seconds", type=decimal(0.1, 86400), metavar="SECONDS",
           help=f"length of each round (default {Size.seconds:g}; with --quick {QUICK.seconds:g})")
    option("--rounds", type=integer(1, 1000), metavar="N",
           help=f"rounds of each load (default {Size.rounds}; with --quick {QUICK.rounds})")
    option("--warm", type=decimal(0.1, 86400), metavar="SECONDS",
           help=f"length of the load before the first round (default {Size.warm:g}; with --quick "
           f"{QUICK.warm:g})")
    option("--memory", type=integer(160, 1_000_000), metavar="MIB",
           help=f"caches and memtables of each server together (default {Size.memory})")
    option("--memory-limit", type=integer(160, 1_000_000), metavar="MIB",
           help="maximum memory of each server, with the page cache of its files; needs root (default: "
           "no limit)")
    option("--servers", type=names(linkbench_kinds.NAMES), default=list(linkbench_kinds.NAMES),
           metavar="NAME,…", help=f"only these of {', '.join(linkbench_kinds.NAMES)}")
    option("--parts", type=names(PARTS), default=list(PARTS), metavar="NAME,…",
           help="only these of mix (LinkBench), costs (single requests of Smile) and logins (passwords "
           "that Smile verifies, and libargon2)")
    option("--data", type=Path, metavar="DIRECTORY",
           help="keep the loaded servers' data there, or use those of an earlier run with the same "
           "--nodes, and measure copies of them (default: a new directory, which is removed)")
    option("--load-only", action="store_true", help="with --data: load, measure nothing")
    add_report_options(parser, "linkbench")
    options = parser.parse_args(arguments)
    if options.load_only and options.data is None:
        parser.error("--load-only: needs --data")
    if options.memory_limit is not None and options.memory_limit < (options.memory or Size.memory):
        parser.error("--memory-limit: less than --memory")
    complete(options, "linkbench", Size(), QUICK)
    return options


class Measuring:
    """All of one run; `raw` is its report."""

    def __init__(self, options, directory, binaries):
        self.size = options.size
        self.options = options
        self.directory = directory
        self.binaries = binaries
        self.generator = rounds.Generator(binaries / "smilebench")
        kinds = linkbench_kinds.kinds_with(options.size.memory)
        self.kinds = [kinds[name] for name in options.servers]
        described = machine.describe(ROOT, directory, self.kinds, binaries)
        self.raw = {
            "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": shlex.join(["./dev", "bench", "linkbench", *sys.argv[1:]]),
            "settings": {"quick": options.quick, "clients": CLIENTS,
                         "shared_connections": SHARED_CONNECTIONS,
                         "memory_limit": options.memory_limit,
                         **dataclasses.asdict(options.size)},
            "machine": described,
            "servers": servers.describe(self.kinds, described["versions"],
                                        f"build/{options.preset}/bin"),
            "runs": [], "failures": [],
        }

    def run(self):
        for kind in self.kinds:
            try:
                self.run_kind(kind)
            except (servers.ServerError, memory_limit.LimitError) as error:
                self.raw["failures"].append(f"{kind.name}: {error}")
                say(f"FAILED: {kind.name}: {error}")  # the others are measured all the same
            if self.options.data is None:
                shutil.rmtree(self.directory / kind.name, ignore_errors=True)

        if "logins" in self.options.parts and not self.options.load_only:
            self.logins()

    def run_kind(self, kind):
        """Each job begins with the graph as it was loaded."""
        loaded = self.directory / kind.name
        if not self.is_loaded(kind):
            with self.server(kind, loaded) as server:
                self.load(server)
        if self.options.load_only or not self.is_loaded(kind):
            return
        for job in self.jobs_of(kind):
            used = self.directory / f"{kind.name}.used"
            shutil.rmtree(used, ignore_errors=True)
            try:
                copy(loaded, used)
                with self.server(kind, used) as server:
                    job(server)
            finally:
                shutil.rmtree(used, ignore_errors=True)

    def logins(self):
        """Passwords, on one core: with Smile, and with the bare library."""
        kind = linkbench_kinds.SMILE_LOGINS
        shutil.rmtree(self.directory / kind.name, ignore_errors=True)  # of an interrupted run
        bare = rounds.Generator(self.binaries / "smilebench", core=servers.SERVER_CORE)
        library = servers.Server(linkbench_kinds.ARGON2, "libargon2")
        with self.server(kind, self.directory / kind.name) as server:
            for number in range(1, self.size.rounds + 1):
                self.one(server, "verify", "", number,
                         ["logins", "--logins", HASHERS, "--seconds", self.size.seconds],
                         self.size.seconds)
                self.one(library, "hash", "", number,
                         ["logins", "--logins", 1, "--seconds", self.size.seconds],
                         self.size.seconds, bare)
        shutil.rmtree(self.directory / kind.name, ignore_errors=True)

    @contextlib.contextmanager
    def server(self, kind, place):
        place = place.absolute()
        place.mkdir(exist_ok=True)
        with memory_limit.group_of(self.options.memory_limit) as group:
            server = servers.Server(kind, group=group)
            server.launch(place, self.binaries)
            try:
                yield server
            finally:
                server.stop()

    def is_loaded(self, kind):
        """Whether an earlier run has done so."""
        mark = self.directory / kind.name / LOADED
        if mark.exists() and mark.read_text() != str(self.size.nodes):
            raise servers.ServerError(f"its data were loaded with --nodes {mark.read_text()}")
        return mark.exists()

    def load(self, server):
        nodes = str(self.size.nodes)
        more = (["--engine", server.kind.name] if server.kind.scheme == "mysql"
                else ["--clients", LOAD_CONNECTIONS])
        run = self.one(server, "load", "", 1,
                       ["linkbench", "--nodes", nodes, "--load-only", *more],
                       self.size.nodes / SLOWEST_LOAD)
        server.wait_until_quiet(SETTLING_SECONDS)
        if not figures.troubles(run):
            (server.log.parent / LOADED).write_text(nodes)

    def jobs_of(self, kind):
        """Functions, each of which is called with a server."""
        jobs = []
        if "mix" in self.options.parts:
            variants = ["", SHARED] if kind.scheme == "smile" else [""]
            jobs += [functools.partial(self.mix, variant=variant) for variant in variants]
        if "costs" in self.options.parts and kind.scheme == "smile":
            jobs += [functools.partial(self.costs, shape=shape, number=number)
                     for number in range(1, self.size.rounds + 1) for shape in COST_SHAPES]
        return jobs

    def mix(self, server, variant):
        connections = ["--connections", SHARED_CONNECTIONS] if variant == SHARED else []
        for number in range(1, self.size.rounds + 1):
            warm = ["--warm-seconds", self.size.warm] if number == 1 else []
            self.requests(server, "mix", variant, number,
                          ["--clients", CLIENTS, *connections, *warm])

    def costs(self, server, shape, number):
        clients, connections = COST_SHAPES[shape]
        # Not measured: what is asked for is in memory then, as on a server in use.
        words = self.words_of(self.size.warm, ["--clients", CLIENTS])
        self.generator.measure(server, words, self.size.warm)
        for name, arguments in COSTS:
            self.requests(server, name, shape, number,
                          ["--clients", clients, "--connections", connections, *arguments],
                          self.size.seconds / 4)

    def requests(self, server, load, variant, number, arguments, seconds=None):
        seconds = seconds or self.size.seconds
        self.one(server, load, variant, number, self.words_of(seconds, arguments),
                 seconds + self.size.warm)

    def words_of(self, seconds, arguments):
        """Those of smilebench, for requests to a graph that was loaded."""
        return [str(word) for word in ("linkbench", "--nodes", self.size.nodes, "--loaded",
                                       "--seconds", f"{seconds:g}", *arguments)]

    def one(self, server, load, variant, number, arguments, seconds, generator=None):
        run = (generator or self.generator).measure(server, [str(word) for word in arguments],
                                                    seconds)
        server.wait_until_quiet()  # what it still has to write belongs to the load
        run = {"load": load, "variant": variant, "server": server.kind.name, "round": number,
               "space": space_of(server.log.parent) if server.log else 0, **run}
        self.raw["runs"].append(run)
        where = " ".join(filter(None, [server.kind.name, load, variant, f"round {number}"]))
        for words in figures.troubles(run):
            say(f"FAILED: {where}: {words}")
        say(f"{where}: {summary(run['result'])}")
        return run


def summary(result):
    if result is None:
        return "no result"
    if "operations_per_second" not in result:
        return f"{result['nodes_loaded']:,} nodes in {result['load']['seconds']:,.1f} s"
    return (f"{result['operations_per_second']:,.0f}/s, "
            f"{result.get('server_cpu_us', 0):,.1f} µs CPU")


def copy(loaded, used):
    say(f"{loaded.name}: copying its data")
    try:
        shutil.copytree(loaded, used)
    except (OSError, shutil.Error) as error:
        raise servers.ServerError(f"its data cannot be copied: {error}") from None
    os.sync()  # now, not while requests are measured


def enough_space(options):
    """For those that are not loaded yet, at the same time if their data are kept, and for the copy
    of one's data."""
    place = options.data
    servers_to_load = [name for name in options.servers
                       if place is None or not (place / name / LOADED).exists()]
    at_once = len(servers_to_load) if place is not None else min(1, len(servers_to_load))
    if not options.load_only:
        at_once += 1
    disk = place if place is not None and place.exists() else ROOT
    return options.size.nodes * BYTES_PER_NODE * at_once <= shutil.disk_usage(disk).free


def main():
    options = parse(sys.argv[1:])
    if not enough_space(options):
        say(f"bench linkbench: {options.size.nodes} nodes do not fit on the disk; give fewer with "
            "--nodes")
        return 1
    setup = subprocess.run([ROOT / "tools/peers_setup.sh", options.preset, "linkbench"],
                           check=False)
    if setup.returncode != 0:
        return 1
    # SIGTERM ends a run like Ctrl-C: by stopping what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    directory = options.data
    if directory is None:
        directory = Path(tempfile.mkdtemp(prefix="linkbench.", dir=ROOT / "build"))
    directory.mkdir(parents=True, exist_ok=True)
    try:
        measuring = Measuring(options, directory, ROOT / "build" / options.preset / "bin")
        measuring.run()
    except KeyboardInterrupt:
        say("bench linkbench: interrupted; all servers are stopped, no report")
        return 130
    finally:
        if options.data is None:
            shutil.rmtree(directory, ignore_errors=True)
    told = linkbench_report.Report(measuring.raw)
    if not options.load_only:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "raw.json").write_text(raw_text(measuring.raw))
        (options.out / "report.md").write_text(linkbench_report.markdown(told))
        print(told.verdict_line())
        print(f"report: {options.out}/report.md and raw.json")
    for words in told.troubles:
        say(f"FAILED: {words}")
    return 1 if told.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
