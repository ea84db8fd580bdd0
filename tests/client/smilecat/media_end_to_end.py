"""`smilecat media` as it is run: photos and videos in and out of a real server."""

import hashlib
import json
import os
import subprocess

from media_case import MEBIBYTE, MediaTest, content_of
from smilecat_case import PROGRAMS, run_tests
from smile_process import TIMEOUT_SECONDS


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


if __name__ == "__main__":
    run_tests()
