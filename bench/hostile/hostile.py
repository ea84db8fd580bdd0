#!/usr/bin/python3
"""What hostile clients cost the others: latencies of another client alone and beside them, the
memory that they make smiled take, and how long a stop takes. This is `./dev bench hostile`."""

import argparse
import contextlib
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "bench/peers"))
sys.path.insert(1, str(ROOT / "tests/interop"))
import attackers  # noqa: E402  (found by the lines above)
import machine  # noqa: E402
import plain_receiver  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402
import smile_client as smile  # noqa: E402
from command import build_and_run, decimal, integer, names, say  # noqa: E402
from figures import Figure, latencies, troubles  # noqa: E402

KEYS = 10_000
DRAIN_SECONDS = 10
# Of the other client. It sends each request when it is due, as the client library does. If it waited
# for replies instead, one that is late would make the next ones late as well.
IN_FLIGHT = 256
ARRIVAL_SECONDS = 2  # in which hostile clients send all that they send at once
LOAD_SECONDS = 600  # at most, of attackers.COLD_USERS
BATCH = 1000
MIB = 1 << 20


@dataclass(frozen=True)
class Attack:
    """One kind of hostile clients, and what is asked beside them."""

    title: str
    kind: str  # of attackers.py
    count: int
    budget_mib: int = 0  # 0: the default
    control: str = "plain"  # compared with plain_receiver.py, a kind of attackers.py, or "": nothing
    workloads: tuple = ("get",)

    @property
    def is_cold(self):
        return self.kind.startswith("cold")


ATTACKS = {
    "half": Attack("300 incomplete frames of 4 MiB", "half", 300),
    "half-256": Attack("1,500 incomplete frames of 4 MiB", "half", 1500, 256),
    "unread": Attack("300 that take no replies of 1 MiB", "unread", 300),
    "unread-256": Attack("300 that take no replies of 1 MiB", "unread", 300, 256),
    "walks": Attack("20 x 8 scans of deleted records", "walks", 20, control="",
                    workloads=("get", "scan")),
    "conditions": Attack("2 x 8 PUTs with conditions on cold records", "cold-conditions", 2,
                         control="cold-reads", workloads=("put",)),
}


@dataclass
class Measured:
    """Of one attack, over the rounds."""

    alone: dict = field(default_factory=dict)  # workload -> p99s in us
    # While hostile clients arrive, and afterwards, when they hold what they have taken.
    control_arriving: dict = field(default_factory=dict)
    control: dict = field(default_factory=dict)
    arriving: dict = field(default_factory=dict)
    beside: dict = field(default_factory=dict)
    growth: list = field(default_factory=list)  # bytes
    stop: list = field(default_factory=list)  # seconds


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench hostile", description="What hostile clients cost another client, which "
        "makes requests at a fixed rate, and the process. Each is measured on a new server.",
        epilog="Exit status: 0 measured; 1 there was an error; 2 invalid usage; 130 interrupted.")
    option = parser.add_argument
    option("--attacks", type=names(ATTACKS), default=list(ATTACKS), metavar="NAME,...",
           help=f"a selection of {', '.join(ATTACKS)} (default: all)")
    option("--rounds", type=integer(1, 100), default=3, metavar="N",
           help="rounds of all attacks (default 3)")
    option("--seconds", type=decimal(1, 3600), default=20, metavar="S",
           help=f"length of each measurement (default 20); those beside hostile clients begin "
           f"{ARRIVAL_SECONDS} s after the first byte, and that time is measured too")
    option("--rate", type=integer(1, 1_000_000), default=4000, metavar="N",
           help="requests per second that are due (default 4000)")
    option("--deleted", type=integer(1, 100_000_000), default=1_000_000, metavar="N",
           help="deleted records that are scanned (default 1000000)")
    option("--preset", choices=("release", "release-source"), default="release",
           help="the build of Smile that is measured (release-source if it is set up)")
    return parser.parse_args(arguments)


