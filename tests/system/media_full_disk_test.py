"""Photos and videos on a full disk: a tmpfs that a file of the test fills.

Usage: media_full_disk_test.py SMILECAT SMILED [TEST...]
Needs the right to mount; without it the test is skipped.
"""

import errno
import json
import os
import subprocess
import sys
import threading
import time

from process_case import SMILECAT, TIMEOUT_SECONDS, ProcessTest, main, smile

SKIPPED = 77  # as cmake/SmileBuild.cmake says
NAMESPACE = ["unshare", "--mount"]
MEBIBYTE = 1 << 20
DISK = 512 * MEBIBYTE
# What content leaves for records (base/limits.h), and less than records need.
KEPT = DISK // 8
OWNER = 42
PROFILE = smile.key(smile.USERS, smile.number_key(OWNER), b"profile")


def piece_of(number, size=MEBIBYTE):
    return number.to_bytes(8, "little") * (size // 8)


class PatientClient(smile.Client):
    """Repeats what is `overloaded`, as the database may be reopened at any time after writes failed."""

    def call(self, code, body, deadline_ms=0):
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return super().call(code, body, deadline_ms)
            except smile.SmileError as error:
                if error.status != "overloaded" or time.monotonic() >= end:
                    raise


class FullDiskTest(ProcessTest):
    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % DISK, "none", self.disk],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)
        self.begin_serving()

    def begin_serving(self):
        self.process, self.port = self.serving(data="disk/data")
        self.server = self.client(self.port)

    def client(self, port):
        client = PatientClient("127.0.0.1", port)
        self.addCleanup(client.close)
        return client

    def kill_and_start(self):
        self.process.kill()
        self.process.wait()
        self.begin_serving()

    def free(self):
        info = os.statvfs(self.disk)
        return info.f_bavail * info.f_frsize

    def leave(self, free):
        """What other programs write leaves that many bytes."""
        with open(os.path.join(self.disk, "other"), "ab") as other:
            while not self.resize(other, other.tell() + self.free() - free):
                pass

    @staticmethod
    def resize(file, size):
        """False if the server has taken some of the space meanwhile."""
        file.truncate(max(0, min(size, file.tell())))
        if size > 0:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return False
        return True

    def refused(self, status, call, *arguments, **named):
        with self.assertRaises(smile.SmileError) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.status, status, caught.exception)
        return caught.exception

    def no_space(self, call, *arguments, **named):
        error = self.refused("no_space", call, *arguments, **named)
        self.assertEqual(error.error_class, "retry_after")
        self.assertGreater(error.retry_after_ms, 0)

    def retried(self, call, *arguments, until="ok", others=(), **named):
        """Calls until the answer is the one waited for; until then, `no_space` or `others`."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            status, answer = "ok", None
            try:
                answer = call(*arguments, **named)
            except smile.SmileError as error:
                self.assertIn(error.status, ("no_space", *others))
                status = error.status
            if status == until:
                return answer
            self.assertLess(time.monotonic(), end, "still " + status)

    def append(self, upload, numbers):
        """Pieces of a mebibyte; how many there was room for."""
        for count, number in enumerate(numbers):
            try:
                self.server.media_append(upload, number * MEBIBYTE, piece_of(number))
            except smile.SmileError as error:
                self.assertEqual(error.status, "no_space")
                return count
        return len(numbers)

    def upload(self, mebibytes, owner=OWNER):
        """The id of new media."""
        upload, media, _ = self.server.media_begin(owner, chunk_bytes=MEBIBYTE,
                                                   size=mebibytes * MEBIBYTE)
        self.assertEqual(self.append(upload, range(mebibytes)), mebibytes)
        self.server.media_commit(owner, upload)
        return media

    def expect_content(self, media, mebibytes):
        content = b"".join(piece_of(number) for number in range(mebibytes))
        self.assertTrue(self.server.media_content(OWNER, media) == content)

    def upload_files(self):
        return sorted(os.listdir(os.path.join(self.disk, "data", "content", "uploads")))

    def reserved(self):
        return self.server.stats()["storage.content.reserved_bytes"]

    def expect_no_uploads(self):
        self.assertEqual(self.upload_files(), [])
        self.assertEqual(self.reserved(), 0)

    def expect_agreement(self):
        """Records, references and content, with every byte."""
        done = subprocess.run([SMILECAT, "-s", "127.0.0.1:%d" % self.port, "media", "check",
                               "--bytes", "--fast"], capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done)


class DeclaredSizes(FullDiskTest):
    def test_what_does_not_fit_is_refused_at_begin(self):
        self.leave(KEPT + 20 * MEBIBYTE)
        self.no_space(self.server.media_begin, OWNER, size=21 * MEBIBYTE)
        self.no_space(self.server.media_begin, OWNER, chunk_bytes=MEBIBYTE, size=64 << 30)
        self.expect_no_uploads()
        upload, _, _ = self.server.media_begin(OWNER, chunk_bytes=MEBIBYTE, size=12 * MEBIBYTE)
        self.no_space(self.server.media_begin, OWNER, size=12 * MEBIBYTE)
        self.assertEqual(self.append(upload, range(6)), 6)
        self.assertEqual(self.reserved(), 6 * MEBIBYTE)
        self.no_space(self.server.media_begin, OWNER, size=12 * MEBIBYTE)
        self.server.media_cancel(OWNER, upload)
        self.expect_no_uploads()
        self.expect_content(self.upload(12), 12)
        self.expect_agreement()

    def test_begins_at_the_same_time_do_not_share_space(self):
        self.leave(KEPT + 20 * MEBIBYTE)
        clients = [self.client(self.port) for _ in range(8)]
        ready = threading.Barrier(len(clients))
        begun = []

        def begin(client):
            ready.wait()
            try:
                begun.append(client.media_begin(OWNER, chunk_bytes=MEBIBYTE, size=8 * MEBIBYTE))
            except smile.SmileError as error:
                begun.append(error.status)

        threads = [threading.Thread(target=begin, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        uploads = [answer for answer in begun if answer != "no_space"]
        self.assertEqual((len(begun), len(uploads)), (8, 2), begun)
        self.assertEqual(self.reserved(), 16 * MEBIBYTE)
        self.kill_and_start()
        self.leave(KEPT + 20 * MEBIBYTE)
        self.assertEqual(self.reserved(), 16 * MEBIBYTE)
        # One without a declared size gets only what they leave.
        other, _, _ = self.server.media_begin(OWNER, chunk_bytes=MEBIBYTE)
        self.assertLess(self.append(other, range(20)), 4)
        for upload, media, _ in uploads:
            self.assertEqual(self.append(upload, range(8)), 8)
            self.server.media_commit(OWNER, upload)
            self.expect_content(media, 8)


class FilledInTheMiddle(FullDiskTest):
    def fill(self):
        """An upload without a declared size that filled the disk, and its pieces."""
        self.leave(KEPT + 5 * MEBIBYTE + MEBIBYTE // 2)
        upload, media, _ = self.server.media_begin(OWNER, chunk_bytes=MEBIBYTE)
        pieces = self.append(upload, range(20))
        self.assertIn(pieces, (4, 5))
        self.server.media_append(upload, 0, piece_of(0))  # is there already
        return upload, media, pieces

    def expect_progress(self, upload, pieces):
        progress = self.server.media_progress(OWNER, upload)
        self.assertEqual((progress["contiguous"], progress["received"], progress["size"]),
                         (pieces * MEBIBYTE, pieces * MEBIBYTE, None))

    def test_cancel_gives_all_of_it_back(self):
        upload, _, _ = self.fill()
        self.no_space(self.server.media_begin, OWNER, size=4 * MEBIBYTE)
        self.server.media_cancel(OWNER, upload)
        self.expect_no_uploads()
        self.expect_content(self.upload(4), 4)

    def test_upload_goes_on_when_there_is_space(self):
        upload, media, pieces = self.fill()
        self.expect_progress(upload, pieces)
        self.leave(KEPT + 50 * MEBIBYTE)
        self.assertEqual(self.append(upload, range(pieces, 20)), 20 - pieces)
        self.server.media_commit(OWNER, upload)
        self.expect_content(media, 20)

    def test_upload_goes_on_after_a_kill_on_the_full_disk(self):
        upload, media, pieces = self.fill()
        for free in (KEPT, 0):
            self.leave(free)
            self.kill_and_start()
            self.leave(free)
            self.expect_progress(upload, pieces)
            self.assertEqual(self.append(upload, [pieces]), 0)
            self.expect_progress(upload, pieces)
        self.leave(KEPT * 3)
        self.retried(self.server.media_append, upload, pieces * MEBIBYTE, piece_of(pieces))
        self.assertEqual(self.append(upload, range(pieces + 1, 20)), 19 - pieces)
        self.retried(self.server.media_commit, OWNER, upload)
        self.expect_content(media, 20)
        self.expect_agreement()


class RecordsHaveNoSpace(FullDiskTest):
    """Also the records of media, and small photos, which are records."""

    def fill(self, free):
        def put():
            self.leave(free)
            self.server.put(PROFILE, b"x")

        # A write before the server has looked at the disk may fail in the middle.
        self.retried(put, until="no_space", others=("outcome_unknown",))

    def test_deletes_give_space_back(self):
        films = [self.upload(30) for _ in range(2)]
        for media in range(1, 11):
            self.server.media_put(OWNER, piece_of(media, 64 << 10), media)
        open_upload, _, _ = self.server.media_begin(OWNER, chunk_bytes=MEBIBYTE, size=4 * MEBIBYTE)
        self.fill(0)
        self.no_space(self.server.media_put, OWNER, b"dog", 1001)
        self.no_space(self.server.media_begin, OWNER)
        self.assertEqual(self.append(open_upload, [0]), 0)
        self.refused("not_found", self.server.media_stat, OWNER, 1001)
        self.expect_content(films[0], 30)
        # If a flush met the full disk, nothing is written until the database was opened again, with
        # the space that is kept for that.
        for media in range(1, 11):
            self.retried(self.server.media_delete, OWNER, media)
        self.retried(self.server.media_delete, OWNER, films[0])
        self.refused("not_found", self.server.media_read, OWNER, films[0])
        self.retried(self.server.media_cancel, OWNER, open_upload)
        self.expect_no_uploads()
        self.assertGreaterEqual(self.free(), 30 * MEBIBYTE)
        self.kill_and_start()
        self.retried(self.server.media_delete, OWNER, films[1])
        self.leave(KEPT * 4)
        self.retried(self.server.media_put, OWNER, b"dog", 1001)
        media = self.retried(self.upload, 10)
        self.expect_content(media, 10)
        self.expect_agreement()

    def test_commit_is_repeated_when_there_is_space(self):
        upload, media, _ = self.server.media_begin(OWNER, chunk_bytes=MEBIBYTE, size=8 * MEBIBYTE)
        self.assertEqual(self.append(upload, range(8)), 8)
        self.fill(0)
        # A write before the server has looked at the disk would be outcome_unknown.
        end = time.monotonic() + TIMEOUT_SECONDS
        while 'trouble="no_space"' not in self.smilecat(self.port, "ping"):
            self.assertLess(time.monotonic(), end, "the full disk was not noticed")
        self.no_space(self.server.media_commit, OWNER, upload)
        self.no_space(self.server.media_commit, OWNER, upload)
        self.refused("not_found", self.server.media_stat, OWNER, media)
        self.kill_and_start()
        self.assertEqual(self.server.media_progress(OWNER, upload)["received"], 8 * MEBIBYTE)
        self.leave(KEPT * 4)
        self.retried(self.server.media_commit, OWNER, upload)
        self.expect_content(media, 8)
        self.expect_no_uploads()
        self.expect_agreement()

    def test_refused_begin_leaves_nothing(self):
        self.fill(KEPT - 10 * MEBIBYTE)
        # Enough for content, and not yet for records.
        self.leave(KEPT + 8 * MEBIBYTE)
        for _ in range(3):
            self.no_space(self.server.media_begin, OWNER, size=4 * MEBIBYTE)
            self.expect_no_uploads()
        self.leave(KEPT * 3)
        self.retried(self.server.media_put, OWNER, b"dog", 1001)
        self.expect_content(self.upload(4), 4)


class PutWaits(FullDiskTest):
    def test_put_goes_on_when_something_is_deleted(self):
        film = self.upload(30)
        path = self.path("film.mp4")
        content = os.urandom(12 * MEBIBYTE)
        with open(path, "wb") as file:
            file.write(content)
        self.leave(KEPT + 4 * MEBIBYTE)
        rejected = self.server.stats()["storage.content.rejected_count"]
        put = subprocess.Popen([SMILECAT, "-s", "127.0.0.1:%d" % self.port, "media", "put", path,
                                "--owner", str(OWNER), "--json"], stdout=subprocess.PIPE,
                               env=dict(os.environ, XDG_STATE_HOME=self.path("state")))
        self.addCleanup(self.end, put)
        while self.server.stats()["storage.content.rejected_count"] == rejected:
            self.assertIsNone(put.poll())
        self.server.media_delete(OWNER, film)
        output, _ = put.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(put.returncode, 0)
        media = json.loads(output)["media"]
        self.assertTrue(self.server.media_content(OWNER, media) == content)


def run():
    if os.environ.get("SMILE_MAY_MOUNT") == "yes":
        return main()
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0:
        print("skipped: needs the right to mount")
        sys.exit(SKIPPED)
    os.environ["SMILE_MAY_MOUNT"] = "yes"
    os.execvp(NAMESPACE[0], [*NAMESPACE, sys.executable, *sys.argv])


if __name__ == "__main__":
    run()
