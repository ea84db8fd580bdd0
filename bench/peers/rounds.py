"""Runs a plan: round 1 of every server, then round 2 of every server, load by load.

While one server is measured, the others that were started here are stopped (SIGSTOP), so that
nothing they do by themselves is in its way.
"""

import contextlib
import dataclasses
import json
import resource
import shutil
import subprocess
import sys
import time

import machine
import servers
from figures import troubles
from plan import (OVERHEAD_SECONDS, SHAPES, START_SECONDS, WARM_SECONDS, estimate_seconds,
                  preload_seconds)

GENERATOR_CORE = 1
# A generator that takes so much longer than its load hangs.
PATIENCE_SECONDS = 180


class Progress:
    """What is going on, and how long it will still take."""

    def __init__(self, stages, rounds):
        self.total = sum(stage.runs() for stage in stages) * rounds
        self.done = 0
        self.estimate = estimate_seconds(stages, rounds)
        self.behind = 0.0  # seconds of the estimate that are behind us
        self.start = time.monotonic()

    def leave_out(self, cells, rounds):
        """One server will not get these."""
        for cell in cells:
            self.total -= rounds * len(cell.variants)
            self.behind += rounds * len(cell.variants) * (cell.seconds + OVERHEAD_SECONDS)

    def left(self):
        """Seconds. The estimate counts for less the more is known."""
        share = min(self.behind / self.estimate, 1.0)
        elapsed = time.monotonic() - self.start
        whole = (1 - share) * self.estimate + (elapsed if share > 0 else 0)
        return max(whole - share * elapsed, 0.0)

    def say(self, words):
        left = self.left()
        shown = f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s"
        print(f"[{self.done:>{len(str(self.total))}}/{self.total}, about {shown} left] {words}",
              file=sys.stderr, flush=True)


def family_of(workload):
    """Loads of one family use the same records."""
    return workload if workload in ("scan", "ycsb-e") else "records"