def memory(pid, name):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise servers.ServerError(f"{name} of process {pid} is unknown")


@contextlib.contextmanager
def attacked(kind, count, address, *bare):
    """Hostile clients, until the end of the block. Yields a function that fails if they are not
    all connected."""
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(rounds.GENERATOR_CORE),
         sys.executable, attackers.__file__, kind, address, str(count), *bare],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def check_connected():
        if process.poll() is not None or not select.select([process.stdout], [], [], 0)[0]:
            raise servers.ServerError("the hostile clients are not connected")

    try:
        process.stdout.readline()
        process.stdin.write("begin\n")
        process.stdin.flush()
        yield check_connected
    finally:
        process.kill()
        process.wait()


def make_cold(attack):
    if attack.is_cold and not machine.drop_page_cache():
        raise servers.ServerError("the kernel's page cache cannot be dropped: run this as root, or "
                                  "without `conditions`")


@contextlib.contextmanager
def receiver(attack):
    """A plain receiver on the server's core, until the end of the block. Yields its address."""
    options = ["--keep", str(attack.budget_mib)] if attack.budget_mib else []
    options += ["--send"] if attack.kind == "unread" else []
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(servers.SERVER_CORE),
         sys.executable, plain_receiver.__file__, *options], stdout=subprocess.PIPE, text=True)
    try:
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


class Bench:
    """Measures attacks, each on a new server."""

    def __init__(self, options, directory, binaries):
        self.options = options
        self.directory = directory
        self.binaries = binaries
        self.generator = rounds.Generator(binaries / "smilebench")
        self.measured = {name: Measured() for name in options.attacks}

    def run(self):
        for number in range(1, self.options.rounds + 1):
            for name in self.options.attacks:
                say(f"round {number} of {self.options.rounds}: {name}")
                with tempfile.TemporaryDirectory(dir=self.directory) as place:
                    self.measure(ATTACKS[name], self.measured[name], Path(place))

    def measure(self, attack, measured, place):
        limits = ["--drain-seconds", str(DRAIN_SECONDS)]
        if attack.budget_mib:
            limits += ["--connection-memory-mib", str(attack.budget_mib)]
        if attack.is_cold:
            limits += ["--record-cache-mib", "16", "--block-cache-mib", "16"]
        server = servers.Server(servers.smile_with("smile", "Smile", *limits))
        server.launch(place, self.binaries)
        try:
            self.prepare(attack, server)
            address = server.target.removeprefix("smile://")
            self.load_all(server, attack, measured.alone, self.options.seconds)
            self.measure_control(attack, server, address, measured)
            make_cold(attack)
            Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # resets VmHWM
            before = memory(server.pid, "VmRSS")
            with attacked(attack.kind, attack.count, address) as check_connected:
                self.load_all(server, attack, measured.arriving, ARRIVAL_SECONDS)
                self.load_all(server, attack, measured.beside, self.options.seconds)
                check_connected()
                measured.growth.append(memory(server.pid, "VmHWM") - before)
                begun = time.monotonic()
                server.process.terminate()
                status = server.process.wait(servers.STOP_SECONDS)
                measured.stop.append(time.monotonic() - begun)
            if status != 0:
                raise servers.ServerError(f"smiled ended with {status}")
        finally:
            server.stop()

    def measure_control(self, attack, server, address, measured):
        with contextlib.ExitStack() as stack:
            if not attack.control:
                return
            make_cold(attack)
            if attack.control == "plain":
                plain = stack.enter_context(receiver(attack))
                check = stack.enter_context(attacked(attack.kind, attack.count, plain, "bare"))
            else:
                check = stack.enter_context(attacked(attack.control, attack.count, address))
            self.load_all(server, attack, measured.control_arriving, ARRIVAL_SECONDS)
            self.load_all(server, attack, measured.control, self.options.seconds)
            check()

    def prepare(self, attack, server):
        """Writes what is read, by the hostile clients too."""
        if attack.is_cold:
            self.write_cold(server)
        host, port = server.target.removeprefix("smile://").split(":")
        client = smile.Client(host, int(port))
        for user in attackers.LARGE_USERS:
            client.put(smile.key(smile.USERS, smile.number_key(user), attackers.LARGE),
                       b"v" * attackers.LARGE_BYTES)
        if attack.kind == "walks":
            self.delete_many(client)
        for workload in attack.workloads:
            self.load(server, workload, 2, preloaded=False)
        server.wait_until_quiet()

    def delete_many(self, client):
        partition = smile.number_key(attackers.DELETED_USER)
        for first in range(0, self.options.deleted, BATCH):
            every = range(first, min(first + BATCH, self.options.deleted))
            client.batch(smile.USERS, partition,
                         [("delete", b"%08d" % number, smile.ALWAYS) for number in every])

    def write_cold(self, server):
        run = self.generator.measure(server, ["load", "--users", str(len(attackers.COLD_USERS))],
                                     LOAD_SECONDS)
        if run["status"] != 0:
            raise servers.ServerError(f"{run['command']}: {run['words']}")
        server.wait_until_quiet(LOAD_SECONDS)  # compactions
        server.restart(self.binaries)

    def load_all(self, server, attack, p99s, seconds):
        for workload in attack.workloads:
            p99 = self.load(server, workload, seconds)
            p99s.setdefault(workload, []).append(p99)

    def load(self, server, workload, seconds, preloaded=True):
        """The p99 of another client in us."""
        arguments = ["--workload", workload, "--connections", "1", "--depth", str(IN_FLIGHT),
                     "--keys", str(KEYS), "--rate", str(self.options.rate)]
        arguments += ["--seconds", f"{seconds:g}"] + ["--preloaded"] * preloaded
        run = self.generator.measure(server, arguments, seconds)
        found = troubles(run)
        if found:
            raise servers.ServerError(f"{workload}: {found[0]}")
        return latencies(run["result"])["p99_us"]


