"""smilecat load and dump, against a real smiled, also when one of them is killed.

Usage: load_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import fcntl
import json
import os
import signal
import subprocess

from smilecat_case import TIMEOUT_SECONDS, SmilecatTest, offset, run_tests


class LoadTest(SmilecatTest):
    def load(self, *arguments, stdin=b""):
        done = self.cat.run("load", "--json", *arguments, stdin=stdin)
        return done, json.loads(done.stdout) if done.stdout else None

    def dump(self, path):
        done = self.cat.run("dump", path)
        self.assertEqual(done.returncode, 0, done)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return {record["key"]: record for record in records}

    def test_last_row_of_a_key_wins(self):
        rows = ["id,name"] + ["%d,%d" % (i % 10, i) for i in range(5000)]
        csv = self.path("repeat.csv", "\n".join(rows).encode())
        done, summary = self.load(csv, "-k", "posts/910/{id}", "--value", "{name}")
        self.assertEqual((done.returncode, summary["written"]), (0, 5000), done)
        values = {key: record["value"] for key, record in self.dump("posts/910").items()}
        self.assertEqual(values, {"posts/910/%d" % i: str(4990 + i) for i in range(10)})

    def test_with_if_absent_the_first_row_wins(self):
        csv = self.path("absent.csv", b"id,name\na%2Fb,1\na%2Fb,2\nc,3\n")
        for key in ("users/61/{id}", "logins/{id}"):
            done, summary = self.load(csv, "-k", key, "--value", "{name}", "--if-absent")
            self.assertEqual((summary["written"], summary["already_there"]), (2, 1), done)
            self.assertEqual(done.returncode, 0)
        self.assertEqual(self.ok("get", "users/61/a%252Fb"), b"1")

    def test_logins_are_loaded_with_older_hashes_and_dumped_only_with_credentials(self):
        old = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"
        csv = self.path("logins.csv", ("id,mail,hash\n7001,old@x,%s\n7002,bad@x,nonsense\n" % old).encode())
        done, summary = self.load(csv, "-k", "logins/{mail}", "--value", "{id} {hash}")
        self.assertEqual((summary["written"], summary["refused"]), (1, 1), done)
        self.assertNotIn(b"nonsense", done.stderr)
        secret = self.path("password", b"secret\n")
        self.assertIn(b"7001", self.ok("login_verify", "old@x", "@" + secret))
        done = self.cat.run("dump", "logins")
        self.assertIn(b"--with-credentials", done.stderr)
        self.assertEqual(done.returncode, 2)
        done = self.cat.run("dump", "logins", "--with-credentials")
        self.assertIn(b"--allow-credential-export", done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_edge_makes_a_link_with_two_sides_and_self_loop_none(self):
        csv = self.path("edges.csv", b"a,b\n1,2\n3,3\n1,2\n4,1\n")
        done, summary = self.load(csv, "-t", "links", "-k", "{a}/friend/{b}", "--value", "")
        self.assertEqual((done.returncode, summary["written"], summary["refused"]), (9, 3, 1), done)
        self.assertIn(b"links/3/friend/3: invalid: a user cannot be linked to itself", done.stderr)
        sides = ["1/friend/2", "1/friend/4", "2/friend/1", "4/friend/1"]
        dumped = [key for key in sorted(self.dump("links")) if key[7] == "/"]  # of small ids
        self.assertEqual(dumped, ["links/" + side for side in sides])
        self.assertEqual(sorted(self.dump("links/1")), ["links/" + side for side in sides[:2]])
        self.assertEqual(self.ok("link_count", "1", "friend").strip(), b"count=2")
        done, _ = self.load(csv, "-k", "links/{a}/friend/{b}", "--value", "", "--expire", "60")
        self.assertIn(b"a link with a TTL", done.stderr)

    def test_dump_of_links_round_trips(self):
        folder = os.path.join(self.directory, "config")
        os.makedirs(os.path.join(folder, "smile"))
        self.path("config/smile/smilecat.conf", b"link-kinds = colleague 6, likes 77\n")
        own = dict(os.environ, XDG_CONFIG_HOME=folder)

        def run(*arguments):
            done = self.cat.run(*arguments, environment=own)
            self.assertEqual(done.returncode, 0, done)

        run("link", "71", "colleague", "72", "--inverse", "colleague", "--time-ms", "9")
        run("link", "71", "likes", "73", "--value", "a")
        dump = self.path("links.jsonl")
        run("dump", "links/71", "-o", dump)
        with open(dump, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([line["key"] for line in lines],
                         ["links/71/colleague/72", "links/71/likes/73"])
        self.assertEqual((lines[0]["time_ms"], lines[0]["inverse"]), (9, 6))
        self.assertNotIn("inverse", lines[1])
        before = self.dump("links/72"), self.dump("links/73")
        self.ok("unlink", "72", "6", "71")
        run("unlink", "71", "likes", "73")
        self.assertEqual(self.dump("links/71"), {})
        run("load", dump)
        self.assertEqual((self.dump("links/72"), self.dump("links/73")), before)

    def test_bad_rows_are_reported_with_their_line_and_bounded(self):
        csv = self.path("bad.csv", b'id,n\n1,x\n-1,x\n2,x,y\n"q"z,1\n3,x\n')
        done, summary = self.load(csv, "-k", "users/{id}/bad")
        self.assertEqual((done.returncode, summary["written"], summary["bad_rows"]), (9, 2, 3))
        for line in [3, 4, 5]:
            self.assertIn(b"bad.csv: line %d: the row" % line, done.stderr)
        done, summary = self.load(
            self.path("many.csv", b"id\n" + b"x\n" * 1000), "-k", "users/{id}/bad"
        )
        self.assertEqual(done.returncode, 9)
        self.assertFalse(summary["whole"])
        self.assertIn(b"--max-errors", done.stderr)

    def test_dump_all_round_trips(self):
        keys = ["users/8/all", "posts/8/1", "posts/98/1"]
        for key in keys:
            self.ok("put", key, "of " + key)
        dump = self.path("all.jsonl")
        self.assertEqual(self.cat.run("dump", "--all", "-o", dump).returncode, 0)
        for key in keys:
            self.ok("delete", key)
        done, summary = self.load(dump)
        self.assertEqual((done.returncode, summary["bad_rows"]), (0, 0), done)
        for key in keys:
            self.assertEqual(self.ok("get", key).decode(), "of " + key)
            self.ok("delete", key)

    def test_numbers_of_json_keep_their_digits_in_keys_values_and_dumps(self):
        keys = ["12345678901234567890123", "12345678901234567890124"]
        rows = [b'{"id":%s,"a":[2.50,1e3,-0]}' % key.encode() for key in keys]
        lines = b"\n".join(rows) + b"\n"
        done, summary = self.load("-", "--format", "jsonl", "-k", "users/60055/{id}", stdin=lines)
        self.assertEqual((done.returncode, summary["written"]), (0, 2), done)
        values = {key: record["value"].encode() for key, record in self.dump("users/60055").items()}
        self.assertEqual(values, {"users/60055/" + key: row for key, row in zip(keys, rows)})

    def test_deep_or_duplicate_rows_are_bad_and_the_load_continues(self):
        deep = b'{"id":2,"v":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
        rows = [b'{"id":1}', deep, b'{"id":3}', b'{"id":4,"id":5}', b'{"id":6}']
        path = self.path("deep.jsonl", b"\n".join(rows) + b"\n")
        arguments = (path, "-k", "users/60056/{id}", "--resume", self.path("deep.position"))
        done, summary = self.load(*arguments)
        self.assertEqual((summary["written"], summary["bad_rows"]), (3, 2), done)
        self.assertEqual(done.returncode, 9)
        self.assertIn(b"deep.jsonl: line 2: the row is nested over", done.stderr)
        self.assertIn(b'deep.jsonl: line 4: the row has two members "id"', done.stderr)
        done, summary = self.load(*arguments)
        self.assertEqual((summary["rows"], summary["total"]["rows"]), (0, 5), done)
        self.assertEqual(done.returncode, 0)

    def test_unclosed_quote_reports_the_swallowed_lines(self):
        lines = ["%d,n" % i for i in range(2, 1000)]
        lines[3] = '5,"open'
        lines[602] = '604,"closed"'
        csv = self.path("open.csv", "\n".join(["id,name", *lines, ""]).encode())
        done, summary = self.load(csv, "-k", "users/{id}/open")
        self.assertEqual((done.returncode, summary["written"], summary["bad_rows"]), (9, 398, 1))
        self.assertIn(b"open.csv: lines 5 to 604: ", done.stderr)
        self.assertIn(b"600 lines are lost", done.stderr)

    def test_row_with_many_lines_is_loaded_and_reported_once(self):
        lines = ["%d,n" % i for i in range(2, 1000)]
        lines[3], lines[602] = '5,"open', '604,closed"'
        lines[700], lines[900] = '702,"open', '902,closed"'
        csv = self.path("many_lines.csv", "\n".join(["id,name", *lines, ""]).encode())
        done, summary = self.load(csv, "-k", "posts/957/{id}")
        self.assertEqual((done.returncode, summary["written"]), (0, 199), done)
        self.assertIn(b"many_lines.csv: lines 5 to 604: one row with 600 lines", done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_row_errors_are_sentences(self):
        csv = self.path("sentences.csv", b"id,ttl\nx,1\n1\n2,soon\n")
        done, _ = self.load(csv, "-k", "users/{id}/x", "--expire", "{ttl}", "--max-errors", "2")
        for text in (b'line 2: the row has an invalid key: "x" is not a valid user',
                     b"line 3: the row has 1 column, the first line names 2",
                     b'line 4: the row has the TTL "soon", which is not a number of seconds'):
            self.assertIn(text, done.stderr)
        done, _ = self.load(csv, "-k", "users/1/{id}", "--max-errors", "0")
        self.assertIn(b"stopped after 1 error;", done.stderr)
        lines = b'{"key":"nowhere/1","value":"x"}\n'
        done, _ = self.load("-", "--format", "jsonl", stdin=lines)
        self.assertIn(b'the row has an invalid key: unknown table "nowhere"', done.stderr)
        endless = self.path("endless.csv", b'id\n"' + b"x" * (9 << 20))
        done, _ = self.load(endless, "-k", "users/{id}/x")
        self.assertIn(b"endless.csv: line 2: a row of over", done.stderr)

    def test_file_content_is_escaped(self):
        name = "title\x1b]0;x\x07\u202e.csv"
        csv = self.path(name, b"id,\x1b[31mred\n\x9b31m,2\n")
        escaped = b"title\\x1b]0;x\\x07\\xe2\\x80\\xae.csv"
        for template in ("users/{id}/x", "users/{nr}/x"):
            done = self.cat.run("load", csv, "-k", template)
            self.assertIn(escaped, done.stderr)
            output = done.stdout + done.stderr
            self.assertFalse([byte for byte in output if byte < 32 and byte != 10], output)
            self.assertNotIn(b"\x9b", output)
        self.assertIn(b"\\x1b[31mred", done.stderr)

    def test_dump_round_trips(self):
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

    def test_json_members_are_mapped_and_expired_records_skipped(self):
        lines = b'{"id":5,"name":"x","tags":[1,2]}\n{"id":6}\n'
        done, summary = self.load("-", "--format", "jsonl", "-k", "users/{id}/json", stdin=lines)
        self.assertEqual((done.returncode, summary["written"]), (0, 2), done)
        self.assertEqual(self.ok("get", "users/5/json"), b'{"id":5,"name":"x","tags":[1,2]}')
        expired = b'{"key":"users/9/old","value":"x","expires_ms":1}\n'
        done, summary = self.load("-", "--format", "jsonl", stdin=expired)
        self.assertEqual((summary["written"], summary["expired"]), (0, 1))

    def test_killed_load_resumes(self):
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
        self.assertEqual((done.returncode, summary["whole"]), (0, True), done)
        self.assertEqual(summary["total"]["rows"], rows)
        self.assertLess(summary["rows"], rows)
        dump = self.dump("users")
        for i in range(50_000):
            self.assertEqual(dump["users/%d/big" % i]["value"], str(100_000 + i))
        done, summary = self.load(*arguments[1:])
        self.assertEqual((summary["rows"], summary["written"]), (0, 0), "nothing is new")
        self.assertEqual(summary["total"]["written"], rows)
        done = self.cat.run("load", csv, "-k", "users/{id}/other", "--resume", position)
        self.assertEqual(done.returncode, 8)
        self.assertIn(b"position of another load", done.stderr)


class CredentialsTest(SmilecatTest):
    """With a server that exports them."""

    server_options = ("--allow-credential-export",)

    def test_dump_of_logins_round_trips(self):
        secret = self.path("password", b"correct horse\n")
        old = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"
        users = {"a/ da@x": 7101, "old@x": 7102, "none@x": 7103}
        self.ok("login_register", "a/ da@x", "@" + secret, "--user", "7101")
        for login, content in (("old@x", old), ("none@x", "")):
            self.ok("login_import", login, str(users[login]),
                    "@" + self.path("credential", content.encode()))
        self.ok("put", "users/7101/name", "Ada")
        dump = self.path("logins.jsonl")
        for arguments, lines in ((("logins",), 3), (("--all",), 4)):
            done = self.cat.run("dump", *arguments, "--with-credentials", "-o", dump)
            self.assertEqual(done.returncode, 0, done)
            self.assertNotIn(b"argon2", done.stderr)
            with open(dump, encoding="utf-8") as file:
                self.assertEqual(len(file.readlines()), lines)
        done = self.cat.run("dump", "--all")
        self.assertEqual((done.returncode, done.stdout.count(b"\n")), (0, 1), done)
        self.assertIn(b"logins are left out", done.stderr)

        for login in users:
            self.ok("login_remove", login)
        self.ok("delete", "users/7101/name")
        done = self.cat.run("load", "--json", dump)
        self.assertEqual(json.loads(done.stdout)["written"], 4, done)
        verified = self.ok("--json", "login_verify", "a/ da@x", "@" + secret)
        self.assertEqual(json.loads(verified), {"user": 7101})
        self.assertIn(b"7102", self.ok("login_verify", "old@x", "@" + self.path("s", b"secret\n")))
        self.assertIn(b"form=none", self.ok("login_list", "7103"))
        # Once more changes nothing: a login that is there keeps its credential.
        done = self.cat.run("load", "--json", dump)
        summary = json.loads(done.stdout)
        self.assertEqual((summary["written"], summary["already_there"]), (3, 1), done)


class ResumeTest(SmilecatTest):
    """One load after the other of a file that grows or is changed."""

    def setUp(self):
        self.csv = self.path(self.id() + ".csv")
        self.position = self.path(self.id() + ".position")
        self.name = self.id().rsplit(".", 1)[1]

    def append(self, content):
        with open(self.csv, "ab") as file:
            file.write(content)

    def load(self, status=0):
        done = self.cat.run(
            *("load", self.csv, "-k", "users/{id}/" + self.name, "--value", "{v}", "--json"),
            *("--resume", self.position),
        )
        self.assertEqual(done.returncode, status, done)
        if status == 0:
            summary = json.loads(done.stdout)
            return summary["rows"], summary["total"]["rows"]
        return done.stderr.decode()

    def value(self, row):
        return self.ok("get", "users/%d/%s" % (row, self.name))

    def test_grown_last_line_is_read_again(self):
        self.append(b"id,v\n1,a\n2,b")
        self.assertEqual(self.load(), (2, 2))
        self.assertEqual(self.value(2), b"b")
        self.assertEqual(self.load(), (0, 2), "nothing is new")
        self.append(b"c\n")
        self.assertEqual(self.load(), (1, 2), "the row is the same one, not a third")
        self.assertEqual(self.value(2), b"bc")
        self.append(b'3,d\n4,"e\n')
        self.assertIn("line 5: the row has a quote that is not closed", self.load(9))
        self.append(b'f"\n')
        self.assertEqual(self.load(), (1, 4))
        self.assertEqual(self.value(4), b"e\nf")
        self.append(b"\n\n")
        self.assertEqual(self.load(), (0, 4))

    def test_file_with_only_a_header_may_grow(self):
        self.append(b"id")
        self.assertIn('no column "v"', self.load(2))
        self.append(b",v")
        self.assertEqual(self.load(), (0, 0))
        self.append(b",w\n1,a,b\n")
        self.assertEqual(self.load(), (1, 1))

    def test_file_changed_before_the_position_is_rejected(self):
        rows = b"".join(b"%d,%d\n" % (i, i) for i in range(3000))
        self.append(b"id,v\n" + rows)
        self.assertEqual(self.load(), (3000, 3000))
        with open(self.csv, "r+b") as file:
            file.seek(20_000)
            file.write(b"9")
        self.append(b"3000,x\n")
        message = self.load(8)
        self.assertIn("was changed before line 3002", message)
        self.assertIn("remove " + self.position, message)
        with open(self.csv, "r+b") as file:
            file.truncate(10_000)
        self.assertIn("was changed", self.load(8))

    def test_pipe_with_resume_is_rejected(self):
        os.mkfifo(self.csv)
        writer = os.open(self.csv, os.O_RDWR)
        os.write(writer, b"id,v\n1,a\n")
        self.addCleanup(os.close, writer)
        self.assertIn("regular file", self.load(8))

    def test_nothing_is_loaded_if_the_position_cannot_be_saved(self):
        self.append(b"id,v\n1,a\n")
        self.position = "/none/such/position"
        self.assertIn("cannot write the position", self.load(8))
        self.assertEqual(self.cat.run("get", "users/1/" + self.name).returncode, 4)

    def test_resume_file_is_locked(self):
        self.append(b"id,v\n1,a\n")
        self.assertEqual(self.load(), (1, 1))
        with open(self.position) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIn("another load", self.load(8))


if __name__ == "__main__":
    run_tests()
