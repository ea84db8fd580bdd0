#!/usr/bin/python3
"""Checks each file with a compiler or clang-tidy, in parallel, and skips files that passed before.

compile_check.py headers   each header compiles without other headers. A header that the .cc file of its
                           name includes first is left to the check of that file
compile_check.py tidy      clang-tidy with .clang-tidy, on all sources except tests

A file is skipped if neither it, nor the project's files that it includes, nor the configuration, nor
the command have changed since it passed; build/checked remembers that.
"""

import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rules

ROOT = Path(__file__).resolve().parent.parent
PASSED = ROOT / "build" / "checked"

FLAGS = ["-std=c++20", "-I.", "-DSPDLOG_COMPILED_LIB", "-DSPDLOG_FMT_EXTERNAL"]
# clang 14 does not announce coroutines in the way that libstdc++ 12 asks for.
CLANG_FLAGS = [*FLAGS, "-D__cpp_impl_coroutine=201902L"]


def headers_command(name):
    return ["g++", "-fsyntax-only", *FLAGS, "-include", name, "-x", "c++", "/dev/null"]


def tidy_command(name):
    return ["clang-tidy", "--quiet", f"--header-filter={ROOT}/", name, "--", *CLANG_FLAGS]


def base_fingerprint(program):
    """Input of all checks with this program."""
    version = subprocess.run([program, "--version"], capture_output=True, check=True).stdout
    return version + (ROOT / ".clang-tidy").read_bytes()


def fingerprint(tree, name, command, base):
    digest = hashlib.sha256(base + repr(command).encode())
    for file in sorted(tree.closure(name)):
        digest.update(f"{file}\0{tree.text.get(file, '')}\0".encode())
    return digest.hexdigest()


def check(tree, name, command, base):
    """The errors; empty if the file passes."""
    mark = PASSED / fingerprint(tree, name, command, base)
    if mark.exists():
        mark.touch()
        return ""
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         stdin=subprocess.DEVNULL, text=True, check=False)
    if run.returncode == 0:
        mark.touch()
        return ""
    return run.stdout or f"exit status {run.returncode}"


def is_first_in_its_source(tree, name):
    """Whether clang-tidy compiles this header before anything else."""
    source = name.removesuffix(".h") + ".cc"
    text = tree.text.get(source)
    if text is None or source.startswith("tests"):
        return False
    return re.search(r"^#include (.*)$", text, re.MULTILINE).group(1) == f'"{name}"'


def main():
    what = sys.argv[1]
    tree = rules.Tree(ROOT)
    if what == "headers":
        names = [name for name in tree.cpp() if name.endswith(".h") and not is_first_in_its_source(tree, name)]
        command_for = headers_command
    else:
        names = [name for name in tree.cpp() if name.endswith(".cc") and not name.startswith("tests")]
        command_for = tidy_command
    PASSED.mkdir(parents=True, exist_ok=True)
    base = base_fingerprint(command_for("")[0])
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(name, pool.submit(check, tree, name, command_for(name), base))
                for name in names]
        for name, job in jobs:
            if errors := job.result():
                failed += 1
                print(f"--- {name}\n{errors}", flush=True)
    print(f"{what}: {len(names) - failed} passed, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
