"""What the commands of `./dev bench` have in common: options, words for people, the raw report."""

import argparse
import dataclasses
import datetime
import json
import re
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def names(known):
    def split(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"{name!r} is unknown; choose from {', '.join(known)}")
        return chosen
    return split


def number(pattern, kind, least, most):
    """A converter of plain decimal numbers: not "nan", "inf", "1_000", " 5" or other forms that
    Python takes."""
    def convert(text):
        if not re.fullmatch(pattern, text) or not least <= kind(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return kind(text)
    return convert


def integer(least, most):
    return number("0|[1-9][0-9]*", int, least, most)


def decimal(least, most):
    return number(r"[0-9]+(\.[0-9]+)?", float, least, most)


def add_report_options(parser, name):
    """Which build is measured, and where the report is written; see complete."""
    parser.add_argument("--preset", choices=("release", "release-source"), default="release",
                        help="the build of Smile that is measured (release-source if it is set up)")
    parser.add_argument("--out", type=Path, metavar="DIRECTORY",
                        help=f"directory of the report (default docs/benchmarks/<date>-{name}; with "
                        f"--quick build/{name}-quick)")


def complete(options, name, usual, quick):
    """Sets what was not given: `options.size`, from options of the names of its fields, and
    `options.out`."""
    given = {field.name: value for field in dataclasses.fields(usual)
             if (value := getattr(options, field.name, None)) is not None}
    options.size = dataclasses.replace(quick if options.quick else usual, **given)
    if options.out is None:
        today = datetime.date.today().isoformat()
        options.out = ROOT / (f"build/{name}-quick" if options.quick
                              else f"docs/benchmarks/{today}-{name}")


def say(words):
    print(words, file=sys.stderr, flush=True)


def build_and_run(name, preset, targets, run, errors):
    """The exit status of `./dev bench NAME`: builds the targets, then calls run(directory,
    binaries) with a fresh directory. Of `errors` the message is printed."""
    built = subprocess.run([ROOT / "tools/build.sh", preset, *targets], stdin=subprocess.DEVNULL,
                           check=False)
    if built.returncode != 0:
        return 1
    # SIGTERM ends a run like Ctrl-C: by stopping what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=ROOT / "build") as directory:
            run(Path(directory), ROOT / "build" / preset / "bin")
    except KeyboardInterrupt:
        say(f"bench {name}: interrupted; the server is stopped")
        return 130
    except errors as error:
        say(f"bench {name}: {error}")
        return 1
    return 0


def space_of(directory):
    """Bytes that the files in a directory take on the disk."""
    return sum(taken(path) for path in directory.rglob("*"))


def taken(path):
    """Nothing if it is a folder, or was removed meanwhile."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0
    return status.st_blocks * 512 if stat.S_ISREG(status.st_mode) else 0


def raw_text(raw):
    """JSON with one run per line, so that it is small and can still be searched and compared. The
    path of the project is removed: the commands are relative to it."""
    head = json.dumps({key: value for key, value in raw.items() if key != "runs"}, indent=1,
                      ensure_ascii=False)
    runs = ",\n".join(json.dumps(run, ensure_ascii=False) for run in raw["runs"])
    return f'{head[:-2]},\n "runs": [\n{runs}\n]}}\n'.replace(f"{ROOT}/", "")
