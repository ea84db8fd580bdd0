#!/usr/bin/python3
"""Checks the sources with a compiler or clang-tidy, in parallel, and skips what passed before.

compile_check.py headers   each header compiles without other headers, but for those of the standard
                           library that most include, which are precompiled. A header that the .cc file
                           of its name includes first is left to a build of that file alone (preset debug)
compile_check.py tidy      clang-tidy with .clang-tidy, on all sources except tests, and their headers

clang-tidy spends nearly all of its time on headers, so the sources of a folder are checked together, as
one source that includes them: their names have to differ, as the build compiles them in groups too.

Files are skipped if neither they, nor the project's files that they include, nor the configuration, nor
the command have changed since they passed; build/checked remembers that.
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

# clang 14 does not announce coroutines in the way that libstdc++ 12 asks for.
FLAGS = ["-std=c++20", f"-I{ROOT}", "-DSPDLOG_COMPILED_LIB", "-DSPDLOG_FMT_EXTERNAL",
         "-D__cpp_impl_coroutine=201902L"]


PRECOMPILED = PASSED / "standard.pch"


def precompile():
    header = PASSED / "standard.h"
    names = "array cstddef cstdint functional map memory mutex optional span string string_view utility vector"
    header.write_text("".join(f"#include <{name}>\n" for name in names.split()))
    subprocess.run(["clang++", *FLAGS, "-x", "c++-header", header, "-o", PRECOMPILED], check=True)


def headers_command(names):
    return ["clang++", "-fsyntax-only", *FLAGS, "-include-pch", str(PRECOMPILED),
            "-include", names[0], "-x", "c++", "/dev/null"]


def source_of(names):
    """A source that includes these."""
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()
    source = PASSED / f"{digest}.cc"
    source.write_text("".join(f'#include "{name}"\n' for name in names))
    return str(source)


def tidy_command(names):
    return ["clang-tidy", "--quiet", f"--header-filter={ROOT}/", source_of(names), "--", *FLAGS]


def base_fingerprint(program):
    """Input of all checks with this program."""
    version = subprocess.run([program, "--version"], capture_output=True, check=True).stdout
    return version + (ROOT / ".clang-tidy").read_bytes()


class Check:
    """A check of groups of files: `command_for` gives the command for one."""

    def __init__(self, tree, command_for):
        self.tree = tree
        self.command_for = command_for
        self.base = base_fingerprint(command_for([""])[0])

    def fingerprint(self, names, command):
        digest = hashlib.sha256(self.base + repr(command).encode())
        for file in sorted(set().union(*(self.tree.closure(name) for name in names))):
            digest.update(f"{file}\0{self.tree.text.get(file, '')}\0".encode())
        return digest.hexdigest()

    def error(self, names):
        """What was said of a group of files that failed; None if it passed."""
        mark = PASSED / self.fingerprint(names, self.command_for(names))
        if mark.exists():
            mark.touch()
            return None
        run = subprocess.run(self.command_for(names), cwd=ROOT, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, check=False)
        if run.returncode != 0:
            return run.stdout or f"exit status {run.returncode}"
        mark.touch()
        return None


def is_first_in_its_source(tree, name):
    text = tree.text.get(name.removesuffix(".h") + ".cc")
    return text is not None and re.search(r"^#include (.*)$", text, re.MULTILINE).group(1) == f'"{name}"'


def main():
    tree = rules.Tree(ROOT)
    PASSED.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "headers":
        precompile()
        groups = [[name] for name in tree.cpp()
                  if name.endswith(".h") and not is_first_in_its_source(tree, name)]
        check = Check(tree, headers_command)
    else:
        folders = {}
        for name in tree.cpp():
            if name.endswith(".cc") and not name.startswith("tests"):
                folders.setdefault(os.path.dirname(name), []).append(name)
        groups = sorted(folders.values(), key=len, reverse=True)  # the longest first
        check = Check(tree, tidy_command)
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for names, error in zip(groups, pool.map(check.error, groups)):
            if error is not None:
                failed += len(names)
                print(f"--- {' '.join(names)}\n{error}", flush=True)
    count = sum(map(len, groups))
    print(f"{sys.argv[1]}: {count - failed} passed, {failed} failed")
    return 1 if failed or not groups else 0


if __name__ == "__main__":
    sys.exit(main())
