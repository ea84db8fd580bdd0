"""smilecat at a terminal: what keys do, what is shown, which bytes reach the server.

Usage: prompt_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from smilecat_case import PROGRAMS, SmilecatTest, run_tests

CTRL_C, CTRL_D, CTRL_Z, TAB = b"\x03", b"\x04", b"\x1a", b"\t"
PROMPT = "smile> "
PATIENCE_SECONDS = 30


class Terminal:
    """A process with a terminal of its own, which a test types at and looks at."""

    def __init__(self, command, environment):
        self.master, slave = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)),
        )
        os.close(slave)

    def type(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds):
        """False: nothing came in time, or the process has gone."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.text += os.read(self.master, 1 << 16).decode(errors="replace")
        except OSError:
            return False
        return True

    def wait_for(self, pattern):
        """What came up to the pattern, and it; what came later is kept."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = re.search(pattern, self.text, re.S)
            if found:
                seen, self.text = self.text[: found.end()], self.text[found.end():]
                return seen
            if not self.read(max(0, end - time.monotonic())):
                raise AssertionError("no %r in %r" % (pattern, self.text))

    def run(self, line):
        """The answer to a line, up to the next prompt."""
        self.type(line + "\n")
        self.wait_for(r"\n")
        return self.wait_for(re.escape(PROMPT))

    def status(self):
        while self.read(PATIENCE_SECONDS):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class PromptTest(SmilecatTest):
    def environment(self, **changes):
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(("LC_", "LANG")) and k not in ("NO_COLOR",)}
        return environment | {"HOME": self.directory, "TERM": "xterm", "LANG": "C.UTF-8",
                              "NO_COLOR": "1"} | changes

    def terminal(self, *arguments, wait=True, **changes):
        terminal = Terminal(self.cat.command(*arguments), self.environment(**changes))
        self.addCleanup(terminal.close)
        if wait:
            terminal.wait_for(re.escape(PROMPT))
        return terminal


class KeysTest(PromptTest):
    def test_ctrl_c_clears_the_line(self):
        terminal = self.terminal()
        self.ok("put", "users/1/x", "kept")
        terminal.type("put users/1/x lost")
        terminal.wait_for("lost")
        terminal.type(CTRL_C)
        terminal.wait_for(r"\^C\r\n.*" + PROMPT)
        self.assertIn('value="kept"', terminal.run("get users/1/x"))

    def test_ctrl_c_cancels_a_waiting_request(self):
        terminal = self.terminal()
        self.ok("put", "users/1/x", "there")
        for request, words in [("get users/1/x", "cancelled\r\n"),
                               ("put users/1/y 1", "may or may not have taken effect")]:
            self.server.stall()
            try:
                terminal.type(request + "\n")
                terminal.wait_for(re.escape(request) + r"[^\n]*\n")
                terminal.type(CTRL_C)
                terminal.wait_for(re.escape(words))
                terminal.wait_for(PROMPT)
            finally:
                self.server.resume()
            self.assertIn('value="there"', terminal.run("get users/1/x"))

    def test_ctrl_d_exits_on_an_empty_line_only(self):
        terminal = self.terminal()
        terminal.type("ping" + CTRL_D.decode())
        terminal.type("\n")
        terminal.wait_for('payload=""')
        terminal.wait_for(PROMPT)
        terminal.type(CTRL_D)
        self.assertEqual(terminal.status(), 0)

    def test_quit_and_sigterm_exit(self):
        terminal = self.terminal()
        terminal.type("quit\n")
        self.assertEqual(terminal.status(), 0)
        terminal = self.terminal()
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.status(), -signal.SIGTERM)

    def test_history_has_no_typed_secret(self):
        terminal = self.terminal()
        terminal.run("get users/1/history")
        self.assertIn("a secret is not written in a request",
                      terminal.run("login_verify ada typed-secret"))
        terminal.run("login_verfy ada typed-secret")
        terminal.run("get users/1/misspelt --bogus")
        terminal.type("\x1b[A")
        terminal.wait_for("misspelt")
        terminal.type("\x1b[A")
        terminal.wait_for("history")
        terminal.type("\n")
        terminal.wait_for(PROMPT)
        terminal.type("quit\n")
        self.assertEqual(terminal.status(), 0)
        with open(self.path(".smilecat_history"), encoding="utf-8") as file:
            lines = file.read()
        self.assertIn("misspelt", lines)
        self.assertNotIn("typed-secret", lines)

    def test_line_survives_sigtstp(self):
        terminal = self.terminal()
        terminal.type("ping --payload abc")
        terminal.wait_for("abc")
        terminal.process.send_signal(signal.SIGSTOP)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.type("d\n")
        terminal.wait_for('payload="abcd"')

    def test_tab_completes_operations_paths_and_records(self):
        for path in ["users/41/profile", "users/4711/theme", "users/4711/title"]:
            self.ok("put", path, "x")
        terminal = self.terminal()
        terminal.type("des" + "\t")
        terminal.wait_for("cribe ")
        terminal.type(CTRL_C)
        terminal.wait_for(PROMPT)
        terminal.type("get users/4\t")
        terminal.wait_for(r"users/41/ +users/4711/")
        terminal.type("7\t")
        terminal.wait_for(r"11/")
        terminal.type("t\t")
        terminal.wait_for(r"users/4711/theme +users/4711/title")
        terminal.type("i\t\n")
        terminal.wait_for('value="x"')
        terminal.wait_for(PROMPT)
        terminal.type("scan users/47\t\n")
        terminal.wait_for("entries=2")

    def test_completion_without_a_server(self):
        terminal = Terminal([PROGRAMS["smilecat"], "-s", "127.0.0.1:1"], self.environment())
        self.addCleanup(terminal.close)
        terminal.wait_for(PROMPT)
        terminal.type("get users/4\t")
        terminal.type("2/x\n")
        terminal.wait_for("unavailable")


class ColourTest(PromptTest):
    def test_colour_on_a_terminal_unless_disabled(self):
        self.ok("put", "users/1/x", "v")
        for colour, changes in [(True, {"NO_COLOR": ""}), (False, {"NO_COLOR": "1"}),
                                (False, {"NO_COLOR": "", "TERM": "dumb"})]:
            for arguments in [["get", "users/1/x"], ["get", "users/404/x"]]:
                terminal = self.terminal(*arguments, wait=False, **changes)
                terminal.status()
                self.assertEqual("\x1b[3" in terminal.text, colour, (terminal.text, changes))
        self.assertNotIn(b"\x1b", self.ok("scan", "users/1"))

    def test_raw_prints_bytes_unchanged(self):
        self.ok("put", "users/1/raw", "-", stdin=b"a\tb\n")
        terminal = self.terminal("get", "users/1/raw", "--raw", wait=False)
        terminal.status()
        self.assertEqual(terminal.text, "a\tb\r\n")


class LinesTest(PromptTest):
    NAME = "żółć 名前 😀 ñ"

    def test_every_character_reaches_the_server_whatever_the_locale(self):
        for number, changes in enumerate([{}, {"LANG": ""}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"},
                                          {"LC_ALL": "de_DE.ISO-8859-1"}]):
            terminal = self.terminal(**changes)
            terminal.run("put users/%d/%s '%s'" % (number, self.NAME.split()[0], self.NAME))
            key = "users/%d/%s" % (number, self.NAME.split()[0])
            self.assertEqual(self.ok("get", key), self.NAME.encode(), changes)

    def test_all_of_unicode_reaches_the_server(self):
        points = [*range(0xA0, 0x180), 0x3B1, 0x5D0, 0x623, 0x905, 0x3042, 0xAC00, 0xFF21, 0x1F600,
                  0x20000]
        terminal = self.terminal(LC_ALL="C")
        for start in range(0, len(points), 32):
            text = "".join(map(chr, points[start:start + 32]))
            terminal.run("put users/6/x '%s'" % text)
            self.assertEqual(self.ok("get", "users/6/x").decode(), text)

    def test_invalid_utf8_line_is_not_sent(self):
        self.ok("put", "users/7/x", "before")
        terminal = self.terminal()
        terminal.type(b"put users/7/x caf\xe9\n")
        terminal.wait_for("bytes that are not UTF-8")
        terminal.wait_for(PROMPT)
        self.assertEqual(self.ok("get", "users/7/x"), b"before")

    def test_quotes_work_like_a_shells(self):
        terminal = self.terminal()
        terminal.run("put users/8/x 'a \"b\" c'")
        self.assertEqual(self.ok("get", "users/8/x"), b'a "b" c')
        self.assertIn("has a quote inside", terminal.run("put users/8/'a b' c"))
        self.assertEqual(self.cat.run("get", "users/8/'a").returncode, 4)

    def test_commands_and_help_are_known(self):
        terminal = self.terminal()
        rows = self.path("rows.csv", b"id\n901\n902\n")
        answer = terminal.run("load '%s' --key users/{id}/x --value v" % rows)
        self.assertIn("2 rows", answer)
        self.assertEqual(self.ok("get", "users/902/x"), b"v")
        self.assertIn("users/901", terminal.run("dump users/901"))
        self.assertIn("batch", terminal.run("describe"))
        self.assertIn("Usage: smilecat get KEY", terminal.run("describe get"))
        self.assertIn("Usage: smilecat get KEY", terminal.run("get --help"))
        self.assertIn("no operation or command \"nope\"", terminal.run("help nope"))
        self.assertIn("cannot open /none/such", terminal.run("decode /none/such"))
        self.assertEqual(terminal.run("--foo").splitlines()[0], "there is no option --foo; see help")
        self.assertIn("for the command line", terminal.run("--listen 0"))
        self.assertIn('"payload":"x"', terminal.run("ping --payload x --json"))
        self.assertIn("server.requests.ping_count", terminal.run("stats server.requests.ping"))
        self.assertIn("sort=x", terminal.run("scan users/901 --all"))
        terminal.type("stats server.requests.ping --watch --interval 0.1\n")
        terminal.wait_for(r"ping_count.*ping_count")
        terminal.type(CTRL_C)
        terminal.wait_for(PROMPT)


if __name__ == "__main__":
    run_tests()
