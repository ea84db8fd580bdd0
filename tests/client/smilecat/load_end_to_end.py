"""smilecat load and dump, against a real smiled, also when one of them is killed.

Usage: load_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import json
import os
import re
import signal
import subprocess

from smilecat_case import TIMEOUT_SECONDS, SmilecatTest, run_tests


def offset(position):
    """The bytes of the input before a load's position."""
    try:
        with open(position) as file:
            return json.load(file)["offset"]
    except FileNotFoundError:
        return 0


class LoadTest(SmilecatTest):
    def load(self, *arguments, stdin=b""):
        done = self.cat.run("load", "--json", *arguments, stdin=stdin)
        return done, json.loads(done.stdout) if done.stdout else None

    def dump(self, path):
        done = self.cat.run("dump", path)
        self.assertEqual(done.returncode, 0, done)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return {record["key"]: record for record in records}

    def test_rows_that_repeat_a_key_end_as_the_last_one(self):
        rows = ["id,name"] + ["%d,%d" % (i % 10, i) for i in range(5000)]
        csv = self.path("repeat.csv", "\n".join(rows).encode())
        done, summary = self.load(csv, "-k", "media/10/{id}", "--value", "{name}")
        self.assertEqual((done.returncode, summary["written"]), (0, 5000), done)
        values = {key: record["value"] for key, record in self.dump("media/10").items()}
        self.assertEqual(values, {"media/10/%d" % i: str(4990 + i) for i in range(10)})

    def test_with_if_absent_the_first_row_stays_and_others_are_already_there(self):
        csv = self.path("absent.csv", b"id,name\na/b,1\na/b,2\nc,3\n")
        done, summary = self.load(csv, "-k", "logins/{id}", "--value", "{name}", "--if-absent")
        self.assertEqual((summary["written"], summary["already_there"]), (2, 1), done)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.ok("get", "logins/a%2Fb"), b"1")

    def test_an_edge_makes_records_both_ways_and_a_self_loop_one(self):
        csv = self.path("edges.csv", b"a,b\n1,2\n3,3\n1,2\n")
        done, summary = self.load(
            csv, "-t", "links", "-k", "{a}/friend/{b}", "-k", "{b}/friend/{a}", "--value", ""
        )
        self.assertEqual((done.returncode, summary["written"]), (0, 5), done)
        self.assertEqual(
            sorted(self.dump("links")), ["links/1/friend/2", "links/2/friend/1", "links/3/friend/3"]
        )

    def test_bad_rows_are_reported_with_their_line_and_bounded(self):
        csv = self.path("bad.csv", b'id,n\n1,x\n-1,x\n2,x,y\n"q"z,1\n3,x\n')
        done, summary = self.load(csv, "-k", "users/{id}/bad")
        self.assertEqual((done.returncode, summary["written"], summary["bad_rows"]), (9, 2, 3))
        for line in [3, 4, 5]:
            self.assertIn(b"line %d: the row" % line, done.stderr)
        done, summary = self.load(
            self.path("many.csv", b"id\n" + b"x\n" * 1000), "-k", "users/{id}/bad"
        )
        self.assertEqual(done.returncode, 9)
        self.assertFalse(summary["whole"])
        self.assertIn(b"--max-errors", done.stderr)

    def test_a_dump_is_loaded_again_byte_for_byte(self):
        values = {"a": bytes(range(256)), "b%2Fc": b"", "d": "\u00e9\n\"".encode(), "e": b"\x00"}
        for name, value in values.items():
            self.ok("put", "users/77/" + name, "-", stdin=value)
        self.ok("put", "users/77/expires", "soon", "--expire-seconds", "1000")
        dump = self.path("dump.jsonl")
        self.assertEqual(self.cat.run("dump", "users/77", "-o", dump).returncode, 0)
        before = self.dump("users/77")
        for name in [*values, "expires"]:
            self.ok("delete", "users/77/" + name)
        self.assertEqual(self.dump("users/77"), {})
        done, summary = self.load(dump)
        self.assertEqual((done.returncode, summary["written"]), (0, 5), done)
        after = self.dump("users/77")
        for name, value in values.items():
            self.assertEqual(self.ok("get", "users/77/" + name), value)
        for records in (before, after):
            for record in records.values():
                del record["version"]
        expiry = [records["users/77/expires"].pop("expires_ms") for records in (before, after)]
        self.assertEqual(before, after)
        self.assertLessEqual(abs(expiry[0] - expiry[1]), 60_000)

    def test_json_lines_map_their_members_and_expired_records_stay_out(self):
        lines = b'{"id":5,"name":"x","tags":[1,2]}\n{"id":6}\n'
        done, summary = self.load("-", "--format", "jsonl", "-k", "users/{id}/json", stdin=lines)
        self.assertEqual((done.returncode, summary["written"]), (0, 2), done)
        self.assertEqual(self.ok("get", "users/5/json"), b'{"id":5,"name":"x","tags":[1,2]}')
        expired = b'{"key":"users/9/old","value":"x","expires_ms":1}\n'
        done, summary = self.load("-", "--format", "jsonl", stdin=expired)
        self.assertEqual((summary["written"], summary["expired"]), (0, 1))

    def test_a_load_that_was_killed_goes_on_where_it_was(self):
        rows = 150_000
        csv = self.path(
            "big.csv", b"id,v\n" + b"".join(b"%d,%d\n" % (i % 50_000, i) for i in range(rows))
        )
        position = self.path("position")
        arguments = ["load", csv, "-k", "users/{id}/big", "--value", "{v}", "--resume", position]
        kills = 0
        for _ in range(3):
            process = subprocess.Popen(self.cat.command(*arguments), stdout=subprocess.DEVNULL)
            start = offset(position)
            while process.poll() is None and offset(position) == start:
                try:
                    process.wait(0.01)
                except subprocess.TimeoutExpired:
                    pass
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait(TIMEOUT_SECONDS)
        self.assertGreater(kills, 0)
        self.assertGreater(offset(position), 0)
        done, summary = self.load(*arguments[1:])
        self.assertEqual((done.returncode, summary["rows"], summary["whole"]), (0, rows, True), done)
        dump = self.dump("users")
        for i in range(50_000):
            self.assertEqual(dump["users/%d/big" % i]["value"], str(100_000 + i))
        done, summary = self.load(*arguments[1:])
        self.assertEqual((summary["rows"], summary["written"]), (rows, rows))
        done = self.cat.run("load", csv, "-k", "users/{id}/other", "--resume", position)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"position of another load", done.stderr)


