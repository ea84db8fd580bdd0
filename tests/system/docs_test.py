"""The commands in the README and the other pages are run, and print what the pages show.

Each page has a shell, a fresh directory and a server of its own. A block that cannot be run has a
comment above it, <!-- not run: REASON -->; one that needs a state of the data that the commands before
it do not make has <!-- scene: NAME -->. doc_pages.py says what may differ from run to run.

Usage: docs_test.py SMILECAT SMILED SMILEBENCH ROOT DATA_DIRECTORY [--update | TEST...]
--update puts the real output into the pages, where it is not as shown. Read the difference.
The blocks with the scene "data set" need DATA_DIRECTORY, or what the environment variable
SMILE_DATA_DIR names; exit status 77 if there is none, and they were left out.
"""

import json
import os
import pathlib
import random
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import doc_pages

SMILECAT, SMILED, SMILEBENCH, ROOT = sys.argv[1:5]
DATA = os.environ.get("SMILE_DATA_DIR", sys.argv[5])
HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_SECONDS = 120
SKIPPED = 77  # as cmake/SmileBuild.cmake says

# What stands for a command of a page here: ./dev run would build.
STANDS_FOR = {"./dev run": "smiled --data data",
              # What comes next is to be seen by it.
              "smilecat watch posts/42 links/42 > watched &":
                  "smilecat watch posts/42 links/42 > watched 2> watching & "
                  "until [[ -s watching ]]; do sleep 0.02; done"}

# Options in pages that are not of Smile's programs.
OPTIONS_OF_OTHERS = ("--install --component --prefix --appendfsync --appendonly --bind --dir --port "
                     "--save")

# A page whose commands need a server, and do not start it.
NEEDS_SERVER = {"docs/SMILECAT.md"}


def pages():
    """Paths of all pages, relative to the root; the README first."""
    root = pathlib.Path(ROOT)
    found = [str(path.relative_to(root)) for pattern in ("*.md", "docs/**/*.md", "storage/*.md")
             for path in root.glob(pattern)]
    return sorted(found, key=lambda page: (page != "README.md", page))


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


