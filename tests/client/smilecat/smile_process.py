"""A smiled of a test's own, and smilecat run against it."""

import os
import re
import shutil
import signal
import subprocess
import tempfile

TIMEOUT_SECONDS = 120


class Server:
    """smiled on a free port of loopback, with its data in a fresh directory."""

    def __init__(self, program, directory, *options):
        self.program = program
        self.directory = directory
        self.options = options
        self.process = None
        self.address = None

    def start(self):
        self.start_at("127.0.0.1:0")

    def start_at(self, address):
        log = open(os.path.join(self.directory, "smiled.log"), "ab")
        self.process = subprocess.Popen(
            [self.program, "--listen", address, "--data", os.path.join(self.directory, "data"),
             *self.options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        for line in self.process.stdout:
            found = re.search(r"smiled listens on (\S+)", line)
            if found:
                self.address = found.group(1)
                return
        self.process.wait()
        with open(os.path.join(self.directory, "smiled.log")) as text:
            raise RuntimeError("smiled did not start: " + text.read())

    def stall(self):
        """Returns when all threads have stopped: until then, requests are still answered."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """In order: what was acknowledged is there when it starts again."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT_SECONDS)
        finally:
            self.process.kill()
            self.process.stdout.close()
        self.process = None


class Cat:
    """Runs smilecat against a server."""

    def __init__(self, program, server):
        self.program = program
        self.server = server

    def command(self, *arguments):
        return [self.program, "-s", self.server.address, *arguments]

    def run(self, *arguments, stdin=b"", environment=None):
        """Everything is bytes: stdout, stderr, and the exit status in returncode."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env=environment,
        )


class Directory:
    """A fresh directory that goes away at the end of a with block."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="smilecat_")
        return self.path

    def __exit__(self, *error):
        shutil.rmtree(self.path, ignore_errors=True)
