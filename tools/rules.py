#!/usr/bin/python3
"""The project rules, checked: which folder may include and link which, what only one place may
include, no cycles, the length of files and functions, words that stand for unfinished work, printing
that throws, using declarations that nothing uses, lists inside of co_await, words that the glossary
replaces, links and paths that lead nowhere, names of Python modules that do not exist.

rules.py [ROOT]: prints one line per violation, then one per rule; exit status 1 if there are any.
"""

import re
import subprocess
import sys
from pathlib import Path

import glossary
import page_links
import python_names

# What each folder may include besides itself, as in docs/ARCHITECTURE.md.
BELOW = {
    "base": set(),
    "model": {"base"},
    "protocol": {"base", "model"},
    "net": {"base"},
    "storage": {"base", "model"},
    "client": {"base", "model", "protocol", "net"},
    "service": {"base", "model", "storage"},
    "server": {"base", "model", "protocol", "net", "storage", "service"},
    "bench": {"base", "model", "protocol", "net", "storage", "client", "service", "server"},
    "tests": {"base", "model", "protocol", "net", "storage", "client", "service", "server",
              "bench"},
}

# What only some files may include, directly or indirectly.
ONLY = [
    (r"rocksdb/", r"storage/rocks/|server/main\.cc$|tests/|bench/",
     "only storage/rocks/ knows RocksDB, and smilebench, which measures it"),
    (r"(hiredis/|msgpack)", r"bench/(smilebench|network)/|tests/bench/",
     "only smilebench speaks the protocols of other servers"),
    (r"(mariadb/|mysql)", r"bench/linkbench/",
     "only smilebench speaks the protocols of other servers"),
    (r"uv\.h$", r"net/|tests/net/", "only net/ knows libuv"),
    (r"openssl/", r"base/sha256\.cc$", "only base/sha256.cc knows OpenSSL"),
    (r"xxhash\.h$", r"base/hash\.cc$", "only base/hash.cc knows xxHash"),
    (r"storage/rocks/", r"storage/|server/main\.cc$|tests/|bench/",
     "only server/main.cc names a concrete engine"),
    (r"storage/memory_(engine|content_store)", r"storage/|server/main\.cc$|tests/|bench/",
     "only server/main.cc names a concrete engine"),
    (r"storage/content/", r"storage/content/|server/main\.cc$|tests/|bench/",
     "only server/main.cc names a concrete content store"),
]

# What only one library may link; tests and bench are exempt.
ONLY_LINKED_BY = {"RocksDB": "storage", "libuv": "net", "xxhash": "base", "libcrypto": "base"}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# Spelled so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|GTEST" r"_SKIP|DISABLED" r"_\w*)\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)


class Tree:
    """The sources and pages under a root, and what each source includes."""

    def __init__(self, root):
        self.root = Path(root)
        self.text = {}
        for folder in [*BELOW, "tools", "cmake"]:
            for path in sorted((self.root / folder).rglob("*")):
                known = path.suffix in {".h", ".cc", ".py", ".sh"} or path.name == "CMakeLists.txt"
                if known and path.is_file():
                    self.text[str(path.relative_to(self.root))] = path.read_text()
        pages = [*self.root.glob("*.md"), *(self.root / "docs").rglob("*.md"),
                 *(self.root / "storage").glob("*.md"), *self.root.glob("dev")]
        self.pages = {str(path.relative_to(self.root)): path.read_text() for path in sorted(pages)}

    def cpp(self):
        return {name: text for name, text in self.text.items() if name.endswith((".h", ".cc"))}

    def includes(self, name):
        return [match.group(2) for match in INCLUDE.finditer(self.text[name])]

    def closure(self, name):
        """The file and all that it includes, directly or not."""
        seen, waiting = set(), [name]
        while waiting:
            file = waiting.pop()
            if file not in seen:
                seen.add(file)
                waiting.extend(self.includes(file) if file in self.text else [])
        return seen


def folder_of(path):
    return path.split("/")[0] if "/" in path else ""


def layers(tree):
    for name in tree.cpp():
        folder = folder_of(name)
        for included in tree.includes(name):
            other = folder_of(included)
            if other in BELOW and other != folder and other not in BELOW.get(folder, BELOW):
                yield f"{name}: {folder}/ may not include {included}"


def private_libraries(tree):
    for name in tree.cpp():
        for included in sorted(tree.closure(name) - {name}):
            for what, where, words in ONLY:
                if re.match(what, included) and not re.match(where, name):
                    yield f"{name}: includes {included}: {words}"


