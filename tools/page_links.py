"""Links and anchors of pages, and paths of files in pages and comments, checked."""

import posixpath
import re

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
FOLDERS = "base|model|protocol|net|storage|server|client|bench|tests|tools|docs|cmake"
# A path below one of these folders, as pages and comments write it: not part of a longer path, nor
# of an #include, which the compiler looks for.
PATH = re.compile(rf"(?<![\w./-])(?<!#include [\"<])((?:{FOLDERS})/[\w./-]*\w"
                  r"\.(?:h|cc|py|sh|md|cmake|txt))\b(?!/)")


def anchors(text):
    """The anchors that GitHub gives to the headings of a page."""
    found, seen = set(), {}
    for heading in HEADING.findall(FENCED.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def links(pages, exists):
    """Links that lead nowhere, in `pages`, texts by path. exists(path): whether there is a file."""
    for name, text in pages.items():
        if not name.endswith(".md"):
            continue
        for match in LINK.finditer(FENCED.sub(lambda m: "\n" * m.group(0).count("\n"), text)):
            target, _, anchor = match.group(1).partition("#")
            if "://" in target:
                continue
            path = name
            if target:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            where = f"{name}:{line_of(text, match)}"
            if not exists(path):
                yield f"{where}: no file {path}"
            elif anchor and anchor not in anchors(pages.get(path, "")):
                yield f"{where}: no heading #{anchor} in {path}"


# Its trees have files of their own.
MADE_UP = re.compile(r"tests/dev/rules_test\.py$")


def paths(texts, exists):
    """Paths of files that are not there. `texts` are sources and pages by path."""
    for name, text in texts.items():
        if MADE_UP.match(name):
            continue
        for match in PATH.finditer(text):
            if not exists(match.group(1)):
                yield f"{name}:{line_of(text, match)}: no file {match.group(1)}"
