"""Base of tests of smiled as a process: start, observe, and always stop it.

The programs are the first two arguments of the test: SMILECAT SMILED [TEST...].
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))
import smile_client as smile  # noqa: E402

SMILECAT, SMILED = sys.argv[1:3]
TIMEOUT_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ProcessTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="smile_process_")
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name
        self.log_path = os.path.join(self.directory, "log")

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *options, port=0, data="data", **streams):
        """Does not wait until it is ready."""
        streams.setdefault("stdout", subprocess.PIPE)
        if "stderr" not in streams:
            streams["stderr"] = open(self.log_path, "ab")
            self.addCleanup(streams["stderr"].close)
        process = subprocess.Popen(
            [SMILED, "--listen", "127.0.0.1:%d" % port, "--data", self.path(data), *options],
            **streams,
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def serving(self, *options, **named):
        process = self.start(*options, **named)
        line = process.stdout.readline().decode()
        found = re.search(r"smiled listens on 127\.0\.0\.1:(\d+)", line)
        self.assertIsNotNone(found, (line, self.log()))
        return process, int(found.group(1))

    def wait_until_it_serves(self, port):
        """For a server whose stdout is not read."""
        while True:
            done = subprocess.run([SMILECAT, "-s", "127.0.0.1:%d" % port, "ping"],
                                  capture_output=True, timeout=TIMEOUT_SECONDS)
            if done.returncode == 0:
                return

    def smilecat(self, port, *words):
        done = subprocess.run([SMILECAT, "-s", "127.0.0.1:%d" % port, *words],
                              capture_output=True, timeout=TIMEOUT_SECONDS, text=True)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def client(self, port):
        client = smile.Client("127.0.0.1", port)
        self.addCleanup(client.close)
        return client

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def wait_for_log(self, words):
        end = time.monotonic() + TIMEOUT_SECONDS
        while words not in self.log():
            self.assertLess(time.monotonic(), end, (words, self.log()))
            time.sleep(0.01)

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)

    def refused(self, status, words, *options):
        done = subprocess.run([SMILED, "--data", self.path("data"), *options],
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, status, done)
        last = done.stderr.decode().splitlines()[-1]
        self.assertTrue(last.startswith("smiled: "), last)
        self.assertIn(words, last)


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
