#!/usr/bin/python3
"""The reference of libsmile: build/reference/html, by Doxygen. Any warning fails, among them that a
public member has no comment.

The headers have plain comments, and tables that describe operations, fields and codes. Doxygen reads
copies whose comments are marked for it ("///") and that say as comments what the tables say. Lines
stay where they are, so warnings name those of the headers.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A comment after code. The others are for the linter, or name what a brace or #endif ends.
TRAILING = re.compile(r"^(?! *(?:}|#|//))(.*\S +)// (?!NOLINT)(.*)$")
WHOLE_LINE = re.compile(r"^( *)//")
EXAMPLE = re.compile(r"^( *)//(?=   )")

STRING = r'"(?:[^"\\]|\\.)*"'
FIELD = re.compile(rf"Field<&(\w+)::(\w+)>\{{\s*{STRING},\s*((?:{STRING}\s*)+)")
OPERATION = re.compile(rf"OperationInfo kInfo\{{\s*\d+, ({STRING}),\s*({STRING})")
CODE = re.compile(rf"CodeInfo\{{Code::(\w+), {STRING}, ErrorClass::(\w+),\s*({STRING})")

# The tables of fields and operations themselves are no part of the contract.
TABLE = re.compile(r"^( *)static constexpr (?:OperationInfo kInfo\{[^}]*\};"
                   r"|auto Fields\(\) \{(?:.*\}|\n(?:.*\n)*?\1\}))$", re.MULTILINE)

# Functions whose contract is that of the language.
LANGUAGE = [(re.compile(r"^( *)(?=.*\boperator(?:==|<=>)\()"), "Compares the members in order."),
            (re.compile(r"^( *)(?=.*\bawait_(?:ready|suspend|resume)\()"), "For co_await.")]


def sentence(literals):
    """The text of adjacent string literals, as a sentence."""
    text = "".join(literal[1:-1] for literal in re.findall(STRING, literals)).replace('\\"', '"')
    return text[0].upper() + text[1:] + "."


class Comments:
    """Comments for lines of a header, by the line's number from 0."""

    def __init__(self, text):
        self.text = text
        self.lines = text.splitlines()
        self.before = {}
        self.after = {}
        self.add_fields()
        self.add_operations()
        self.add_codes()

    def line_at(self, position):
        return self.text.count("\n", 0, position)

    def add_after(self, declaration, start, comment):
        """To the first line from the position `start` that matches, unless it has one."""
        for number in range(self.line_at(start), len(self.lines)):
            if re.match(declaration, self.lines[number]):
                if "//" not in self.lines[number]:
                    self.after[number] = comment
                return
        raise ValueError(f"no line matches {declaration}")

    def add_fields(self):
        for field in FIELD.finditer(self.text):
            owner, member, summary = field.groups()
            start = self.text.rindex(f"struct {owner} {{", 0, field.start())
            self.add_after(rf" *[\w:<>]+ {member}( = .*)?;", start, sentence(summary))

    def add_operations(self):
        for operation in OPERATION.finditer(self.text):
            name, summary = map(sentence, operation.groups())
            start = self.text.rindex("struct ", 0, operation.start())
            self.before[self.line_at(start)] = f"{name[:-1].upper()}: {summary}"
            for message in "Request", "Response":
                start = self.text.index(f"  struct {message} {{", operation.end())
                self.before[self.line_at(start)] = f"The fields of the {message.lower()}."

    def add_codes(self):
        for code in CODE.finditer(self.text):
            name, error_class, summary = code.groups()
            self.add_after(rf" *{name} = \d+,", self.text.index("enum class Code "),
                           f"{sentence(summary)} ErrorClass::{error_class}.")


def for_doxygen(text):
    """The text of a header with its comments marked for Doxygen, and with those of its tables."""
    comments = Comments(text)
    lines = TABLE.sub(lambda table: "\n" * table[0].count("\n"), text).splitlines()
    for number, line in enumerate(lines):
        line = TRAILING.sub(r"\1///< \2", line)
        line = EXAMPLE.sub(r"\1//  ", line)  # in Markdown, code is indented by four
        line = WHOLE_LINE.sub(r"\1///", line)
        for declaration, comment in LANGUAGE:
            line = declaration.sub(rf"\1/** {comment} */ ", line)
        if number in comments.before:
            line = re.sub(r"^( *)", rf"\1/** {comments.before[number]} */ ", line)
        if number in comments.after:
            line += f"  ///< {comments.after[number]}"
        # The comment before it is about the file.
        lines[number] = r"/// \file" if line == "#pragma once" else line
    return "\n".join(lines) + "\n"


def make(root):
    """Makes the reference of the headers below `root`. The warnings, empty if there are none."""
    work = root / "build" / "reference"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run(["cmake", f"-Dsource_dir={root}", f"-Dstaging_dir={work}/headers", "-P",
                    root / "cmake" / "InstallHeaders.cmake"], check=True)
    for path in (work / "headers" / "smile").glob("*.h"):
        path.write_text(for_doxygen(path.read_text()))
    done = subprocess.run(["doxygen", root / "docs" / "Doxyfile"], cwd=work, capture_output=True,
                          text=True)
    warnings = done.stderr.replace(f"{work}/headers/", "")
    if done.returncode != 0 and not warnings:
        warnings = f"doxygen exited with status {done.returncode}\n"
    return warnings


def main():
    warnings = make(ROOT)
    print(warnings, end="")
    failed = len(warnings.splitlines())
    print(f"reference: {failed} warnings" if failed else "reference: build/reference/html/index.html")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
