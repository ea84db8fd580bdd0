#!/usr/bin/python3
"""Words that docs/GLOSSARY.md replaces by a term, found in sources and pages.

glossary.py [PREFIX...]: prints what is found in the files whose paths begin so (default: all);
exit status 1 if anything is. tools/rules.py does the same as one of its rules.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "GLOSSARY.md"

# The page lists the words themselves; reports of measurements are records.
NEVER = re.compile(r"docs/GLOSSARY\.md$|docs/benchmarks/\d|tests/dev/rules_test\.py$")

# A space of a pattern matches this: also the end of a line of a comment or of a string literal.
GAP = r'(?:[ \t]+|[ \t]*"?[ \t]*\n[ \t]*(?://+|#|"|\*)?[ \t]*)'

ROW = re.compile(r"^\| `(?P<pattern>.+)` \| (?P<term>.+) \|$", re.MULTILINE)


def replacements(page):
    """[(compiled pattern, what to write)] of the last table of the page."""
    table = page.partition("## Words not to use")[2]
    return [(re.compile(row["pattern"].replace(r"\|", "|").replace(" ", GAP), re.IGNORECASE),
             row["term"]) for row in ROW.finditer(table)]


def search(name, text, patterns):
    """One line for each word that is found."""
    found = []
    for pattern, term in patterns:
        for match in pattern.finditer(text):
            words = " ".join(re.sub(r"[\"\n#*/]", " ", match.group(0)).split())
            found.append((text.count("\n", 0, match.start()) + 1, words, term))
    for line, words, term in sorted(found):
        yield f'{name}:{line}: "{words}": write {term} (docs/GLOSSARY.md)'


def violations(texts):
    """What is found in texts, a dictionary of contents by path."""
    patterns = replacements(PAGE.read_text())
    for name, text in sorted(texts.items()):
        if not NEVER.search(name):
            yield from search(name, text, patterns)


def main():
    import rules
    tree = rules.Tree(ROOT)
    chosen = tuple(sys.argv[1:])
    texts = {name: text for name, text in {**tree.text, **tree.pages}.items()
             if name.startswith(chosen or "")}
    found = list(violations(texts))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(texts)} files, {len(found)} words to replace")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