def cell(values, scale=1.0, digits=0):
    """The median, and the range of several; a dash if there are none."""
    if not values:
        return "–"
    figure = Figure(tuple(value * scale for value in values))
    text = f"{figure.median:,.{digits}f}"
    if len(figure.values) > 1:
        text += f" ({figure.least:,.{digits}f}-{figure.most:,.{digits}f})"
    return text


def ratio(values, others):
    """In each round."""
    return cell([a / b for a, b in zip(values, others)], digits=2) if others else cell(None)


def table(measured):
    lines = ["| hostile clients | request | p99 alone, µs | while they arrive: control, µs "
             "| smiled, µs | afterwards: control, µs | smiled, µs | to alone | to the control "
             "| growth, MiB | budget, MiB | stop, s |",
             "|---|---|" + "---:|" * 10]
    for name, of in measured.items():
        attack = ATTACKS[name]
        for workload in of.alone:
            alone, control = of.alone[workload], of.control.get(workload)
            beside = of.beside[workload]
            lines.append("| " + " | ".join(
                [attack.title, workload.upper(), cell(alone),
                 cell(of.control_arriving.get(workload)), cell(of.arriving[workload]),
                 cell(control), cell(beside), ratio(beside, alone), ratio(beside, control),
                 cell(of.growth, 1 / MIB), str(attack.budget_mib or "default"),
                 cell(of.stop, digits=1)]) + " |")
    return "\n".join(lines)


def main():
    options = parse(sys.argv[1:])

    def run(directory, binaries):
        bench = Bench(options, directory, binaries)
        bench.run()
        print(table(bench.measured))

    return build_and_run("hostile", options.preset, ["smiled", "smilebench"], run,
                         (servers.ServerError, smile.SmileError, subprocess.TimeoutExpired, OSError))


if __name__ == "__main__":
    sys.exit(main())
