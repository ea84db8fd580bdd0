"""`smilecat media` that is interrupted, and continued: it is killed, or its server is."""

import hashlib
import json
import os
import signal
import subprocess
import time

from media_case import MEBIBYTE, MediaTest, content_of
from smilecat_case import PROGRAMS, run_tests
from smile_process import TIMEOUT_SECONDS, Cat, Directory, Server


class Interrupt(MediaTest):
    def test_get_leaves_whole_files_only(self):
        path = self.path("large.mp4", b"")
        os.truncate(path, 256 * MEBIBYTE)  # an interrupt is seen within 100 ms, not at once
        small, large = self.put(self.path("small", b"small"))[0], self.put(path)[0]
        back = self.path("interrupted")
        items = [self.name(record) for record in [small] + [large] * 6]
        process = subprocess.Popen(
            self.cat.command("media", "get", *items, "-o", back + "/", "--jobs", "2"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual((process.returncode, errors), (130, b"smilecat: interrupted\n"))
        whole = (lines + rest).splitlines()
        self.assertLess(len(whole), len(items))
        self.assertEqual(len(os.listdir(back)), len(whole))
        for name in os.listdir(back):
            size = os.path.getsize(os.path.join(back, name))
            self.assertIn(size, (small["size"], large["size"]))


class Resume(MediaTest):
    """Kills smilecat or the server in the middle. What has arrived is not sent again, which
    --hex would show; here the content must be right, and the state gone."""

    SIZE = 64 * MEBIBYTE

    def start_put(self, path, server=None):
        cat = self.cat if server is None else Cat(PROGRAMS["smilecat"], server)
        return subprocess.Popen(cat.command("media", "put", path, "--owner", self.owner),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment)

    def wait_until_begun(self, process):
        while not self.interrupted() and process.poll() is None:
            time.sleep(0.001)
        self.assertIsNone(process.poll(), "it ended before it could be killed")

    def kill_a_put(self, path):
        process = self.start_put(path)
        self.wait_until_begun(process)
        process.kill()
        process.communicate()
        self.assertEqual(len(self.interrupted()), 1)

    def test_repeated_put_continues_after_a_kill(self):
        content = content_of(self.SIZE)
        path = self.path("killed.mp4", content)
        self.kill_a_put(path)
        (record,) = self.put(path)
        self.assertEqual(self.interrupted(), [])
        self.assertEqual(record["sha256"], hashlib.sha256(content).hexdigest())

    def test_media_resume_lists_and_continues(self):
        content = content_of(self.SIZE)
        path = self.path("resumed.mp4", content)
        self.kill_a_put(path)
        listed = self.media("resume", "--list").stdout.decode()
        self.assertEqual(listed, "%s  %d  %s\n" % (self.owner, len(content), path))
        self.media("resume")
        self.assertEqual(self.interrupted(), [])
        (line,) = self.media("list", self.owner, "--json").stdout.splitlines()
        self.assertEqual(json.loads(line)["sha256"], hashlib.sha256(content).hexdigest())

    def test_unfinished_states_of_killed_processes_go(self):
        folder = os.path.join(self.state, "smile", "uploads")
        for arguments in (("put", self.path("any", b"any")), ("resume",)):
            killed = subprocess.Popen(["true"])
            killed.wait()
            os.makedirs(folder, exist_ok=True)
            left = os.path.join(folder, "0123456789abcdef.json.%d.tmp" % killed.pid)
            with open(left, "wb"):
                pass
            os.utime(left, (0, 0))
            self.media(*arguments)
            self.assertEqual(os.listdir(folder), [])

    def test_changed_file_begins_again(self):
        path = self.path("changed.mp4", content_of(self.SIZE))
        self.kill_a_put(path)
        info = os.stat(path)
        content = content_of(self.SIZE, seed=2)
        self.path("changed.mp4", content)
        # The worst case: size and time are the same.
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        (record,) = self.put(path)
        self.assertEqual(record["sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual(self.media("list", self.owner).stdout.count(b"\n"), 1)
        self.assertEqual(self.interrupted(), [])

    def test_interrupt_says_how_to_continue(self):
        path = self.path("interrupted.mp4", b"")
        os.truncate(path, 2 * self.SIZE)  # an interrupt is seen within 100 ms, not at once
        process = self.start_put(path)
        self.wait_until_begun(process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"media resume", errors)
        self.media("resume")
        self.assertEqual(self.interrupted(), [])

    def test_put_gives_up_when_the_server_is_gone(self):
        with Directory() as directory:
            server = Server(PROGRAMS["smiled"], directory)
            server.start()
            first, *others = [self.path("gone%d.jpg" % i, b"photo%d" % i) for i in range(30)]
            pipe = os.path.join(self.directory, "gone.fifo")
            os.mkfifo(pipe)
            process = subprocess.Popen(
                Cat(PROGRAMS["smilecat"], server).command(
                    "media", "put", first, pipe, *others, "--owner", self.owner, "-j", "1",
                    "--deadline", "300"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
            self.assertIn(b"gone0.jpg", process.stdout.readline())
            server.process.kill()
            server.stop()
            with open(pipe, "wb") as file:  # the second file is sent when there is no server
                file.write(b"late")
            _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
            self.assertEqual(process.returncode, 3, errors)
            self.assertEqual(errors.count(b"unavailable"), 1, errors)
            self.assertIn(b"29 more files were not sent", errors)

    def test_put_survives_a_kill_of_the_server(self):
        with Directory() as directory:
            server = Server(PROGRAMS["smiled"], directory)
            server.start()
            try:
                content = content_of(self.SIZE)
                process = self.start_put(self.path("server.mp4", content), server)
                self.wait_until_begun(process)
                server.process.kill()
                server.process.wait()
                server.process.stdout.close()
                server.start_at(server.address)
                output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
                self.assertEqual(process.returncode, 0, errors)
                name = output.decode().split()[0]
                got = subprocess.run(
                    Cat(PROGRAMS["smilecat"], server).command("media", "get", name),
                    capture_output=True, timeout=TIMEOUT_SECONDS, check=True)
                self.assertTrue(got.stdout == content)
            finally:
                server.stop()


if __name__ == "__main__":
    run_tests()