def cycles(tree):
    done, trail = set(), []

    def visit(name):
        if name in trail:
            yield "a cycle: " + " -> ".join([*trail[trail.index(name):], name])
            return
        if name in done:
            return
        done.add(name)
        trail.append(name)
        for included in tree.includes(name):
            if included in tree.text:
                yield from visit(included)
        trail.pop()

    for name in tree.cpp():
        yield from visit(name)


def links(tree):
    calls = re.compile(r"\b(smile_library|target_link_libraries)\s*\(([^)]*)\)")
    for name, text in tree.text.items():
        folder = folder_of(name)
        if not name.endswith("CMakeLists.txt") or folder in {"tests", "bench", "tools"}:
            continue
        for _, arguments in calls.findall(text):
            for word in arguments.split()[1:]:
                library = word.removeprefix("smile_") if word.startswith("smile_") else ""
                if library in BELOW and library != folder and library not in BELOW[folder]:
                    yield f"{name}: {folder}/ may not link {word}"
                for what, owner in ONLY_LINKED_BY.items():
                    if what in word and folder != owner:
                        yield f"{name}: only {owner}/ links {word}"


def file_length(tree):
    for name, text in tree.text.items():
        lines = text.count("\n")
        if lines > MAX_FILE_LINES:
            yield f"{name}: {lines} lines; maximum {MAX_FILE_LINES}"


def function_length(tree):
    files = [name for name in tree.text if not name.endswith("CMakeLists.txt")]
    command = ["ctags", "--languages=C++,Python", "--langmap=C++:+.h", "--kinds-C++=f",
               "--kinds-Python=fm", "--fields=+ne", "-x",
               "--_xformat=%F\t%N\t%n\t%{end}", "-L", "-"]
    tags = subprocess.run(command, cwd=tree.root, input="\n".join(files), capture_output=True,
                          text=True, check=True).stdout
    for tag in tags.splitlines():
        name, function, first, last = tag.split("\t")
        lines = int(last) - int(first) + 1 if last.isdigit() else 0
        if lines > MAX_FUNCTION_LINES:
            yield f"{name}:{first}: {function} has {lines} lines; maximum {MAX_FUNCTION_LINES}"


def finished(tree):
    for name, text in tree.text.items():
        for number, line in enumerate(text.splitlines(), 1):
            if match := UNFINISHED.search(line):
                yield f"{name}:{number}: {match.group(0)}"


def printing(tree):
    for name, text in tree.cpp().items():
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\bfmt::v?print(ln)?\(", line):
                yield f"{name}:{number}: throws if it cannot write: use base/print.h"


def usings(tree):
    for name, text in tree.cpp().items():
        for found in re.finditer(r"^using [\w:]+::(\w+);", text, re.MULTILINE):
            used = found.group(1)
            if len(re.findall(rf"\b{used}\b", text)) == 1:
                number = text.count("\n", 0, found.start()) + 1
                yield f"{name}:{number}: {used} is not used: remove the using declaration"


# GCC 12 destroys a temporary twice that is written as a list inside of co_await.
AWAITED_LIST = re.compile(r"\bco_await\b[^;]*?[(,]\s*[\w:]*\{\s*\.\w")


def awaits(tree):
    for name, text in tree.cpp().items():
        if not name.startswith(("base/", "storage/", "service/", "server/")):
            continue
        for found in AWAITED_LIST.finditer(text):
            number = text.count("\n", 0, found.start()) + 1
            yield (f"{name}:{number}: a list inside of co_await, which GCC 12 destroys twice: put it "
                   "into a variable")


def terms(tree):
    yield from glossary.violations({**tree.text, **tree.pages})


def references(tree):
    def exists(path):
        return (tree.root / path).exists()

    yield from page_links.links(tree.pages, exists)
    yield from page_links.paths({**tree.text, **tree.pages}, exists)


def names(tree):
    yield from python_names.missing(tree.text)


RULES = [layers, private_libraries, cycles, links, file_length, function_length, finished, printing,
         usings, awaits, terms, references, names]


def main():
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    broken = 0
    for rule in RULES:
        violations = list(rule(tree))
        broken += bool(violations)
        for violation in violations:
            print(f"  {violation}")
        print(f"{rule.__name__.replace('_', ' ')}: {'broken' if violations else 'ok'}")
    if not tree.cpp():
        print("no sources found")
        broken += 1
    print(f"rules: {len(RULES) - broken} passed, {broken} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