class Shell:
    """A shell that stays, in a fresh directory with the programs in build/release/bin."""

    END = re.compile(r"\x01(\d+)\x01$")

    def __init__(self, directory):
        self.directory = directory
        programs = os.path.join(directory, "build", "release", "bin")
        os.makedirs(programs)
        for program in (SMILECAT, SMILED, SMILEBENCH):
            os.symlink(program, os.path.join(programs, os.path.basename(program)))
        self.process = subprocess.Popen(["bash"], cwd=directory, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        self.run(f". {shlex.quote(os.path.join(HERE, 'docs_shell.sh'))}")

    def run(self, command):
        """(output, exit status); the command sees the status of the one before it in $?."""
        script = (f"c={shlex.quote(command)}; (exit ${{s:-0}}); eval \"$c\" </dev/null; s=$?; "
                  "printf '\\001%d\\001' $s\n")
        self.process.stdin.write(script.encode())
        self.process.stdin.flush()
        output, end = b"", time.monotonic() + TIMEOUT_SECONDS
        while not (found := self.END.search(output.decode(errors="replace"))):
            ready, _, _ = select.select([self.process.stdout], [], [], end - time.monotonic())
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not more:
                raise AssertionError(f"{command!r} did not end: {output.decode(errors='replace')}")
            output += more
        return output.decode(errors="replace")[:found.start()], int(found.group(1))

    def must(self, command):
        output, status = self.run(command)
        if status != 0:
            raise AssertionError(f"{command!r} ended with status {status}: {output}")
        return output

    def close(self):
        """Ends what the shell started, too."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Scenes:
    """States of the data that a block needs, by name."""

    USERS = 2000

    def __init__(self, shell):
        self.shell = shell

    def set(self, name):
        getattr(self, name.replace(" ", "_"))()

    def data_set(self):
        for name in ("facebook_target.csv", "facebook_edges.csv"):
            os.symlink(os.path.join(DATA, name), os.path.join(self.shell.directory, name))

    def photo_and_film(self):
        for name, size in (("photo.jpg", 412_345), ("film.mp4", 8_000_000)):
            with open(os.path.join(self.shell.directory, name), "wb") as file:
                file.write(random.Random(name).randbytes(size))

    def load(self, count):
        rows = "".join(f"{i},{random.Random(i).randbytes(50).hex()}\n" for i in range(count))
        with open(os.path.join(self.shell.directory, "users.csv"), "w", encoding="utf-8") as file:
            file.write("id,value\n" + rows)
        self.shell.must("smilecat load users.csv --key 'users/{id}/profile' --value '{value}'")

    def two_events(self):
        self.shell.must("until (($(wc -l < watched) >= 2)); do sleep 0.02; done")

    def stop(self):
        self.shell.must('[[ -z "$server" ]] || kill "$server"; server=')

    def written(self):
        """The path of a table file with all users; nothing serves it."""
        self.stop()
        self.shell.must("rm -rf data && smiled --data data")
        self.load(self.USERS)
        self.stop()
        return self.tables()[0]

    def tables(self):
        directory = os.path.join(self.shell.directory, "data", "rocksdb")
        found = [os.path.join(directory, name) for name in os.listdir(directory)
                 if name.endswith(".sst")]
        return sorted(found, key=os.path.getsize, reverse=True)

    def overwrite(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(b"\xde\xad\xbe\xef\xde\xad\xbe\xef")

    def serve_damaged(self):
        self.shell.must("smiled --data data")
        self.shell.run("smilecat dump users >dumped")  # reads everything

    def damaged_block(self):
        table = self.written()
        self.overwrite(table, os.path.getsize(table) // 2)
        self.serve_damaged()

    def damaged_footer(self):
        table = self.written()
        self.overwrite(table, os.path.getsize(table) - 8)
        self.serve_damaged()

    def truncated_table(self):
        table = self.written()
        os.truncate(table, os.path.getsize(table) // 2)

    def missing_newer_table(self):
        self.written()
        self.shell.must("smiled --data data")
        self.load(100)
        self.stop()
        os.remove(self.tables()[1])


class DocsTest(unittest.TestCase):
    update = False
    left_out = []

    def test_every_block_names_its_language(self):
        for page in pages():
            for block in doc_pages.blocks(page, read(page)):
                with self.subTest(where=block.where):
                    self.assertIn(block.language, doc_pages.LANGUAGES)

    def test_dev_commands_exist(self):
        usage = subprocess.run([os.path.join(ROOT, "dev")], capture_output=True, text=True,
                               check=True).stdout
        known = set(re.findall(r"^  (\w+)", usage, re.MULTILINE))
        self.assertIn("test", known)
        for page in pages():
            for command in re.findall(r"\./dev (\w+)", read(page)):
                with self.subTest(page=page, command=command):
                    self.assertTrue(command in known or command == "alone", command)

    def test_options_are_in_a_help_text(self):
        helps = [[SMILED, "--help"], [SMILECAT, "--help"], [SMILEBENCH, "--help"],
                 [SMILEBENCH, "load", "--help"], [SMILEBENCH, "lookups", "--help"],
                 [os.path.join(ROOT, "dev")], [os.path.join(ROOT, "bench/peers/main.py"), "--help"],
                 [os.path.join(ROOT, "bench/media/media.py"), "--help"],
                 [os.path.join(ROOT, "bench/linkbench/linkbench.py"), "--help"],
                 [os.path.join(ROOT, "bench/network/network.py"), "--help"],
                 [os.path.join(ROOT, "bench/hostile/hostile.py"), "--help"],
                 [SMILEBENCH, "streams", "--help"], [SMILEBENCH, "linkbench", "--help"],
                 [SMILEBENCH, "logins", "--help"], [SMILEBENCH, "watches", "--help"],
                 [SMILEBENCH, "feeds", "--help"], [SMILEBENCH, "network", "--help"]]
        helps += [[SMILECAT, "help", name]
                  for name in ("get", "scan", "stats", "watch", "load", "dump")]
        helps += [[SMILECAT, "media", name, "--help"]
                  for name in ("put", "get", "delete", "resume", "check")]
        helps += [[SMILECAT, "user", name, "--help"] for name in ("export", "import")]
        known = "".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout
                        for command in helps) + OPTIONS_OF_OTHERS
        for page in ("README.md", "docs/OPERATING.md", "docs/SMILECAT.md",
                     "docs/benchmarks/README.md"):
            for option in sorted(set(re.findall(r"(?:^|[ `(])(--[a-z][a-z-]+)", read(page)))):
                with self.subTest(page=page, option=option):
                    self.assertRegex(known, re.escape(option) + r"(?![a-z-])")

    def test_statistics_are_documented(self):
        section = read("docs/OPERATING.md").partition("\n## All statistics\n")[2]
        shown = re.findall(r"`((?:server|storage|logins|sweeper|watches)\.[A-Za-z_.]+)`", section.partition("\n## ")[0])
        patterns = [re.sub("OPERATION|STATUS|TABLE", "[a-z_]+", re.escape(name)) for name in shown]
        with tempfile.TemporaryDirectory(prefix="smile_docs_") as directory:
            shell = Shell(directory)
            try:
                shell.must("smiled --data data")
                real = list(json.loads(shell.must("smilecat --json stats")))
            finally:
                shell.close()
        for name in real:
            with self.subTest(statistic=name):
                self.assertTrue(any(re.fullmatch(pattern, name) for pattern in patterns))
        for pattern in patterns:
            with self.subTest(documented=pattern):
                self.assertTrue(any(re.fullmatch(pattern, name) for name in real))

    def test_commands_print_what_is_shown(self):
        count = 0
        for page in pages():
            found = [block for block in doc_pages.blocks(page, read(page))
                     if (block.steps or block.language in ("toml", "ini")) and not block.not_run]
            if found:
                count += self.run_page(page, found)
        self.assertGreater(count, 20)

    def run_page(self, page, blocks):
        """How many commands of it were run."""
        count, tokens, changes = 0, doc_pages.Tokens(), []
        with tempfile.TemporaryDirectory(prefix="smile_docs_") as directory:
            shell = Shell(directory)
            try:
                scenes = Scenes(shell)
                if page in NEEDS_SERVER:
                    shell.must("smiled --data data")
                for block in blocks:
                    if block.scene == "data set" and not os.path.isdir(DATA):
                        self.left_out.append(block.where)
                        continue
                    if block.scene is not None:
                        scenes.set(block.scene)
                    count += self.run_block(block, shell, tokens, changes)
            finally:
                shell.close()
        if self.update and changes:
            text = read(page)
            for shown, real in changes:
                text = text.replace(shown, real, 1)
            with open(os.path.join(ROOT, page), "w", encoding="utf-8") as file:
                file.write(text)
        return count

    def run_block(self, block, shell, tokens, changes):
        if block.language in ("toml", "ini"):
            with open(os.path.join(shell.directory, "file"), "w", encoding="utf-8") as file:
                file.write(block.body)
            shell.must({"toml": "smiled --config file --data configured --listen 127.0.0.1:7645",
                        "ini": "mkdir -p other/smile && cp file other/smile/smilecat.conf && "
                               "XDG_CONFIG_HOME=other smilecat describe get >described"}
                       [block.language])
        for command, shown in block.steps:
            with self.subTest(where=block.where, command=command):
                output, status = shell.run(STANDS_FOR.get(command, tokens.command(command)))
                if shown is None:
                    self.assertEqual(status, 0, output)
                    continue
                if tokens.matches(shown, output, damage=block.scene not in (None, "data set")):
                    continue
                if self.update:
                    changes.append((f"$ {command}\n{shown}", f"$ {command}\n{output}"))
                else:
                    self.fail(f"{block.where}: {command}\nshown:\n{shown}\nprinted:\n{output}\n"
                              "docs_test.py … --update brings the page up to date")
        return len(block.steps)


if __name__ == "__main__":
    ARGUMENTS = sys.argv[6:]
    DocsTest.update = "--update" in ARGUMENTS
    PROGRAM = unittest.main(argv=[sys.argv[0], *(a for a in ARGUMENTS if a != "--update")],
                            exit=False)
    if not PROGRAM.result.wasSuccessful():
        sys.exit(1)
    for where in DocsTest.left_out:
        print(f"left out, as there is no {DATA}: {where}")
    sys.exit(SKIPPED if DocsTest.left_out else 0)
