"""smilecat load and dump while the server is lost or silent, and when a signal comes.

Usage: load_faults_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import threading

from smilecat_case import TIMEOUT_SECONDS, SmilecatTest, offset, run_tests


class Terminal:
    """A terminal on which a process has its stderr."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        self.text = b""

    def read_until(self, text):
        while text not in self.text:
            ready, _, _ = select.select([self.ours], [], [], TIMEOUT_SECONDS)
            if not ready:
                raise AssertionError("%r does not come; there is %r" % (text, self.text))
            self.text += os.read(self.ours, 65536)

    def close(self):
        os.close(self.ours)
        os.close(self.theirs)


class LostServerTest(SmilecatTest):
    def begin_load(self, partition):
        """A load that has written a row and waits for more, its stderr on a terminal."""
        terminal = Terminal()
        self.addCleanup(terminal.close)
        command = self.cat.command(
            *("load", "-", "--format", "csv", "--json"),
            *("-k", partition + "/{id}", "--value", "x"),
        )
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=terminal.theirs
        )
        for stream in (process.stdin, process.stdout):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdin.write(b"id\n1\n")
        process.stdin.flush()
        while self.cat.run("get", partition + "/1").returncode != 0:
            self.assertIsNone(process.poll())
        return process, terminal

    def test_load_reports_reconnecting_and_continues(self):
        process, terminal = self.begin_load("posts/92")
        address = self.server.address
        self.server.process.kill()
        self.server.process.wait(TIMEOUT_SECONDS)
        self.server.process.stdout.close()
        process.stdin.write(b"2\n3\n")
        process.stdin.close()
        terminal.read_until(b"reconnecting, 1 s")
        self.server.start_at(address)
        summary = json.loads(process.stdout.read())
        self.assertEqual((process.wait(TIMEOUT_SECONDS), summary["written"]), (0, 3))

    def test_load_waiting_for_input_can_be_interrupted(self):
        process, terminal = self.begin_load("posts/94")
        terminal.read_until(b"1 rows")
        process.stdin.write(b'"2')
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        summary = json.loads(process.stdout.read())
        self.assertEqual((process.wait(TIMEOUT_SECONDS), summary["whole"]), (130, False))
        self.assertEqual((summary["rows"], summary["bad_rows"]), (1, 0), "2 was not read whole")

    def test_load_can_be_interrupted_while_the_server_stalls(self):
        process, terminal = self.begin_load("posts/93")
        self.server.stall()
        self.addCleanup(self.server.resume)

        def write_rows():
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(b"".join(b"%d\n" % i for i in range(2, 100_000)))

        writer = threading.Thread(target=write_rows)
        writer.start()
        self.addCleanup(writer.join)
        terminal.read_until(b"no answer for 3 s")
        process.send_signal(signal.SIGINT)
        terminal.read_until(b"interrupted; waiting")
        self.server.resume()
        summary = json.loads(process.stdout.read())
        self.assertEqual((process.wait(TIMEOUT_SECONDS), summary["whole"]), (130, False))
        self.assertLess(summary["rows"], 10_000)

    def test_load_continues_after_an_outage(self):
        rows = 60_000
        csv = self.path("rows.csv", b"id\n" + b"".join(b"%d\n" % i for i in range(rows)))
        position = self.path("position")
        port = self.server.address
        process = subprocess.Popen(
            self.cat.command(
                "load", csv, "-k", "posts/91/{id}", "--value", "{id}", "--resume", position, "--json"
            ),
            stdout=subprocess.PIPE,
        )
        while offset(position) == 0 and process.poll() is None:
            try:
                process.wait(0.01)
            except subprocess.TimeoutExpired:
                pass
        self.server.process.kill()
        self.server.process.wait(TIMEOUT_SECONDS)
        self.server.process.stdout.close()
        self.server.start_at(port)
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        summary = json.loads(output)
        self.assertEqual((process.returncode, summary["rows"]), (0, rows))
        self.assertEqual(summary["written"], rows)
        done = self.cat.run("dump", "posts/91")
        self.assertEqual(done.stdout.count(b"\n"), rows)


    def test_waiting_dump_reports_and_can_be_interrupted(self):
        self.ok("put", "users/5/x", "1")
        terminal = Terminal()
        self.addCleanup(terminal.close)
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        # The dump stops at a pipe that is full; then the server is stopped, and the pipe read on.
        for i in range(40):
            self.ok("put", "posts/95/%d" % i, "-", stdin=b"x" * 1_000_000)
        process = subprocess.Popen(
            self.cat.command("dump", "posts/95"), stdout=write_end, stderr=terminal.theirs
        )
        os.close(write_end)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.read(read_end, 1)
        self.server.stall()
        self.addCleanup(self.server.resume)

        def read_all():
            while os.read(read_end, 65536):
                pass

        reader = threading.Thread(target=read_all)
        reader.start()
        self.addCleanup(reader.join)
        terminal.read_until(b"no answer for 3 s")
        process.send_signal(signal.SIGINT)
        terminal.read_until(b"interrupted, the dump is not whole")
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 130)


