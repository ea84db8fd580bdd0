"""`smilecat user` when folders are damaged, the disk is full, or it is interrupted.

Usage: user_faults_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import os
import resource
import shutil
import signal
import socket
import subprocess
import threading

from smilecat_case import PROGRAMS, run_tests
from smile_process import TIMEOUT_SECONDS
from user_case import UserTest, contents_of


class Faults(UserTest):
    def test_damaged_folders_are_rejected_before_anything_is_written(self):
        self.fill()
        self.export()
        self.clear()
        lines = lambda text: text.splitlines(keepends=True)  # noqa: E731
        for name, words, change in (
                ("user.json", "is not valid JSON", lambda text: text[:-5]),
                ("user.json", "format version 2",
                 lambda text: text.replace(b'"version": 1', b'"version": 2')),
                ("user.json", "not from", lambda text: b"{}"),
                ("records.jsonl", "records.jsonl: line 2: the row is not valid JSON",
                 lambda text: b"".join([lines(text)[0], b"{\n", lines(text)[2]])),
                ("records.jsonl", "has 2 rows, but user.json says 3",
                 lambda text: b"".join(lines(text)[1:])),
                ("posts.jsonl", "was changed", lambda text: text.replace(b"post 7", b"post 8")),
                ("posts.jsonl", "line 1: the row has a key that is not of posts/%d" % self.user,
                 lambda text: text.replace(b"posts/%d" % self.user, b"posts/7")),
                ("links.jsonl", "line 1: the row has", lambda text: text.replace(b"time_ms\":",
                                                                                b"time_ms\":-")),
                ("media.jsonl", "line 1: the row has no \"sha256\"",
                 lambda text: text.replace(b'"sha256":"', b'"sha256":"z')),
                ("media/1", "media/1: was changed", lambda content: content[:-1] + b"?"),
                ("media/1", "media/1: was changed", lambda content: content + b"?")):
            copy = self.damaged(name, change)
            self.fails(8, words, "user", "import", copy)
        copy = self.damaged("media/1", bytes)
        os.remove(os.path.join(copy, "media", "1"))
        self.fails(8, "No such file", "user", "import", copy)
        self.fails(8, "cannot open", "user", "import", self.path("missing"))
        # What is not a file in the folder is not read, whatever it has.
        for name in ("media/2", "media", "posts.jsonl", "user.json"):
            copy = self.damaged("media/1", bytes)
            away = self.path("away-" + name.replace("/", "-"))
            os.rename(os.path.join(copy, name), away)
            os.symlink(away, os.path.join(copy, name))
            self.fails(8, "is a symbolic link, not a ", "user", "import", copy)
            os.remove(os.path.join(copy, name))
            os.mkfifo(os.path.join(copy, name))
            self.fails(8, "is a device or pipe, not a ", "user", "import", copy)
        copy = self.damaged("user.json", lambda text: text.replace(b'"posts.jsonl"',
                                                                   b'"../posts.jsonl"'))
        self.fails(8, 'has no "posts.jsonl"', "user", "import", copy)
        copy = self.damaged("media.jsonl", lambda text: text.replace(b'"media":1,',
                                                                     b'"media":"../1",'))
        self.fails(8, 'has no "media" that is', "user", "import", copy)
        # Nothing of it is there: it may be imported now.
        self.ok("user", "import", self.folder)

    def test_a_full_disk_leaves_nothing(self):
        self.fill()
        before = set(os.listdir(self.directory))
        for limit in (200, 1 << 20):  # of a file; the second one is of a film
            done = subprocess.run(
                [PROGRAMS["smilecat"], "-s", self.server.address, "user", "export", str(self.user),
                 self.folder],
                capture_output=True, timeout=TIMEOUT_SECONDS, restore_signals=False,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.assertEqual((done.returncode, done.stdout), (8, b""), done)
            self.assertRegex(done.stderr, rb"/(\w+\.jsonl|media/\d+): .*File too large; nothing was "
                                          rb"written\n$")
            self.assertEqual(set(os.listdir(self.directory)), before)


class Interrupted(UserTest):
    """Through a proxy that stops forwarding after some bytes, so that smilecat is in the middle."""

    def run_through_proxy(self, limit, *arguments):
        listener = socket.create_server(("127.0.0.1", 0))
        stalled = threading.Event()
        sockets = [listener]

        def forward(source, target, counts):
            passed = 0
            try:
                while block := source.recv(65536):
                    passed += len(block)
                    if counts and passed > limit:
                        stalled.set()
                        return
                    target.sendall(block)
            except OSError:
                pass

        def serve():
            try:
                near, _ = listener.accept()
                host, port = self.server.address.rsplit(":", 1)
                far = socket.create_connection((host, int(port)))
            except OSError:
                return
            sockets.extend((near, far))
            export = arguments[1] == "export"
            threading.Thread(target=forward, args=(near, far, not export), daemon=True).start()
            threading.Thread(target=forward, args=(far, near, export), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        process = subprocess.Popen([PROGRAMS["smilecat"], "-s", address, *arguments,
                                    "--deadline", "1000"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertTrue(stalled.wait(TIMEOUT_SECONDS))
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        finally:
            process.kill()
            for one in sockets:
                one.close()
        self.assertEqual((process.returncode, output), (130, b""), errors)
        return errors

    def test_export_leaves_nothing(self):
        self.fill()
        before = set(os.listdir(self.directory))
        errors = self.run_through_proxy(2 << 20, "user", "export", str(self.user), self.folder)
        self.assertIn(b"interrupted; nothing was written", errors)
        self.assertEqual(set(os.listdir(self.directory)) - before, set())

    def test_import_is_finished_with_merge(self):
        self.fill()
        self.export()
        self.clear()
        errors = self.run_through_proxy(1 << 20, "user", "import", self.folder)
        self.assertIn(b"repeat the import with --merge", errors)
        self.fails(5, "give --merge", "user", "import", self.folder)
        self.ok("user", "import", self.folder, "--merge")
        again = self.path("again")
        self.export(folder=again)
        for name in ("posts.jsonl", "links.jsonl", "media.jsonl"):
            self.assertEqual(contents_of(again)[name], contents_of(self.folder)[name])


if __name__ == "__main__":
    run_tests()
