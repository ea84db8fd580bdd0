#!/usr/bin/python3
"""The C++ examples of the installed headers and of the README, compiled and run as they stand.

An example in a header is a run of comment lines that are indented by three spaces. FRAMES says what
surrounds each one in the program that is made of them; an example without a frame fails the test.
"""

import os
import re
import subprocess
import sys
import unittest

from installed_library import InstalledLibraryTest
from process_case import TIMEOUT_SECONDS

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")

START = """
#include <cstdio>
#include <memory>
#include <string>
#include <smile/await.h>
#include <smile/blocking.h>
#include <smile/client.h>
#include <smile/page_token.h>
#include <smile/post_ids.h>

static int shown = 0;
template <class... Values>
void Show(const Values&...) { ++shown; }
static int Fail(const std::string& why) { std::fprintf(stderr, "%s\\n", why.c_str()); return 1; }
static int BadRequest(const std::string& why) { return Fail("bad request: " + why); }
static std::unique_ptr<smile::Client> NewClient() {
  return std::move(smile::Client::Create({.servers = {{"127.0.0.1", 7645}}})).value();
}
"""

# By the place of an example: what comes before it and after it.
FRAMES = {
    "smile/client.h 1": ("int Callback() {", "return 0; }"),
    "smile/blocking.h 1": ("int Blocking() { const auto client = NewClient();",
                           'return record.ok() && record->value == "dark" ? 0 : Fail("record"); }'),
    "smile/post_ids.h 1": ("int Post() { const auto client = NewClient();"
                           " smile::BlockingClient blocking(client.get());",
                           'return blocking.Put(post, "hello").ok() ? 0 : Fail("post"); }'),
    "smile/blocking.h 2": ("int Posts() { const auto client = NewClient();"
                           " smile::BlockingClient blocking(client.get());",
                           'return shown == 1 ? 0 : Fail("posts"); }'),
    "smile/page_token.h 1": ("int Page(const std::string& token, std::string* out) {"
                             " const auto client = NewClient();"
                             " smile::BlockingClient blocking(client.get()); std::string next;",
                             '*out = next; return page.ok() ? 0 : Fail("page"); }'),
    "smile/await.h 1": ("", ""),
    "smile/await.h 2": ("int Coroutine() { const auto client = NewClient();",
                        'return greeted ? 0 : Fail("not greeted"); }'),
    "README.md 1": ("int Readme() {",
                    'return put.met_version() && record.ok() ? 0 : Fail("README"); }'),
}

MAIN = """
int main() {
  std::string next;
  return Callback() + Blocking() + Post() + Posts() + Page("", &next) + Coroutine() + Readme();
}
"""


class Examples(InstalledLibraryTest):
    def examples(self):
        """(place, code) of each."""
        for name, path in sorted(self.headers()):
            with open(path, encoding="utf-8") as file:
                found = re.findall(r"(?:^ *//   .*\n)+", file.read(), re.MULTILINE)
            for number, example in enumerate(found, 1):
                code = re.sub(r"^ *//   ", "", example, flags=re.MULTILINE)
                if ";" in code:  # else it is a table
                    yield "%s %d" % (name, number), code
        with open(README, encoding="utf-8") as file:
            for number, code in enumerate(re.findall(r"```cpp\n(.*?)```", file.read(), re.DOTALL), 1):
                yield "README.md %d" % number, re.sub("#include .*", "", code)

    def test_compile_without_warnings_and_run(self):
        examples = dict(self.examples())
        self.assertEqual(sorted(examples), sorted(FRAMES), "an example without a frame, or reverse")
        _, port = self.serving()
        functions = ["%s\n%s\n%s\n" % (before, examples[place], after)
                     for place, (before, after) in FRAMES.items()]
        program = START + "\n".join(functions) + MAIN
        self.assertGreaterEqual(program.count("7645"), 3)
        source = os.path.join(self.work, "examples.cc")
        with open(source, "w", encoding="utf-8") as file:
            file.write(program.replace("7645", str(port)))
        self.compile(source, "-o", source + ".program")
        done = subprocess.run([source + ".program"], capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
