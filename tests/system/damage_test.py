"""Damage to a data directory, from its beginning to its end, as an operator meets it: smiled serves
what is not damaged and tells of the rest, check names it, repair gives it up.

Usage: damage_test.py SMILECAT SMILED [TEST...]
"""

import os
import random
import re
import subprocess

from process_case import SMILECAT, SMILED, TIMEOUT_SECONDS, ProcessTest, main, smile

USERS = 2000
IN_FLIGHT = 200
NODES = 1500


def user(number):
    return smile.key(smile.USERS, smile.number_key(number), b"profile")


def value_of(number):
    return b"%d " % number + random.Random(number).randbytes(100)


class DamageTest(ProcessTest):
    def put_all(self, client, numbers, value=value_of):
        numbers = list(numbers)
        for begin in range(0, len(numbers), IN_FLIGHT):
            some = numbers[begin:begin + IN_FLIGHT]
            for number in some:
                data = value(number)
                client.send(smile.PUT, user(number) + smile.condition(smile.ALWAYS)
                            + smile.u64(smile.checksum(data)) + smile.counted(data))
            for _ in some:
                self.assertEqual(client.read_reply()[1], 0)

    def read_all(self, client):
        """The numbers of corrupt and of missing records."""
        corrupt, missing = [], []
        for number in range(USERS):
            try:
                self.assertEqual(client.get(user(number))["value"], value_of(number))
            except smile.SmileError as error:
                self.assertNotIn("/", error.message)
                {"corrupt": corrupt, "not_found": missing}[error.status].append(number)
        return corrupt, missing

    def tables(self):
        """Paths of the table files, largest first."""
        directory = self.path("data/rocksdb")
        found = [os.path.join(directory, name) for name in os.listdir(directory)
                 if name.endswith(".sst")]
        return sorted(found, key=os.path.getsize, reverse=True)

    def written(self):
        """The path of the table file with all users; the server is stopped."""
        process, port = self.serving()
        self.put_all(self.client(port), range(USERS))
        self.stop(process)
        return self.tables()[0]

    def overwrite(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(b"\xde\xad\xbe\xef\xde\xad\xbe\xef")

    def maintain(self, command, status, *options):
        """Its output on stdout and stderr."""
        done = subprocess.run([SMILED, command, self.path("data"), *options],
                              capture_output=True, timeout=TIMEOUT_SECONDS, text=True)
        self.assertEqual(done.returncode, status, done)
        return done.stdout + done.stderr

    def expect_repaired(self, missing):
        self.assertIn("nothing is damaged", self.maintain("check", 0))
        process, port = self.serving()
        client = self.client(port)
        self.assertEqual(self.read_all(client), ([], missing))
        self.assertNotIn("trouble", self.smilecat(port, "ping"))
        self.put_all(client, missing)
        self.assertEqual(self.read_all(client), ([], []))
        self.stop(process)
        self.assertIn("nothing is damaged", self.maintain("check", 0))

    def test_damaged_block(self):
        table = self.written()
        self.overwrite(table, os.path.getsize(table) // 2)
        process, port = self.serving()
        self.assertNotIn("trouble", self.smilecat(port, "ping"))  # nobody has met it
        client = self.client(port)
        corrupt, missing = self.read_all(client)
        self.assertEqual(missing, [])
        self.assertIn(len(corrupt), range(1, 200))
        self.assertEqual(corrupt, list(range(corrupt[0], corrupt[-1] + 1)))
        self.assertIn('trouble="damaged"', self.smilecat(port, "ping"))
        self.assertGreaterEqual(client.stats()["storage.damage.corrupt_reads_count"], len(corrupt))
        self.wait_for_log(os.path.basename(table))
        # Damaged records can be overwritten.
        client.put(user(corrupt[0]), value_of(corrupt[0]))
        self.put_all(client, range(USERS, USERS + 100))
        self.assertEqual(self.read_all(client), (corrupt[1:], []))
        self.stop(process)

        around = "records after users/%d/profile, before users/%d/profile" % (
            corrupt[0] - 1, corrupt[-1] + 1)
        told = self.maintain("check", 1)
        self.assertIn("users: a block of " + os.path.basename(table), told)
        self.assertIn(around, told)
        self.assertIn("damaged blocks 1, records 0, files 0", told)
        self.assertIn("damaged blocks 1", self.maintain("check", 1))  # it changes nothing
        told = self.maintain("repair", 0)
        self.assertIn(around, told)
        self.assertIn("removed; saved in " + self.path("data/salvage/"), told)
        self.expect_repaired(corrupt[1:])

    def test_damaged_footer_loses_nothing(self):
        table = self.written()
        self.overwrite(table, os.path.getsize(table) - 8)
        process, port = self.serving()
        client = self.client(port)
        self.assertEqual(self.read_all(client), ([], []))
        self.assertIn('trouble="damaged"', self.smilecat(port, "ping"))
        self.assertEqual(client.stats()["storage.damage.rebuilt_files_count"], 1)
        self.wait_for_log("smiled repair " + self.path("data"))
        self.put_all(client, range(USERS, USERS + 100))
        self.stop(process)
        self.assertIn("all of its 2,000 entries can be read", self.maintain("check", 1))
        self.maintain("repair", 0)
        self.expect_repaired([])

    def test_missing_file(self):
        os.remove(self.written())
        process, port = self.serving()
        client = self.client(port)
        self.assertEqual(self.read_all(client), (list(range(USERS)), []))
        self.assertIn('trouble="damaged"', self.smilecat(port, "ping"))
        client.put(user(7), value_of(7))
        self.put_all(client, range(USERS, USERS + 100))
        self.stop(process)
        lost = "lost are records from users/0/profile, to users/1999/profile"
        self.assertIn(lost, self.maintain("check", 1))
        self.assertIn(lost, self.maintain("repair", 0))
        self.expect_repaired([number for number in range(USERS) if number != 7])

    def test_missing_file_above_older_records(self):
        self.written()
        process, port = self.serving()
        self.put_all(self.client(port), range(0, 150), lambda number: b"newer")
        self.stop(process)
        os.remove(self.tables()[1])
        self.assertIn("lost are records from users/0/profile, to users/149/profile",
                      self.maintain("check", 1))
        told = self.maintain("repair", 3)
        self.assertIn("150 records, the first of them users/0/profile,", told)
        self.assertIn("nothing was changed", told)
        told = self.maintain("repair", 0, "--delete-older")
        self.assertIn("users/99/profile has an older version", told)
        self.assertNotIn("users/100/profile has an older version", told)
        self.assertIn("likewise 50 other records", told)
        self.expect_repaired(list(range(150)))

    def test_repair_after_an_interrupted_one_restores_all_users(self):
        self.written()
        mark = os.path.join(self.path("data"), "REPAIR")
        with open(mark, "w", encoding="ascii"):
            pass
        self.stop(self.serving()[0])
        self.assertIn("was interrupted, so links may be wrong and logins not listed", self.log())
        told = self.maintain("repair", 0)
        self.assertIn("an earlier repair was interrupted: links and accounts of all users are restored",
                      told)
        self.assertEqual([line.split(":")[0] for line in told.splitlines()[-2:]],
                         ["links", "accounts"])
        self.assertFalse(os.path.exists(mark))
        self.assertNotIn("interrupted", self.maintain("repair", 0))

    def all_links(self, port):
        return self.smilecat_lines(port, [words % node for node in range(NODES)
                                          for words in ("link_counts %d", "link_list %d friend")])

    def smilecat_lines(self, port, lines):
        done = subprocess.run([SMILECAT, "-s", "127.0.0.1:%d" % port],
                              input="".join(line + "\n" for line in lines),
                              capture_output=True, timeout=TIMEOUT_SECONDS, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_links_are_restored_from_their_other_side(self):
        process, port = self.serving()
        # The sides of a link are far apart, so that no block has both.
        # Two of the long values are more than a compact head contains.
        self.smilecat_lines(port, ["link %d friend %d --value %s --time-ms %d"
                                   % (node, (node + NODES // 2) % NODES,
                                      "v" * (1000 if node % 2 == 0 else 1), 1000 + node)
                                   for node in range(NODES)]
                            + ["link %d friend %d --time-ms 7"
                               % (node, (node + NODES // 3) % NODES) for node in range(NODES)])
        links = self.all_links(port)
        self.stop(process)
        table = self.tables()[0]
        self.overwrite(table, os.path.getsize(table) // 2)
        self.assertIn("links: a block of", self.maintain("check", 1))
        told = self.maintain("repair", 0)
        restored = re.search(r"links: ([\d,]+) sides restored", told)
        self.assertIsNotNone(restored, told)
        self.assertGreater(int(restored[1].replace(",", "")), 10)
        process, port = self.serving()
        self.assertEqual(self.all_links(port), links)
        self.stop(process)
        self.assertIn("links: 0 sides restored from their other side or view, 0 counts corrected",
                      self.maintain("repair", 0, "--all-users"))

    def all_logins(self, port):
        return self.smilecat_lines(port, [words % node for node in range(1, NODES)
                                          for words in ("login_list %d", "session_list %d")])

    def table_of(self, family):
        """The path of the only table file of a column family, whose properties name it."""
        found = []
        for path in self.tables():
            with open(path, "rb") as file:
                if family in file.read():
                    found.append(path)
        self.assertEqual(len(found), 1)
        return found[0]

    # Else these logins could not be removed with their user.
    def test_logins_are_listed_again(self):
        process, port = self.serving()
        no_password = self.path("no-password")
        with open(no_password, "wb"):
            pass
        self.smilecat_lines(port, [words % (node, node) for node in range(1, NODES)
                                   for words in ("login_import login-%d %d @" + no_password,
                                                 "session_make %d --label phone-%d")])
        listed = self.all_logins(port)
        self.stop(process)
        table = self.table_of(b"accounts")
        self.overwrite(table, os.path.getsize(table) // 2)
        self.assertIn("accounts: a block of", self.maintain("check", 1))
        told = self.maintain("repair", 0)
        restored = re.search(r"accounts: (\d+) records restored from logins", told)
        self.assertIsNotNone(restored, told)
        self.assertGreater(int(restored[1]), 10)
        process, port = self.serving()
        self.assertEqual(self.all_logins(port), listed)
        told = self.smilecat_lines(port, ["user_erase %d" % node for node in range(1, NODES)])
        self.assertEqual(told.count("logins=1 sessions=1"), NODES - 1)
        self.assertIn("partitions=0", self.smilecat(port, "list", "logins"))
        self.stop(process)


if __name__ == "__main__":
    main()
