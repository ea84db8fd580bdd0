#!/usr/bin/python3
"""Compares Smile with its peers on this machine, in one run: starts the servers, loads them round
by round, and writes a report. This is `./dev bench peers`."""

import argparse
import datetime
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
import machine  # noqa: E402  (found beside this file)
import plan  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402
from command import decimal, integer, names, raw_text  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench peers",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Smile, Redis and Tarantool on this machine, in one run, and writes "
        "report.md,\nreport.html (start with this one) and raw.json. Servers run pinned to core 0, "
        "the load generator\nto core 1; rounds of all servers alternate; every value that is read "
        "is verified.",
        epilog="Exit status: 0 measured; 1 a value was wrong or missing, or there was an error; "
        "2 invalid\nusage; 130 interrupted. What the figures mean: docs/benchmarks/README.md.")
    option = parser.add_argument
    option("--rounds", type=integer(1, 1000), metavar="N",
           help="rounds of each load (default 5)")
    option("--seconds", type=decimal(0.1, 86400), metavar="SECONDS",
           help="length of each load in a round (default 3)")
    option("--quick", action="store_true",
           help="a smoke test of everything with little data, one round of 0.3 s; its figures "
           "mean nothing")
    option("--servers", type=names((*servers.KINDS, *servers.VALKEY_NAMES)), metavar="NAME,…",
           help=f"only these of {', '.join(servers.KINDS)}; with --valkey also "
           f"{', '.join(servers.VALKEY_NAMES)} (all of them)")
    option("--valkey", type=Path, metavar="PATH/valkey-server",
           help="a Valkey that you built; it is started and stopped like the other servers, with "
           "the io-threads that its makers recommend for the cores it has")
    option("--workloads", type=names(plan.WORKLOADS), default=list(plan.WORKLOADS),
           metavar="NAME,…", help=f"only these of {', '.join(plan.WORKLOADS)}")
    option("--preset", choices=("release", "release-source"), default="release",
           help="the build of Smile that is measured (release-source if it is set up)")
    option("--address", action="append", default=[], metavar="redis://HOST:PORT",
           help="a server that you started yourself, such as Kvrocks; may be repeated. "
           "Records are WRITTEN to it")
    option("--pid", action="append", default=[], type=integer(1, 2**31 - 1), metavar="PID",
           help="process of the --address in the same position, to measure its CPU")
    option("--out", type=Path, metavar="DIRECTORY",
           help="directory of the report (default docs/benchmarks/<date>; with --quick "
           "build/peers-quick)")
    options = parser.parse_args(arguments)
    for address in options.address:
        if address.split("://")[0] not in ("redis", "tarantool", "smile"):
            parser.error(f"--address {address}: unknown scheme; give redis://, tarantool:// or "
                         "smile://")
    if len(options.pid) > len(options.address):
        parser.error("--pid: more of them than --address; give at most one per --address")
    choose_servers(parser, options)
    if options.rounds is None:
        options.rounds = 1 if options.quick else 5
    if options.seconds is None:
        options.seconds = 0.3 if options.quick else 3.0
    if options.out is None:
        options.out = (ROOT / "build/peers-quick" if options.quick else
                       ROOT / "docs/benchmarks" / datetime.date.today().isoformat())
    return options


def choose_servers(parser, options):
    """Turns the names in options.servers into kinds of servers."""
    known = dict(servers.KINDS)
    if options.valkey is not None:
        if not os.access(options.valkey, os.X_OK):
            parser.error(f"--valkey {options.valkey}: no such program; give the path of "
                         "valkey-server")
        known |= servers.valkey_kinds(options.valkey.resolve())
    missing = [name for name in options.servers or [] if name not in known]
    if missing:
        parser.error(f"--servers {','.join(missing)} needs --valkey PATH/valkey-server")
    options.servers = [known[name] for name in options.servers or known]


def command_words(options):
    """The command line, without the directory of Valkey on this machine."""
    words = shlex.join(["./dev", "bench", "peers", *sys.argv[1:]])
    return words if options.valkey is None else words.replace(str(options.valkey),
                                                              options.valkey.name)


def run_all(options, directory, binaries, generator):
    kinds = options.servers + [servers.address_kind(address) for address in options.address]
    make_size = plan.quick_size if options.quick else plan.Size
    size = make_size(options.rounds, options.seconds)
    stages = plan.make_plan(kinds, size, options.workloads)
    progress = rounds.Progress(stages, options.rounds)
    progress.say(f"{progress.total} measurements in about {progress.estimate / 60:.0f} minutes; "
                 "Ctrl-C stops all servers and discards the results")
    every = list(dict.fromkeys(kind for stage in stages for kind in stage.kinds))
    described = machine.describe(ROOT, directory, every, binaries)
    runner = rounds.Rounds(rounds.Generator(generator), directory, binaries, options.rounds,
                           progress)
    pids = dict(zip(options.address, options.pid))
    for stage in stages:
        runner.run_stage(stage, pids)
    return {
        "made": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": command_words(options),
        "settings": {"rounds": options.rounds, "seconds": options.seconds,
                     "quick": options.quick},
        "machine": described,
        "servers": servers.describe(every, described["versions"],
                                    f"build/{options.preset}/bin"),
        "stages": [{"name": stage.name, "title": stage.title, "words": stage.words}
                   for stage in stages],
        "runs": runner.runs,
        "failures": runner.failures,
    }


def write(raw, out):
    out.mkdir(parents=True, exist_ok=True)
    (out / "raw.json").write_text(raw_text(raw))
    (out / "report.md").write_text(report.markdown(raw))
    import plots  # needs matplotlib: if that fails, the other files are there
    (out / "report.html").write_text(plots.html(raw))


def main():
    options = parse(sys.argv[1:])
    if subprocess.run([ROOT / "tools/peers_setup.sh", options.preset], check=False).returncode != 0:
        return 1
    binaries = ROOT / "build" / options.preset / "bin"
    # SIGTERM ends a run like Ctrl-C: by stopping what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    directory = Path(tempfile.mkdtemp(prefix="peers.", dir=ROOT / "build"))
    try:
        raw = run_all(options, directory, binaries, binaries / "smilebench")
    except KeyboardInterrupt:
        print("bench peers: interrupted; all servers are stopped, no report", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    write(raw, options.out)
    told = report.Report(raw)
    print(told.verdict_line())
    print(f"report: {options.out}/report.md, report.html and raw.json")
    for words in told.troubles:
        print(f"FAILED: {words}", file=sys.stderr)
    return 1 if told.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
