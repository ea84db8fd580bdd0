#!/usr/bin/python3
"""Measures photos and videos in and out of Smile and its peers, and writes a report. This is
`./dev bench media`."""

import argparse
import dataclasses
import datetime
import json
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
import churn  # noqa: E402  (found by the line above)
import kinds  # noqa: E402
import machine  # noqa: E402
import media_report  # noqa: E402
import photos  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402
import streams  # noqa: E402
from command import (  # noqa: E402
    add_report_options, complete, decimal, integer, names, raw_text, say)

PARTS = {part.name: part
         for part in (photos.Photos, streams.Streams, streams.Interference, streams.Dedupe,
                      churn.Churn)}


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything."""

    photos: int = 100_000
    rounds: int = 4
    seconds: float = 5.0  # of each round of reads
    cold: int = 2_000  # photos read after the page cache was dropped
    fills_memory: bool = True  # before each server stores photos
    stream_bytes: int = 1 << 30
    copy_bytes: int = 100 << 20
    copies: int = 1_000
    churn_bytes: int = 4 << 30  # stored each time
    churn_seconds: float = 60.0  # from the deletes on


QUICK = Size(photos=2_000, rounds=2, seconds=1.0, cold=500, fills_memory=False,
             stream_bytes=64 << 20, copy_bytes=4 << 20, copies=10, churn_bytes=128 << 20,
             churn_seconds=10.0)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench media",
        description="Measures photos and large content in and out of Smile and its peers, and "
        "writes report.md and raw.json.",
        epilog="Exit status: 0 measured; 1 a value was wrong or missing, or there was an error; "
        "2 invalid usage; 130 interrupted. What the figures mean: docs/benchmarks/README.md.")
    option = parser.add_argument
    option("--quick", action="store_true", help="little data: a minute; its figures mean little")
    option("--photos", type=integer(10, 10_000_000), metavar="N",
           help=f"photos (default {Size.photos}; with --quick {QUICK.photos})")
    option("--rounds", type=integer(1, 1000), metavar="N",
           help=f"rounds of each load (default {Size.rounds}; with --quick {QUICK.rounds})")
    option("--seconds", type=decimal(0.1, 86400), metavar="SECONDS",
           help=f"length of each round of reads (default {Size.seconds:g}; with --quick "
           f"{QUICK.seconds:g})")
    option("--copies", type=integer(3, 1_000_000), metavar="N",
           help=f"uploads of the same content (default {Size.copies}; with --quick "
           f"{QUICK.copies})")
    option("--servers", type=names(kinds.KINDS), default=list(kinds.KINDS), metavar="NAME,…",
           help=f"only these of {', '.join(kinds.KINDS)}, for photos")
    option("--parts", type=names(PARTS), default=list(PARTS), metavar="NAME,…",
           help=f"only these of {', '.join(PARTS)}")
    option("--add", action="store_true",
           help="add to the report in --out, in place of the same parts of the same servers")
    add_report_options(parser, "media")
    options = parser.parse_args(arguments)
    complete(options, "media", Size(), QUICK)
    return options


def measure(options, directory, binaries):
    """A raw report of this run alone."""
    chosen = [kinds.KINDS[name] for name in options.servers]
    every = [*(chosen if "photos" in options.parts else []),
             *(kinds.STREAM_KINDS if set(options.parts) - {"photos"} else [])]
    described = machine.describe(ROOT, directory, every, binaries)
    raw = {
        "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "commands": [shlex.join(["./dev", "bench", "media", *sys.argv[1:]])],
        "settings": {"quick": options.quick, "connections": photos.CONNECTIONS,
                     **dataclasses.asdict(options.size)},
        "machine": described,
        "servers": servers.describe(every, described["versions"], f"build/{options.preset}/bin"),
        "runs": [], "failures": [],
    }

    def keep(run):
        raw["runs"].append({**run, "commit": described["commit"]})

    def fail(words):
        raw["failures"].append(words)
        say(f"FAILED: {words}")

    for name in options.parts:
        pinned = {} if name == "photos" else {"core": None}
        generator = rounds.Generator(binaries / "smilebench", **pinned)
        part = PARTS[name](generator, directory, binaries, options.size, say, keep, fail)
        try:
            part.run(chosen)
        except servers.ServerError as error:
            fail(f"{name}: {error}")
    return raw


def merge(old, new):
    """A raw report of both runs, in which the later one replaces what it measured again."""
    again = {(run["part"], run["server"]) for run in new["runs"]}
    parts = {part for part, _ in again}
    named = {kind["name"]: kind for kind in [*old["servers"], *new["servers"]]}
    return {**new, "commands": [*old["commands"], *new["commands"]],
            "settings": {**old["settings"], **new["settings"]},
            "servers": list(named.values()),
            "runs": [run for run in old["runs"] if (run["part"], run["server"]) not in again]
            + new["runs"],
            "failures": [words for words in old["failures"]
                         if words.partition(":")[0] not in parts] + new["failures"]}


def enough_space(size):
    """Bytes that a server needs at most, twice in Redis' case while it rewrites its log."""
    return size.photos * photos.MEAN_PHOTO_BYTES * 2 < shutil.disk_usage(ROOT).free


def main():
    options = parse(sys.argv[1:])
    if not enough_space(options.size):
        say(f"bench media: {options.size.photos} photos do not fit on the disk; give fewer with "
            "--photos")
        return 1
    if subprocess.run([ROOT / "tools/peers_setup.sh", options.preset], check=False).returncode != 0:
        return 1
    binaries = ROOT / "build" / options.preset / "bin"
    # SIGTERM ends a run like Ctrl-C: by stopping what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    directory = Path(tempfile.mkdtemp(prefix="media.", dir=ROOT / "build"))
    try:
        raw = measure(options, directory, binaries)
    except KeyboardInterrupt:
        say("bench media: interrupted; all servers are stopped, no report")
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    options.out.mkdir(parents=True, exist_ok=True)
    before = options.out / "raw.json"
    if options.add and before.exists():
        raw = merge(json.loads(before.read_text()), raw)
    before.write_text(raw_text(raw))
    (options.out / "report.md").write_text(media_report.markdown(raw))
    told = media_report.Report(raw)
    print(told.verdict_line())
    print(f"report: {options.out}/report.md and raw.json")
    for words in told.troubles:
        say(f"FAILED: {words}")
    return 1 if told.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