class LostServerTest(SmilecatTest):
    def test_a_load_goes_on_when_the_server_was_away_for_a_while(self):
        rows = 60_000
        csv = self.path("rows.csv", b"id\n" + b"".join(b"%d\n" % i for i in range(rows)))
        position = self.path("position")
        port = self.server.address
        process = subprocess.Popen(
            self.cat.command(
                "load", csv, "-k", "media/1/{id}", "--value", "{id}", "--resume", position, "--json"
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
        done = self.cat.run("dump", "media/1")
        self.assertEqual(done.stdout.count(b"\n"), rows)


class InterruptedTest(SmilecatTest):
    """Ctrl-C while the server is held up, which makes sure that the task is under way."""

    def setUp(self):
        self.ok("put", "users/1/x", "1")
        self.server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.process.send_signal, signal.SIGCONT)

    def begin_dump(self, directory):
        """A dump whose unfinished file is there: its signals are looked after by then."""
        os.mkdir(self.path(directory))
        process = subprocess.Popen(
            self.cat.command("dump", "users", "-o", self.path(directory + "/out")),
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_while(process, lambda: not os.listdir(self.path(directory)))
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

    def is_pending(self, process):
        with open("/proc/%d/status" % process.pid) as file:
            pending = re.search(r"^ShdPnd:\s*(\w+)", file.read(), re.MULTILINE).group(1)
        return int(pending, 16) != 0

    def test_an_interrupted_dump_leaves_no_unfinished_file(self):
        process = self.begin_dump("once")
        process.send_signal(signal.SIGINT)
        self.wait_while(process, lambda: self.is_pending(process))
        self.server.process.send_signal(signal.SIGCONT)
        _, words = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(words, b"smilecat: interrupted, the dump is not whole\n")
        self.assertEqual(process.returncode, 130)
        self.assertEqual(os.listdir(self.path("once")), [])

    def test_a_second_signal_ends_what_waits_for_a_server_that_does_not_answer(self):
        process = self.begin_dump("twice")
        process.send_signal(signal.SIGINT)
        self.wait_while(process, lambda: self.is_pending(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, -signal.SIGINT)


if __name__ == "__main__":
    run_tests()
