"""`smilecat media` as it is run: photos and videos in and out of a real server."""

import hashlib
import json
import os
import random
import signal
import subprocess
import time

from smilecat_case import PROGRAMS, SmilecatTest, run_tests
from smile_process import TIMEOUT_SECONDS, Cat, Directory, Server

MEBIBYTE = 1 << 20


def content_of(size, seed=1):
    return random.Random(seed).randbytes(size)


class MediaTest(SmilecatTest):
    owners = 1000

    def setUp(self):
        MediaTest.owners += 1
        self.owner = str(MediaTest.owners)
        self.state = os.path.join(self.directory, "state" + self.owner)
        self.environment = dict(os.environ, XDG_STATE_HOME=self.state)

    def media(self, *arguments, stdin=b"", status=0):
        done = self.cat.run("media", *arguments, stdin=stdin, environment=self.environment)
        self.assertEqual(done.returncode, status, (arguments, done))
        if status == 0:  # what takes long tells its progress each ten seconds
            self.assertNotIn(b"smilecat: ", done.stderr, arguments)
        return done

    def put(self, *arguments, stdin=b""):
        """The records of what was stored."""
        done = self.media("put", *arguments, "--owner", self.owner, "--json", stdin=stdin)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def name(self, record):
        return "%d/%d" % (record["owner"], record["media"])

    def get(self, record, *arguments):
        return self.media("get", self.name(record), *arguments).stdout

    def interrupted(self):
        """The states of uploads, without those that are being written."""
        folder = os.path.join(self.state, "smile", "uploads")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return [name for name in names if name.endswith(".json")]


