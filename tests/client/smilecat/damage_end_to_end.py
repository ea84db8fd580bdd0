"""smilecat and damaged stored data: what cannot be read is named, all else is there.

Usage: damage_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import base64
import json
import os
import random
import re

from smilecat_case import SmilecatTest, run_tests

USERS = 2000  # with one record each
NAMES = 2000  # records of one more user, 5000


def paths():
    yield from ("users/%d/profile" % user for user in range(USERS))
    yield from ("users/5000/%05d" % name for name in range(NAMES))


class DamageTest(SmilecatTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = random.Random(1)
        cls.values = {path: base64.b64encode(source.randbytes(75)).decode() for path in paths()}
        rows = [json.dumps({"key": key, "value": value}) for key, value in cls.values.items()]
        path = os.path.join(cls.directory, "all.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
        done = cls.cat.run("load", path)
        assert done.returncode == 0, done
        cls.server.stop()
        cls.damage_largest_table_file(0.25, 0.75)
        cls.server.start()

    @classmethod
    def damage_largest_table_file(cls, *places):
        """As long as the server is stopped: all is in table files then."""
        rocksdb = os.path.join(cls.directory, "data", "rocksdb")
        files = [os.path.join(rocksdb, n) for n in os.listdir(rocksdb) if n.endswith(".sst")]
        largest = max(files, key=os.path.getsize)
        with open(largest, "r+b") as file:
            for place in places:
                file.seek(int(os.path.getsize(largest) * place))
                file.write(b"\xde\xad\xbe\xef" * 2)

    def hides_the_disk(self, done):
        for output in (done.stdout, done.stderr):
            self.assertNotIn(self.directory.encode(), output)
            self.assertNotIn(b".sst", output)

    def pages(self, *request):
        continuation = None
        while continuation != "":
            going_on = ["--continuation", continuation] if continuation else []
            done = self.cat.run("--json", *request, *going_on)
            self.assertEqual(done.returncode, 0, done)
            self.hides_the_disk(done)
            page = json.loads(done.stdout)
            continuation = page["continuation"]
            yield page

    def test_scan_continues_after_a_damaged_block(self):
        pages = self.pages("scan", "users/5000", "--limit", "1000")
        entries = [entry for page in pages for entry in page["entries"]]
        outcomes = [entry["outcome"] for entry in entries]
        self.assertEqual(outcomes.count("gap"), 1)
        found = [entry for entry in entries if entry["outcome"] == "found"]
        self.assertTrue(NAMES - 200 < len(found) < NAMES, len(found))
        for entry in found:
            self.assertEqual(entry["record"]["value"], self.values["users/5000/" + entry["sort"]])
        done = self.cat.run("scan", "users/5000", "--all", "--keys-only")
        self.assertEqual(done.returncode, 9, done)
        self.assertEqual(len(done.stdout.splitlines()), len(entries))
        self.hides_the_disk(done)

    def test_list_continues_after_a_damaged_block(self):
        pages = list(self.pages("list", "users", "--limit", "1000"))
        self.assertIn(True, [page["gap"] for page in pages])
        listed = [partition for page in pages for partition in page["partitions"]]
        self.assertTrue(USERS - 200 < len(listed) < USERS + 1, len(listed))
        self.assertEqual(listed[-1], "users/5000")

    def test_dump_reports_what_is_missing(self):
        out = self.path("dump.jsonl")
        done = self.cat.run("dump", "users", "-o", out)
        self.assertEqual(done.returncode, 9, done)
        self.hides_the_disk(done)
        with open(out, encoding="utf-8") as file:
            dumped = [json.loads(line) for line in file]
        for record in dumped:
            self.assertEqual(record["value"], self.values[record["key"]])
        missing = set(self.values) - {record["key"] for record in dumped}
        self.assertTrue(0 < len(missing) < 400, len(missing))
        words = done.stderr.decode()
        users = re.search(r"partitions of users after users/(\d+), before users/(\d+) cannot", words)
        names = re.search(
            r"records of users/5000 after users/5000/(\d+), before users/5000/(\d+) cannot", words)
        first, last = int(users[1]) + 1, int(users[2])
        named = {"users/%d/profile" % user for user in range(first, last)}
        first, last = int(names[1]) + 1, int(names[2])
        named |= {"users/5000/%05d" % name for name in range(first, last)}
        self.assertEqual(missing, named)
        # A user whose records begin in the block, as far as can be known, is a third range.
        self.assertRegex(words, r"0 not read whole, 0 records and [23] ranges not readable")

        whole = self.cat.run("dump", "users/1", "-o", out)
        self.assertEqual(whole.returncode, 0, whole)


if __name__ == "__main__":
    run_tests()
