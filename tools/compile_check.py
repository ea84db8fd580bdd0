#!/usr/bin/python3
"""Checks the sources with a compiler or clang-tidy, in parallel, and skips what passed before.

compile_check.py headers   each header compiles without other headers. A header that the .cc file of its
                           name includes first is left to the build of that file
compile_check.py tidy      clang-tidy with .clang-tidy, on all sources except tests, and their headers

clang-tidy spends nearly all of its time on headers, so the sources of a folder are checked together, as
one source that includes them. What does not compile there (because two have a constant of one name, say)
is checked in a second source, and so on.

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

FLAGS = ["-std=c++20", f"-I{ROOT}", "-DSPDLOG_COMPILED_LIB", "-DSPDLOG_FMT_EXTERNAL"]
# clang 14 does not announce coroutines in the way that libstdc++ 12 asks for.
CLANG_FLAGS = [*FLAGS, "-D__cpp_impl_coroutine=201902L"]


def headers_command(names):
    return ["g++", "-fsyntax-only", *FLAGS, "-include", names[0], "-x", "c++", "/dev/null"]


def source_of(names):
    """A source that includes these."""
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()
    source = PASSED / f"{digest}.cc"
    source.write_text("".join(f'#include "{name}"\n' for name in names))
    return str(source)


def tidy_command(names):
    return ["clang-tidy", "--quiet", f"--header-filter={ROOT}/", source_of(names), "--", *CLANG_FLAGS]


def with_errors(names):
    """Those of the sources in which there are errors if all are compiled as one."""
    command = ["clang++", "-fsyntax-only", "-w", "-ferror-limit=0", *CLANG_FLAGS, source_of(names)]
    run = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         check=False)
    places = re.findall(rf"^{ROOT}/(.*?):\d+:\d+: (?:fatal )?error: ", run.stderr, re.MULTILINE)
    return set(names).intersection(places)


def compiling_together(names):
    """The sources in groups that compile as one, and those that do not even compile alone."""
    while names:
        group = names
        while len(group) > 1 and (wrong := with_errors(group)):
            group = [name for name in group if name not in wrong] or group[:1]
        yield group
        names = [name for name in names if name not in group]


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

    def errors(self, names):
        """For each group that failed: its names, and what was said of them."""
        mark = PASSED / self.fingerprint(names, self.command_for(names))
        if mark.exists():
            mark.touch()
            return []
        errors = []
        for group in compiling_together(names):
            run = subprocess.run(self.command_for(group), cwd=ROOT, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, check=False)
            if run.returncode != 0:
                errors.append((group, run.stdout or f"exit status {run.returncode}"))
        if not errors:
            mark.touch()
        return errors


def is_first_in_its_source(tree, name):
    """Whether the build compiles this header before anything else (GCC: without precompiled headers)."""
    source = name.removesuffix(".h") + ".cc"
    text = tree.text.get(source)
    if text is None or source.startswith("tests"):
        return False
    return re.search(r"^#include (.*)$", text, re.MULTILINE).group(1) == f'"{name}"'


def main():
    tree = rules.Tree(ROOT)
    PASSED.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "headers":
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
        for errors in pool.map(check.errors, groups):
            for names, text in errors:
                failed += len(names)
                print(f"--- {' '.join(names)}\n{text}", flush=True)
    count = sum(map(len, groups))
    print(f"{sys.argv[1]}: {count - failed} passed, {failed} failed")
    return 1 if failed or not groups else 0


if __name__ == "__main__":
    sys.exit(main())
