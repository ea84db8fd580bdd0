"""Code blocks of Markdown pages, and the comparison of shown output with real output."""

import re

# Languages of fenced blocks. "sh" and "console" are run, "toml" and "ini" are read by the program
# they belong to; "cpp" is compiled by other tests; "hex" and "text" are shown only.
LANGUAGES = {"sh", "console", "toml", "ini", "cpp", "hex", "text"}

FENCE = re.compile(r"(?P<marker><!-- (?P<kind>not run|scene): (?P<note>.+?) -->\n+)?"
                   r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)

# What differs from run to run. A BOUND token stands for one value throughout a page: where it is
# shown again, also in a command, the same value is expected.
BOUND = [
    r"\b3\d{18}\b",  # a version
    r"\b\d{8}T\d{6}Z(?:-\d+)?",  # a directory of salvage/
    r"\b\d{6}\.sst\b",  # a table file
    r"\b(?:9\d{17}|[12]\d{18})\b",  # a media id
]
FREE = [
    r"\b\d+\.\d+ s\b",  # a duration
    r"\b[\d,]+ rows/s",
    r"data is in \S+",
    r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",  # a time
    r"^ +\d+  (?:[0-9a-f]{2} )+ +checksum +[0-9a-f]{8}",  # of a frame with a version in it
    r"^ +\d+  (?:[0-9a-f]{2} )+ +record\.version",
]
# Where damage lies follows from how RocksDB lays out a table file.
FREE_WITH_DAMAGE = [
    r"\(offset \d+, \d+ bytes\)",
    r"\b[\d,]+ (?:records|entries|table files|of its entries)\b",
    r"\bis \d+ bytes instead of \d+",
    r"\bfound \d+ in\b",
    r"\b(?:before|after|to) users/\d+/profile",
]


class Block:
    """A fenced block; `steps` are (command, shown output) of "sh" and "console"."""

    def __init__(self, page, text, match):
        self.page = page
        self.line = text.count("\n", 0, match.start("body"))
        self.where = f"{page}:{self.line}"
        self.language = match["language"]
        self.body = match["body"]
        self.not_run = match["note"] if match["kind"] == "not run" else None
        self.scene = match["note"] if match["kind"] == "scene" else None
        self.steps = []
        if self.language == "sh":
            joined = re.sub(r"\\\n *", "", self.body)
            lines = [line.split(" #")[0].strip() for line in joined.splitlines()]
            self.steps = [(line, None) for line in lines if line and not line.startswith("#")]
        elif self.language == "console":
            parts = re.split(r"^\$ (.*)\n", self.body, flags=re.MULTILINE)
            self.steps = list(zip(parts[1::2], parts[2::2]))


def blocks(page, text):
    return [Block(page, text, match) for match in FENCE.finditer(text)]


# Printed every ten seconds.
PROGRESS = re.compile(r"^[\d,]+ \w+  .*/s\b.*\n", re.MULTILINE)


class Tokens:
    """The values that tokens of a page stand for in this run."""

    def __init__(self):
        self.values = {}

    def command(self, text):
        """The command with the values that its tokens have."""
        for shown, real in self.values.items():
            text = text.replace(shown, real)
        return text

    def matches(self, shown, real, damage=False):
        """Whether output is as shown, but for what is free, the progress that a slow machine prints,
        and a line end at its end. "…" stands for anything within a line, or for any lines."""
        real = PROGRESS.sub("", real)
        free = FREE + (FREE_WITH_DAMAGE if damage else [])
        every = re.compile("|".join([*(f"(?P<b{i}>{p})" for i, p in enumerate(BOUND)),
                                     *(f"(?P<f{i}>{p})" for i, p in enumerate(free)),
                                     r"(?P<lines>^…(?:\n|\Z))", "(?P<any>…)"]), re.MULTILINE)
        pattern, end, names = "", 0, {}
        shown, real = shown.removesuffix("\n"), real.removesuffix("\n")
        for token in every.finditer(shown):
            pattern += re.escape(shown[end:token.start()])
            end = token.end()
            kind, text = token.lastgroup, token.group(0)
            if kind == "lines":
                pattern += r"(?:.*(?:\n|\Z))*?"
            elif kind == "any":
                pattern += ".*"
            elif kind.startswith("f"):
                pattern += free[int(kind[1:])]
            elif text in self.values:
                pattern += re.escape(self.values[text])
            elif text in names:
                pattern += f"(?P={names[text]})"
            else:
                names[text] = f"t{len(names)}"
                pattern += f"(?P<{names[text]}>{BOUND[int(kind[1:])]})"
        pattern += re.escape(shown[end:])
        found = re.compile(pattern, re.MULTILINE).fullmatch(real)
        if found is not None:
            self.values.update({text: found[name] for text, name in names.items()})
        return found is not None
