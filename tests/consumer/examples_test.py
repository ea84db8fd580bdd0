#!/usr/bin/python3
"""The C++ examples of the installed headers, of the README and of examples/, compiled and run as they
stand.

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
#include <smile/download.h>
#include <smile/page_token.h>
#include <smile/post_ids.h>
#include <smile/upload.h>
#include <smile/watch_reader.h>

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
    "smile/upload.h 1": ("smile::Task<uint64_t> PutFilm(smile::Client* client, int descriptor) {",
                         "co_return stored.ok() ? stored->media : 0; }"),
    "smile/download.h 1": ("smile::Task<bool> GetFilm(smile::Client* client, uint64_t id,"
                           " int descriptor) {",
                           "co_return got.ok(); }"),
    "smile/watch_reader.h 1": ("int WatchAUser() { const auto client = NewClient();"
                               " const smile::Bytes user = smile::PartitionOf(42);"
                               " const smile::PartitionView partition{smile::Table::kUsers, user};",
                               "return 0; }"),
    "README.md 1": ("int Readme() {",
                    'return put.met_version() && record.ok() ? 0 : Fail("README"); }'),
}

MAIN = """
static int Film() {
  const auto client = NewClient();
  std::FILE* const file = std::tmpfile();
  std::fputs("a film", file);
  std::rewind(file);
  const uint64_t id = PutFilm(client.get(), fileno(file)).Wait();
  return id != 0 && GetFilm(client.get(), id, fileno(file)).Wait() ? 0 : Fail("film");
}
int main() {
  std::string next;
  return Callback() + Blocking() + Post() + Posts() + Page("", &next) + Coroutine() + Film() +
         WatchAUser() + Readme();
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


BACKEND = os.path.join(os.path.dirname(README), "examples", "backend")


class Backend(InstalledLibraryTest):
    """examples/backend: people who register, befriend, post with a photo, read a feed, hear of each
    other and leave."""

    def setUp(self):
        super().setUp()
        self.program = os.path.join(self.work, "backend")
        if not os.path.exists(self.program):
            sources = [os.path.join(BACKEND, name + ".cc")
                       for name in ("main", "network", "notifications")]
            self.compile(*sources, "-o", self.program)
        _, port = self.serving()
        self.address = "127.0.0.1:%d" % port

    def lines(self, *commands):
        """What the program prints."""
        done = subprocess.run([self.program, self.address], input="\n".join(commands).encode(),
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode().splitlines()

    def test_people_meet_post_and_leave(self):
        photo = os.path.join(self.work, "cat.jpg")
        with open(photo, "wb") as file:
            file.write(os.urandom(100_000))
        lines = self.lines("register ada secret", "register bob hidden", "befriend ada bob",
                           "post ada hello", "photo ada %s my cat" % photo, "feed bob", "feed ada")
        self.assertEqual(lines[:2], ["welcome, ada: 0 friends", "welcome, bob: 0 friends"])
        self.assertRegex(lines[2], r"^ada: my cat \[photo [0-9]+\]$")
        self.assertEqual(lines[3:], ["ada: hello"], "nobody posted for ada")

        copy = os.path.join(self.work, "copy.jpg")
        number = re.search("[0-9]+", lines[2])[0]
        self.assertEqual(
            self.lines("login ada secret", "login bob hidden", "save ada %s %s" % (number, copy),
                       "leave ada", "feed bob", "login ada secret", "login bob hidden"),
            ["welcome, ada: 1 friends", "welcome, bob: 1 friends",
             "not_found: there is no such login, or the password is wrong",
             "welcome, bob: 0 friends"])
        with open(photo, "rb") as one, open(copy, "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_what_happens_to_people_is_told_at_once(self):
        self.assertEqual(
            self.lines("register cy secret", "register di hidden", "like di cy", "befriend di cy",
                       "like di cy", "news cy", "news cy", "news cy", "news di"),
            ["welcome, cy: 0 friends", "welcome, di: 0 friends", "1 likes", "di is a friend now",
             "2 likes", "cy is a friend now"])

    def test_mistakes_are_told(self):
        self.assertEqual(
            self.lines("", "register ada secret", "register ada other", "login ada wrong",
                       "post bob hello", "shout ada hello", "photo ada /nonexistent text"),
            ["welcome, ada: 0 friends", "condition_failed: the login is taken",
             "not_found: there is no such login, or the password is wrong",
             'invalid: "bob" is not logged in here',
             'invalid: unknown command "shout"; help lists them',
             "invalid: /nonexistent: No such file or directory"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