class InterruptedTest(SmilecatTest):
    """Ctrl-C while the server is held up, which makes sure that the task has begun."""

    def setUp(self):
        self.ok("put", "users/1/x", "1")
        self.server.stall()
        self.addCleanup(self.server.resume)

    def begin(self, directory, *arguments):
        """A command that waits for the server, with its output in a fresh directory."""
        os.mkdir(self.path(directory))
        process = subprocess.Popen(
            self.cat.command(*arguments, "-o", self.path(directory + "/out")),
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def begin_dump(self, directory):
        """A dump that looks after its signals by then."""
        process = self.begin(directory, "dump", "users")
        self.wait_while(process, lambda: not self.has_signal(process, "SigBlk", signal.SIGINT))
        return process

    def wait_while(self, process, condition):
        for _ in range(TIMEOUT_SECONDS * 100):
            if not condition():
                return
            try:
                process.wait(0.01)
                self.fail("it ended: " + str(process.communicate()))
            except subprocess.TimeoutExpired:
                pass
        self.fail("it does not happen")

    def has_signal(self, process, kind, signal_number):
        with open("/proc/%d/status" % process.pid) as file:
            mask = re.search(r"^%s:\s*(\w+)" % kind, file.read(), re.MULTILINE).group(1)
        return int(mask, 16) >> (signal_number - 1) & 1 != 0

    def is_pending(self, process):
        return self.has_signal(process, "ShdPnd", signal.SIGINT)

    def test_interrupted_dump_leaves_no_partial_file(self):
        process = self.begin_dump("once")
        process.send_signal(signal.SIGINT)
        self.wait_while(process, lambda: self.is_pending(process))
        self.server.resume()
        _, words = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(words, b"smilecat: interrupted, the dump is not whole\n")
        self.assertEqual(process.returncode, 130)
        self.assertEqual(os.listdir(self.path("once")), [])

    def test_second_signal_ends_a_stalled_command(self):
        process = self.begin_dump("twice")
        process.send_signal(signal.SIGINT)
        self.wait_while(process, lambda: self.is_pending(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(os.listdir(self.path("twice")), [])

    def test_signals_leave_no_partial_file(self):
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGKILL):
            process = self.begin_dump("signal-%d" % number)
            process.send_signal(number)
            process.communicate(timeout=TIMEOUT_SECONDS)
            self.assertEqual(process.returncode, -number)
            self.assertEqual(os.listdir(self.path("signal-%d" % number)), [])

    def test_signal_during_get_leaves_no_file(self):
        process = self.begin("get", "get", "users/1/x")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual(os.listdir(self.path("get")), [])


if __name__ == "__main__":
    run_tests()
