#!/usr/bin/python3
"""Compares requests about a user with very many links with those about users with ten, on one new
smiled and one connection. This is `./dev bench hubs`."""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "bench/peers"))
sys.path.insert(1, str(ROOT / "tests/interop"))
import servers  # noqa: E402  (found by the lines above)
import smile_client as smile  # noqa: E402
from command import build_and_run, integer, say  # noqa: E402

LINK, LINK_COUNT, LINK_LIST, LINK_CHECK = 30, 32, 33, 34
FRIEND = 1
HUB = 1
FEW = 10  # links of each of the others
NEWEST = 50
FIRST_FEW = 1_000_000_000  # ids of users with few links
FIRST_OTHER = 2_000_000_000  # of those that all are linked to
FIRST_NEW = 3_000_000_000  # of those that they are linked to while it is measured


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench hubs", description="Latencies of a user with many links, and of users with "
        f"{FEW}, in turn, on one connection.",
        epilog="Exit status: 0 measured; 1 there was an error; 2 invalid usage; 130 interrupted.")
    option = parser.add_argument
    option("--links", type=integer(FEW, 100_000_000), default=1_000_000, metavar="N",
           help="links of the hub (default 1000000)")
    option("--users", type=integer(1, 1_000_000), default=2_000, metavar="N",
           help=f"users with {FEW} links (default 2000)")
    option("--requests", type=integer(2, 10_000_000), default=5_000, metavar="N",
           help="requests of each kind about each (default 5000)")
    option("--preset", choices=("release", "release-source"), default="release",
           help="the build of Smile that is measured (release-source if it is set up)")
    return parser.parse_args(arguments)


def load(smilecat, address, options):
    """Links of the hub and of the others, pipelined by smilecat."""
    sources = [(HUB, options.links)]
    sources += [(FIRST_FEW + i, FEW) for i in range(options.users)]
    with tempfile.TemporaryFile("w+") as lines:
        for source, links in sources:
            lines.writelines(f"link {source} {FRIEND} {FIRST_OTHER + i}\n" for i in range(links))
        lines.seek(0)
        subprocess.run([smilecat, "-s", address], stdin=lines, stdout=subprocess.DEVNULL, check=True)


def requests_about(source, links, new):
    """(name, code, body) of one of each request."""
    body = smile.u64(source) + smile.u8(FRIEND)
    member = smile.u64(FIRST_OTHER + random.randrange(links))
    yield "LINK", LINK, body + smile.u64(FIRST_NEW + new) + smile.counted(b"")
    yield "LINK_COUNT", LINK_COUNT, body
    yield f"LINK_LIST, newest {NEWEST}", LINK_LIST, body + smile.u32(NEWEST)
    yield "LINK_CHECK of one", LINK_CHECK, body + smile.u8(1) + member


def measure(client, options):
    """Microseconds by (name, whether of the hub)."""
    taken = {}
    for i in range(options.requests):
        few = FIRST_FEW + random.randrange(options.users)
        for source, links in ((HUB, options.links), (few, FEW)):
            for name, code, body in requests_about(source, links, i):
                begun = time.perf_counter_ns()
                client.call(code, body)
                nanos = time.perf_counter_ns() - begun
                taken.setdefault((name, source == HUB), []).append(nanos / 1000)
    return taken


def table(taken, options):
    lines = [f"| request | {options.links:,} links: p50 | p99 | {FEW} links: p50 | p99 | p50 | p99 |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for name in dict.fromkeys(name for name, _ in taken):
        cells, quantiles = [], []
        for of_hub in (True, False):
            cut = statistics.quantiles(taken[name, of_hub], n=100)
            quantiles.append((cut[49], cut[98]))
            cells += [f"{cut[49]:.0f} µs", f"{cut[98]:.0f} µs"]
        ratios = [f"{hub / few:.2f}" for hub, few in zip(*quantiles)]
        lines.append("| " + " | ".join([name, *cells, *ratios]) + " |")
    return "\n".join(lines)


def run(options, directory, binaries):
    server = servers.Server(servers.KINDS["smile"])
    server.launch(directory, binaries)
    try:
        address = server.target.removeprefix("smile://")
        say(f"writing {options.links:,} links of one user, and {FEW} of {options.users:,} others")
        begun = time.monotonic()
        load(binaries / "smilecat", address, options)
        say(f"written in {time.monotonic() - begun:.0f} s")
        host, port = address.split(":")
        client = smile.Client(host, int(port))
        measure(client, argparse.Namespace(**{**vars(options), "requests": 200}))  # to warm up
        print(table(measure(client, options), options))
    finally:
        server.stop()


def main():
    options = parse(sys.argv[1:])
    return build_and_run(
        "hubs", options.preset, ["smiled", "smilecat"],
        lambda directory, binaries: run(options, directory, binaries),
        (servers.ServerError, smile.SmileError, subprocess.CalledProcessError))


if __name__ == "__main__":
    sys.exit(main())