class PutAndGet(MediaTest):
    def test_content_of_any_size_returns_byte_for_byte(self):
        for size in (0, 1, MEBIBYTE, MEBIBYTE + 1, 5 * MEBIBYTE):
            content = content_of(size, size)
            path = self.path("size-%d.jpg" % size, content)
            (record,) = self.put(path)
            self.assertEqual(record["size"], size)
            self.assertEqual(record["sha256"], hashlib.sha256(content).hexdigest())
            self.assertEqual(record["content_type"], "image/jpeg")
            self.assertEqual(record["name"], "size-%d.jpg" % size)
            self.assertEqual(self.get(record), content)
            copy = self.path("copy-%d" % size)
            self.media("get", self.name(record), "-o", copy)
            with open(copy, "rb") as file:
                self.assertEqual(file.read(), content)
        self.assertEqual(self.interrupted(), [])

    def test_one_line_for_each_file(self):
        path = self.path("cat.PNG", b"cat")
        done = self.media("put", path, path, "--owner", self.owner)
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, r"^%s/\d+  3  image/png  \S+Z  cat\.PNG$" % self.owner)

    def test_fields_may_be_given(self):
        path = self.path("fields", b"x")
        (record,) = self.put(path, "--name", "n", "--content-type", "a/b", "--custom", "c")
        self.assertEqual((record["name"], record["content_type"], record["custom"]),
                         ("n", "a/b", "c"))

    def test_pipe(self):
        content = content_of(3 * MEBIBYTE + 17)
        (record,) = self.put("-", "--name", "film.webm", stdin=content)
        self.assertEqual(record["size"], len(content))
        self.assertEqual(self.get(record), content)

    def test_folder_comes_back_as_it_was(self):
        folder = self.path("folder")
        files = {"a.txt": b"a", "b/c.html": b"<p>", "b/d/big.mp4": content_of(2 * MEBIBYTE)}
        for name, content in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        records = self.put(folder, "--jobs", "3")
        self.assertEqual({record["name"] for record in records}, set(files))
        back = self.path("back")
        names = [self.name(record) for record in records]
        done = self.media("get", *names, "-o", back + "/", "--jobs", "3")
        self.assertEqual({line.split()[0].decode() for line in done.stdout.splitlines()},
                         set(names))
        for name, content in files.items():
            with open(os.path.join(back, name), "rb") as file:
                self.assertEqual(file.read(), content, name)

    def test_links_and_pipes_in_a_folder_are_told(self):
        folder = self.path("links")
        os.makedirs(os.path.join(folder, "deep"))
        with open(os.path.join(folder, "deep", "a.txt"), "wb") as file:
            file.write(b"a")
        os.symlink("a.txt", os.path.join(folder, "deep", "link"))
        os.symlink("deep", os.path.join(folder, "link"))
        os.mkfifo(os.path.join(folder, "pipe"))
        done = self.cat.run("media", "put", folder, "--owner", self.owner, "--json",
                            environment=self.environment)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"%s: links and special files are not sent (3 here)" % folder.encode(),
                      done.stderr)
        self.assertEqual([json.loads(line)["name"] for line in done.stdout.splitlines()],
                         ["deep/a.txt"])

    def test_a_name_is_for_one_file(self):
        path = self.path("named", b"x")
        done = self.media("put", path, path, "--name", "n", "--owner", self.owner, status=2)
        self.assertIn(b"--name is for one file, and there are 2", done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_names_stay_in_the_folder(self):
        record = self.put(self.path("x", b"evil"), "--name", "../../evil")[0]
        back = self.path("inside")
        self.media("get", self.name(record), "-o", back + "/")
        self.assertEqual(os.listdir(back), [str(record["media"])])

    def test_same_names_are_given_in_the_order_of_the_items(self):
        contents = [content_of(2 * MEBIBYTE >> i, seed=i) for i in range(4)]  # the first is last
        records = [self.put(self.path("same-name", content))[0] for content in contents]
        back = self.path("same-names")
        items = [self.name(record) for record in records + records[1:2] * 2]
        self.media("get", *items, "-o", back + "/", "--jobs", "8")
        names = ["same-name"] + ["same-name.%d" % record["media"] for record in records[1:]]
        twice = names[1] + ".%d" % records[1]["media"]
        self.assertEqual(sorted(os.listdir(back)),
                         sorted(names + [twice, twice + ".%d" % records[1]["media"]]))
        for name, content in zip(names + [twice], contents + contents[1:2]):
            with open(os.path.join(back, name), "rb") as file:
                self.assertTrue(file.read() == content, name)

    def test_ranges(self):
        content = content_of(2 * MEBIBYTE)
        (record,) = self.put(self.path("ranges", content))
        self.assertEqual(self.get(record, "--range", "0-99"), content[:100])
        self.assertEqual(self.get(record, "--range", "1000000-1500000"), content[1000000:1500001])
        self.assertEqual(self.get(record, "--range", "2097000-"), content[2097000:])
        self.assertEqual(self.get(record, "--range", "2097151-9999999"), content[-1:])
        done = self.media("get", self.name(record), "--range", "2097153-", status=1)
        self.assertIn(b"past the end", done.stderr)

    def test_same_content_is_stored_for_each_owner(self):
        path = self.path("same", b"same content")
        first, second = self.put(path)[0], self.put(path)[0]
        self.assertNotEqual(first["media"], second["media"])
        self.media("delete", self.name(first), "--yes")
        self.assertEqual(self.get(second), b"same content")


class Records(MediaTest):
    def test_list_stat_and_delete(self):
        records = [self.put(self.path("r%d" % i, b"r%d" % i))[0] for i in range(3)]
        listed = [json.loads(line) for line in
                  self.media("list", self.owner, "--json").stdout.splitlines()]
        self.assertEqual({record["media"] for record in listed},
                         {record["media"] for record in records})
        self.assertEqual([record["media"] for record in listed],
                         sorted((record["media"] for record in listed), reverse=True))
        stat = self.media("stat", self.name(records[0])).stdout.decode()
        self.assertRegex(stat, r"^%s  2  " % self.name(records[0]))
        deleted = self.media("delete", self.name(records[0]), "--yes").stdout.decode()
        self.assertEqual(deleted, self.name(records[0]) + " deleted\n")
        self.media("stat", self.name(records[0]), status=4)
        self.media("delete", "--all", self.owner, "--yes")
        self.assertEqual(self.media("list", self.owner).stdout, b"")

    def test_delete_asks(self):
        record = self.put(self.path("kept", b"kept"))[0]
        done = self.media("delete", self.name(record), status=2)
        self.assertIn(b"give --yes", done.stderr)
        self.assertEqual(self.get(record), b"kept")


class Mistakes(MediaTest):
    def test_say_what_to_do(self):
        record = self.put(self.path("mistakes", b"x"))[0]
        other = "%d/%d" % (record["owner"] + 100000, record["media"])
        for status, words, arguments in (
                (4, "not_found", ("get", other)),
                (4, "not_found", ("stat", other)),
                (4, "not_found", ("delete", other, "--yes")),
                (8, "No such file", ("put", self.path("missing"))),
                (8, "cannot", ("get", self.name(record), "-o", "/nonexistent/x")),
                (2, "needs a FILE", ("put",)),
                (2, "OWNER/ID", ("get", "42")),
                (2, "OWNER/ID", ("get",)),
                (2, "no range", ("get", self.name(record), "--range", "9-1")),
                (2, "one OWNER", ("list",)),
                (2, "OWNER", ("list", "x")),
                (2, "folder", ("get", self.name(record), other, "-o", self.path("file"))),
                (2, "no command media", ("frobnicate",)),
                (2, "33", ("put", "x", "--jobs", "33")),
                (2, "33", ("get", "1/2", "--jobs", "33"))):
            done = self.media(*arguments, status=status)
            self.assertIn(words, done.stderr.decode(), arguments)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith(b"smilecat: "), done.stderr)

    def test_one_file_of_several_is_missing(self):
        done = self.media("put", self.path("missing"), self.path("there", b"there"), "--owner",
                          self.owner, status=8)
        self.assertEqual(done.stdout.count(b"\n"), 1)

    def test_one_item_of_several_is_missing(self):
        records = [self.put(self.path("of-several-%d" % i, b"%d" % i))[0] for i in range(3)]
        names = [self.name(record) for record in records]
        names.insert(1, "%s/1" % self.owner)
        back = self.path("of-several")
        for jobs in ("1", "8"):
            done = self.media("get", *names, "-o", back + "/", "--jobs", jobs, status=4)
            self.assertEqual(done.stdout.count(b"\n"), 3)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertIn(names[1] + ": not_found", done.stderr.decode())
        self.assertEqual(len(os.listdir(back)), 3)

    def test_worst_of_several_is_the_status(self):
        record = self.put(self.path("worst", b"x"))[0]
        back = self.path("worst-back")
        os.makedirs(os.path.join(back, "worst"))  # where the file should be
        other = self.put(self.path("other", b"y"))[0]
        done = self.media("get", "%s/1" % self.owner, self.name(record), self.name(other), "-o",
                          back + "/", status=8)
        self.assertEqual(done.stdout.count(b"\n"), 1)
        self.assertEqual(done.stderr.count(b"\n"), 2)

    def test_output_that_cannot_be_written_is_a_local_failure(self):
        record = self.put(self.path("full", content_of(3 * MEBIBYTE)))[0]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.cat.command("media", "get", self.name(record)), stdout=full,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=False)
        self.assertEqual(done.returncode, 8, done)
        self.assertIn(b"No space left on device", done.stderr)
        done = self.media("get", self.name(record), "-o", "/dev/full", status=8)
        self.assertIn(b"cannot write /dev/full: No space left on device", done.stderr)

    def test_no_server(self):
        done = subprocess.run([PROGRAMS["smilecat"], "-s", "127.0.0.1:1", "media", "list", "1"],
                              capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
        self.assertEqual(done.returncode, 3)

    def test_help(self):
        for command in ("put", "get", "list", "stat", "delete", "resume"):
            self.assertIn(command, self.media("--help").stdout.decode())
            self.assertIn("Usage: smilecat media " + command,
                          self.media(command, "--help").stdout.decode())


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