def children_seconds():
    """Processor time of the generators that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Generator:
    """smilebench, pinned to its core unless that is None."""

    def __init__(self, binary, core=GENERATOR_CORE):
        self.binary = binary
        self.pin = [] if core is None else ["taskset", "-c", str(core)]

    def run(self, server, stage, cell, seconds, preloaded, idle=0):
        """What the report keeps of one run of smilebench."""
        connections, depth = SHAPES[cell.shape]
        arguments = ["--workload", cell.workload,
                     "--connections", str(connections), "--depth", str(depth),
                     "--keys", str(stage.keys), "--value-size", str(stage.value_bytes),
                     "--seconds", f"{seconds:g}"]
        if preloaded:
            arguments.append("--preloaded")
        if idle:
            arguments += ["--idle-connections", str(idle)]
        return self.measure(server, arguments, seconds)

    def measure(self, server, arguments, seconds):
        """The same, of any arguments of smilebench, which should take about so long."""
        command = [*self.pin, str(self.binary), *arguments, "--target", server.target, "--json"]
        if server.pid:
            command += ["--server-pid", str(server.pid)]
        server.check_alive()
        others = machine.Others(lambda: servers.cpu_seconds(server.pid) + children_seconds())
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=seconds + PATIENCE_SECONDS)
            status, output, words = done.returncode, done.stdout, done.stderr.strip()
        except subprocess.TimeoutExpired:
            status, output, words = -1, "", "did not end in time"
        try:
            # Seven digits say all that such figures can say.
            result = json.loads(output, parse_float=lambda text: float(f"{float(text):.7g}"))
        except json.JSONDecodeError:
            result = None
        used = others.cores()
        server.check_alive()
        return {"status": status, "words": words, "command": " ".join(command), "others": used,
                "result": result}


class Rounds:
    """Runs stages; keeps the result of each run of the generator, and other failures."""

    def __init__(self, generator, directory, binaries, rounds, progress):
        self.generator = generator
        self.directory = directory
        self.binaries = binaries
        self.rounds = rounds
        self.progress = progress
        self.runs = []
        self.failures = []

    def run_stage(self, stage, pids):
        """`pids`: process ids of servers that were started by others, by the name of their kind."""
        place = self.directory / stage.name
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(shutil.rmtree, place, ignore_errors=True)
            running = []
            for kind in stage.kinds:
                self.progress.behind += START_SECONDS
                try:
                    server = self.bring_up(kind, place / kind.name, pids)
                except servers.ServerError as error:
                    self.fail(f"{stage.title}: {error}")
                    self.progress.leave_out(stage.cells, self.rounds)
                    continue
                cleanup.callback(server.stop)
                server.freeze()
                running.append(server)
            written = set()
            for i, cell in enumerate(stage.cells):
                if family_of(cell.workload) not in written:
                    written.add(family_of(cell.workload))
                    running = [server for server in running
                               if self.prepare(stage, stage.cells[i:], server)]
                self.run_cell(stage, cell, running)

    def bring_up(self, kind, directory, pids):
        if kind.address:
            return servers.Server(kind, kind.address, pids.get(kind.name, 0))
        return servers.start(kind, directory, self.binaries)

    def prepare(self, stage, cells, server):
        """Writes the records of the first cell's family, and waits until the server has digested
        them. False if that failed: then it gets none of the cells."""
        self.progress.say(f"{stage.name}: writing {stage.keys:,} records to {server.kind.title}")
        self.progress.behind += preload_seconds(stage)
        cell = cells[0]
        if cell.workload == "put":  # would write some of them only
            cell = dataclasses.replace(cell, workload="get")
        where = f"{stage.name}, preparing {server.kind.title}"
        failures = len(self.failures)
        with self.thawed(server, where):
            self.warm(stage, cell, server, where, preloaded=False)
            if stage.restarted:
                server.restart(self.binaries)
                self.warm(stage, cell, server, where, preloaded=True)
            server.wait_until_quiet()
        if len(self.failures) == failures:
            return True
        self.progress.leave_out(cells, self.rounds)
        return False

    def warm(self, stage, cell, server, where, preloaded):
        run = self.generator.run(server, stage, cell, min(WARM_SECONDS, cell.seconds), preloaded)
        for words in troubles(run):
            self.fail(f"{where}: {words}")

    def run_cell(self, stage, cell, running):
        for number in range(1, self.rounds + 1):
            for variant in cell.variants:
                for server in running:
                    where = " ".join(filter(None, [
                        f"round {number} of {self.rounds}: {stage.name}: {cell.key()}",
                        server.kind.name, variant]))
                    with self.thawed(server, where):
                        self.run_one(stage, cell, variant, server, number, where)
                    self.progress.done += 1
                    self.progress.behind += cell.seconds + OVERHEAD_SECONDS

    def run_one(self, stage, cell, variant, server, number, where):
        run = self.generator.run(server, stage, cell, cell.seconds, preloaded=True,
                                 idle=cell.idle.get(variant, 0))
        self.runs.append({"stage": stage.name, "workload": cell.workload, "shape": cell.shape,
                          "variant": variant, "idle": cell.idle.get(variant, 0),
                          "server": server.kind.name, "round": number, **run})
        for words in troubles(run):
            self.progress.say(f"FAILED: {where}: {words}")
        self.progress.say(f"{where}: {summary(run)}")

    @contextlib.contextmanager
    def thawed(self, server, where):
        """Lets one server run meanwhile; its death is a failure of what was done."""
        server.thaw()
        try:
            yield
            server.freeze()
        except servers.ServerError as error:
            self.fail(f"{where}: {error}")

    def fail(self, words):
        """Something went wrong that no run of the generator tells."""
        self.failures.append(words)
        self.progress.say(f"FAILED: {words}")


def summary(run):
    result = run["result"]
    if result is None:
        return "no result"
    words = f"{result['operations_per_second']:,.0f}/s"
    if "server_cpu_us" in result:
        words += f", {result['server_cpu_us']:.2f} µs CPU"
    return words
