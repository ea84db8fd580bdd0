"""smilecat as a person or a script runs it, against a real smiled: requests and lines.

Usage: smilecat_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import json
import os
import re
import socket
import subprocess

from smilecat_case import TIMEOUT_SECONDS, SmilecatTest, run_tests


class OneRequestTest(SmilecatTest):
    def test_binary_value_round_trips_through_pipes(self):
        value = bytes(range(256)) * 400 + b"\n"
        self.ok("put", "users/1/binary", "-", stdin=value)
        self.assertEqual(self.ok("get", "users/1/binary"), value)
        self.ok("put", "users/1/file", "@" + self.path("value", value))
        self.ok("get", "users/1/file", "-o", self.path("got"))
        with open(self.path("got"), "rb") as got:
            self.assertEqual(got.read(), value)
        self.ok("put", "users/1/empty", "-")
        self.assertEqual(self.ok("get", "users/1/empty"), b"")

    def test_all_operations_work(self):
        self.assertIn(b'"hi"', self.ok("ping", "--payload", "hi"))
        version = re.search(rb"version=(\d+)", self.ok("put", "posts/5/1", "first")).group(1)
        self.ok("put", "posts/5/1", "again", "--if-version", version.decode())
        self.ok("batch", "posts/5", "put", "2", "two", "put", "3", "three", "--expire-seconds", "99")
        scan = self.ok("scan", "posts/5", "--limit", "2").decode()
        self.assertLess(scan.index("three"), scan.index("two"))
        self.assertNotIn("again", scan)
        self.assertIn(b"not_found", self.ok("mget", "posts/5/1", "posts/5/9"))
        self.assertIn(b"posts/5", self.ok("list", "posts"))
        self.assertIn(b"server.", self.ok("stats"))
        self.assertRegex(self.ok("delete", "posts/5/1"), rb"^version=\d+\n$")
        self.fails(4, "not_found", "get", "posts/5/1")

    def test_text_omits_usual_fields_and_json_does_not(self):
        self.ok("put", "users/70/a", "x")
        for text in (self.ok("scan", "users/70"), self.ok("list", "users"),
                     self.ok("mget", "users/70/a")):
            self.assertNotIn(b"outcome=", text)
            self.assertNotIn(b"gap=", text)
        self.assertIn(b"outcome=not_found", self.ok("mget", "users/70/none"))
        entry = json.loads(self.ok("--json", "scan", "users/70"))["entries"][0]
        self.assertEqual(entry["outcome"], "found")
        self.assertIs(json.loads(self.ok("--json", "list", "users"))["gap"], False)

    def test_all_pages_and_stats_prefix_are_one_line_in_a_pipe(self):
        puts = "".join(f"put users/71/{i:04} v{i}\n" for i in range(1200))
        self.ok(stdin=puts.encode())
        lines = self.ok("--json", stdin=b"scan users/71 --all\nlist users --all\n"
                        b"stats server.requests.put_\n").splitlines()
        scan, partitions, stats = (json.loads(line) for line in lines)
        self.assertEqual([entry["record"]["value"] for entry in scan["entries"]],
                         [f"v{i}" for i in range(1200)])
        self.assertEqual((scan["continuation"], partitions["continuation"]), ("", ""))
        self.assertIn("users/71", partitions["partitions"])
        self.assertTrue(stats["stats"])
        for stat in stats["stats"]:
            self.assertTrue(stat["name"].startswith("server.requests.put_"))
        ended = self.cat.run(stdin=b"scan users/71 --all --limit 2\nget users/71/0001 --all\n"
                             b"stats nope\nstats a b\nping\n")
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stdout, rb"(?s)^line 1: .*--limit.*\nline 2: .*--all.*\n"
                         rb"line 3: not_found.*\nline 4: .*unexpected.*\npayload=.*\n$")

    def test_invalid_option_values_are_invalid_usage(self):
        for arguments in (["-o", ""], ["-s", ""], ["--deadline", "0"], ["--deadline", "0x10"],
                          ["--deadline", "nan"], ["--watch", "--interval", "nan"]):
            with self.subTest(arguments):
                self.fails(2, arguments[-2].lstrip("-") if len(arguments[-2]) > 2 else "is empty",
                           "get", "users/1/x", *arguments)

    def test_raw_prints_only_the_bytes(self):
        self.ok("put", "users/2/raw", "-", stdin=b"\xff\x1b[2J\n")
        self.assertEqual(self.ok("get", "users/2/raw", "--raw"), b"\xff\x1b[2J\n")
        self.fails(2, "answers with none", "put", "users/2/raw", "x", "--raw")

    def test_times_are_dates_or_raw_numbers(self):
        self.ok("put", "posts/3/1", "x", "--expire-seconds", "7200")
        self.ok("put", "posts/3/2", "y")
        with_ttl, without = self.ok("scan", "posts/3").decode().splitlines()[:0:-1]
        self.assertRegex(with_ttl, r" expires=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ttl=(2h|1h59m) ")
        self.assertNotIn("expires", without)
        self.assertRegex(self.ok("scan", "posts/3", "--raw-times").decode(), r"expires_ms=\d{13} ")
        self.assertNotIn(b"value", self.ok("scan", "posts/3", "--keys-only"))

    def test_all_pages_are_requested(self):
        count = 25_000
        self.ok(stdin="".join("put users/5000/%05d x\n" % i for i in range(count)).encode())
        lines = self.ok("scan", "users/5000", "--all", "--keys-only").decode().splitlines()
        self.assertEqual([re.search(r"sort=(\d+)", line).group(1) for line in lines],
                         ["%05d" % i for i in range(count)])
        objects = [json.loads(line) for line in self.ok("--json", "scan", "users/5000", "--all")
                   .splitlines()]
        self.assertEqual(len(objects), count)
        self.assertIn(b"users/5000\n", self.ok("list", "users", "--all"))
        self.fails(2, "--all and --limit", "scan", "users/5000", "--all", "--limit", "5")

    def test_stats_are_a_table_with_a_prefix(self):
        lines = self.ok("stats", "server.requests.").decode().splitlines()
        self.assertTrue(all(line.startswith("server.requests.") for line in lines), lines)
        self.assertEqual(len({len(line) for line in lines}), 1, "numbers stand under each other")
        self.assertIn("server.requests.get_count",
                      json.loads(self.ok("stats", "server.requests.", "--json")))
        self.fails(4, "no statistic begins with nothing", "stats", "nothing")
        self.fails(2, "unexpected argument", "stats", "a", "b")

    def test_stats_watch_shows_changes(self):
        process = subprocess.Popen(
            self.cat.command("stats", "server.requests.ping", "--watch", "--interval", "0.1"),
            stdout=subprocess.PIPE, text=True)
        try:
            while not re.search(r"ping_count +\d+ +\+\d", process.stdout.readline()):
                self.ok("ping")
        finally:
            process.kill()
            process.wait(TIMEOUT_SECONDS)
            process.stdout.close()

    def test_json_is_one_object_per_line(self):
        self.ok("put", "users/2/profile", '"quoted" \u00e9')
        record = json.loads(self.ok("get", "users/2/profile", "--json"))["record"]
        self.assertEqual(record["value"], '"quoted" \u00e9')
        self.ok("put", "users/2/raw", "-", stdin=b"\xff\x00")
        self.assertEqual(
            json.loads(self.ok("--json", "get", "users/2/raw"))["record"]["value_base64"], "/wA="
        )

    def test_values_may_look_like_options_after_dashes(self):
        self.ok("put", "users/3/x", "--", "--json")
        self.assertEqual(self.ok("get", "users/3/x"), b"--json")
        self.ok("put", "users/3/x", "load")
        self.assertEqual(self.ok("get", "users/3/x"), b"load")

    def test_failures_have_distinct_exit_statuses(self):
        self.fails(4, "no such record", "get", "users/404/none")
        self.ok("put", "users/4/x", "1")
        self.fails(5, "condition_failed", "put", "users/4/x", "2", "--if-absent")
        self.fails(5, "condition_failed", "delete", "users/4/x", "--if-version", "99999999")
        self.fails(5, "(item 0 of the batch changed the record)",
                   "batch", "users/4", "put", "y", "1", "put", "y", "2", "--if-absent")
        done = self.fails(8, "smilecat: cannot open", "put", "users/4/x", "@/none/such")
        self.assertNotIn(b"usage", done.stderr)
        self.fails(8, "cannot write", "get", "users/4/x", "-o", "/none/such")
        self.fails(8, "cannot open", "load", "/none/such.csv", "--key", "users/{a}/x")
        self.fails(8, "cannot open", "decode", "/none/such")
        self.fails(8, "cannot write", "dump", "users/4", "-o", "/none/such")
        self.fails(8, "cannot open", "--send-hex", "@/none/such")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.cat.command("get", "users/4/x"), stdout=full,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 8, done)

    def test_unwritable_output_never_ends_in_a_crash(self):
        rows = self.path("rows.csv", b"id\n1\n")
        with open("/dev/full", "wb") as full:
            for arguments in [["--help"], ["--version"], ["describe"], ["help", "put"], ["stats"],
                              ["get", "users/404/x", "--json"], ["decode", rows],
                              ["load", rows, "-k", "users/{id}/full"], ["dump", "users"],
                              ["--send-hex", "00", "--idle", "1"]]:
                done = subprocess.run(self.cat.command(*arguments), stdout=full,
                                      stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
                self.assertEqual(done.returncode, 8, (arguments, done))
                self.assertIn(b"cannot write to standard output", done.stderr)
            for status, arguments in [(4, ["get", "users/404/x"]), (2, ["--foo"]), (0, ["--hex", "ping"]),
                                      (0, ["dump", "users"])]:
                done = subprocess.run(self.cat.command(*arguments), stdout=subprocess.DEVNULL,
                                      stderr=full, timeout=TIMEOUT_SECONDS)
                self.assertEqual(done.returncode, status, (arguments, done))

    def test_too_large_value_error_has_advice(self):
        large = self.path("large", b"x" * ((1 << 20) + 1))
        for value, stdin in [("@" + large, b""), ("-", b"x" * ((1 << 20) + 1))]:
            done = self.fails(1, "too_large", "put", "posts/94/1", value, stdin=stdin)
            self.assertIn(b"smilecat media put", done.stderr)
        self.assertIn("has 1048577 bytes", self.fails(1, "too_large", "put", "posts/94/1", "@" + large)
                      .stderr.decode())

    def test_json_prints_failures_as_objects(self):
        for status, error, arguments in [(4, "not_found", ["get", "users/404/none"]),
                                         (2, "unsupported", ["gett", "users/404/none"]),
                                         (8, "invalid", ["put", "users/4/x", "@/none/such"])]:
            done = self.cat.run("--json", *arguments)
            self.assertEqual(done.returncode, status, done)
            self.assertEqual(json.loads(done.stdout)["error"], error)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_invalid_usage_is_status_2_in_one_line(self):
        for words, arguments in [
            ("unknown operation", ["gett", "users/1/x"]),
            ("KEY is missing", ["get"]),
            ("unknown table", ["get", "nowhere/1/x"]),
            ("not a valid user", ["get", "users/x/profile"]),
            ("--bogus", ["get", "users/1/x", "--bogus"]),
            ("no option --bogus", ["--bogus"]),
            ("unknown operation \"hello\"", ["hello"]),
            ("no operation or command \"nope\"", ["help", "nope"]),
            ("answers with none", ["put", "users/1/x", "y", "-o", "/dev/null"]),
            ("give one of them", ["get", "users/1/x", "-o", "/dev/null", "--json"]),
            ("--deadline", ["--deadline", "0", "ping"]),
            ("--hello", ["--hello", "ping"]),
            ("needs a FILE", ["load"]),
            ("does not tell the format", ["load", "/etc/hostname"]),
            ("needs --key", ["load", self.path("a.csv", b"a\n1\n")]),
            ("no column", ["load", self.path("a.csv"), "--key", "users/{b}/x"]),
            ("is neither", ["dump", "users/1/x"]),
            ("no operation", ["describe", "nothing"]),
            ("no digit", ["--send-hex", "xyz"]),
        ]:
            self.ok("put", "users/5/x", "1")
            self.fails(2, words, *arguments)

    def test_missing_server_is_status_3(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nobody = "127.0.0.1:%d" % unused.getsockname()[1]
            for arguments in [
                ["ping"],
                ["--send-hex", "00"],
                ["dump", "users"],
                ["load", self.path("a.csv", b"a\n1\n"), "--key", "users/{a}/x"],
            ]:
                done = self.fails(3, nobody, "-s", nobody, *arguments)
                self.assertIn(b"smiled", done.stderr)
            done = self.cat.run("-s", nobody, stdin=b"ping\nping\n")
            self.assertEqual(done.returncode, 3, done)

    def test_help_and_page_have_the_same_exit_statuses(self):
        in_help = re.findall(rb"^  (\d+) +(\S.*)$", self.ok("--help").split(b"Exit status")[1], re.M)
        page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs/SMILECAT.md")
        with open(page, "rb") as file:
            on_page = re.findall(rb"^\| (\d+) \| (.*) \|$", file.read(), re.M)
        self.assertEqual(in_help, on_page)
        self.assertIn((b"4", b"the record does not exist"), on_page)

    def test_help_version_and_describe_need_no_server(self):
        self.assertIn(b"scan PARTITION", self.ok("--help"))
        self.assertEqual(self.ok("--help"), self.ok("help"))
        self.assertIn(b"--resume", self.ok("load", "--help"))
        self.assertIn(b"smilecat 0.", self.ok("--version"))
        self.assertIn(b"batch", self.ok("describe"))
        self.assertEqual(self.ok("describe", "put"), self.ok("help", "put"))
        self.assertEqual(self.ok("put", "--help"), self.ok("help", "put"))
        self.assertIn(b"--expire-seconds N", self.ok("help", "put"))


class ConfigurationTest(SmilecatTest):
    def run_with(self, configuration, *arguments, **variables):
        folder = os.path.join(self.directory, "config", "smile")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "smilecat.conf"), "w") as file:
            file.write(configuration)
        environment = {k: v for k, v in os.environ.items() if k != "SMILE_SERVER"}
        environment |= {"XDG_CONFIG_HOME": os.path.join(self.directory, "config")} | variables
        return subprocess.run([self.cat.program, *arguments], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=TIMEOUT_SECONDS)

    def test_server_is_taken_from_option_variable_or_file(self):
        here, nowhere = self.server.address, "127.0.0.1:1"
        for status, configuration, arguments, variables in [
            (0, "# mine\n\n server = %s \n" % here, [], {}),
            (3, "server = %s" % nowhere, [], {}),
            (0, "server = %s" % nowhere, [], {"SMILE_SERVER": here}),
            (3, "", [], {"SMILE_SERVER": nowhere}),
            (0, "server = %s" % nowhere, ["-s", here], {"SMILE_SERVER": nowhere}),
        ]:
            done = self.run_with(configuration, *arguments, "ping", **variables)
            self.assertEqual(done.returncode, status, done)

    def test_times_and_deadline_are_taken_from_the_file(self):
        self.ok("put", "posts/1/1", "x", "--expire-seconds", "99")
        configuration = "server=%s\nraw-times = true\ndeadline = 5000" % self.server.address
        done = self.run_with(configuration, "scan", "posts/1")
        self.assertIn(b"expires_ms=1", done.stdout)

    def test_configuration_errors_name_the_line(self):
        for words, configuration, variables in [
            ("smilecat.conf line 2: there is no option \"sever\"", "\nsever = x", {}),
            ("smilecat.conf line 1: a line is NAME = VALUE", "what", {}),
            ("smilecat.conf line 1: deadline takes", "deadline = soon", {}),
            ("SMILE_SERVER: ", "", {"SMILE_SERVER": "a:b:c"}),
        ]:
            done = self.run_with(configuration, "ping", **variables)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(words, done.stderr.decode())
            self.assertEqual(self.run_with(configuration, "--help", **variables).returncode, 0)


class LinesTest(SmilecatTest):
    def test_answers_are_in_input_order(self):
        count = 3000
        puts = "".join("put users/%d/n %d\n" % (i, i) for i in range(count))
        gets = "".join("get users/%d/n\n" % i for i in range(count))
        answers = self.ok("--json", stdin=(puts + gets).encode()).decode().splitlines()
        self.assertEqual(len(answers), 2 * count)
        self.assertEqual(
            [json.loads(a)["record"]["value"] for a in answers[count:]],
            [str(i) for i in range(count)],
        )

    def test_lines_take_effect_in_order(self):
        lines = []
        for i in range(100):
            lines += ["put users/7/x %d" % i, "put users/77/x %d" % i]
            lines += ["mget users/7/x users/77/x"]
        answers = self.ok("--json", stdin="\n".join(lines).encode()).decode().splitlines()
        for i in range(100):
            results = json.loads(answers[3 * i + 2])["results"]
            self.assertEqual([r["record"]["value"] for r in results], [str(i), str(i)])

    LINES = (
        b'# comment\n\nput users/8/x "a b"\nwhat\nput users/8/y "open\nget users/8/none\n'
        b"put users/8/y -\nput users/8/y @/none/such\nget users/8/x\n"
    )

    def test_each_line_has_one_answer_and_failures_name_the_line(self):
        done = self.cat.run(stdin=self.LINES)
        answers = done.stdout.decode().splitlines()
        self.assertEqual([a.split(":")[0] for a in answers[1:-1]],
                         ["line 4", "line 5", "line 6", "line 7", "line 8"], done)
        for number, words in enumerate(["version=", "unknown operation", "unterminated quote", "not_found",
                                        "standard input holds the requests", "cannot open",
                                        '"a b"']):
            self.assertIn(words, answers[number])
        self.assertEqual(done.stderr, b"smilecat: 5 of 7 requests failed, the first in line 4\n")
        self.assertEqual(done.returncode, 8)

    def test_json_answers_are_objects(self):
        done = self.cat.run("--json", stdin=self.LINES)
        answers = [json.loads(a) for a in done.stdout.decode().splitlines()]
        self.assertEqual([a.get("error") for a in answers],
                         [None, "unsupported", "invalid", "not_found", "invalid", "invalid", None])
        self.assertEqual([a["line"] for a in answers[1:-1]], [4, 5, 6, 7, 8])

    def test_lines_after_a_lost_connection_are_answered_and_not_sent(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nobody = "127.0.0.1:%d" % unused.getsockname()[1]
            lines = b"put users/1/a 1\nping\n# no request\nwhat\nput users/1/b 2\n"
            for arguments in [[], ["--json"]]:
                done = self.cat.run("-s", nobody, *arguments, stdin=lines)
                self.assertEqual((done.returncode, done.stdout.count(b"\n")), (3, 4), done)
            answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([answer["line"] for answer in answers], [1, 2, 4, 5])
        self.assertEqual(answers[3]["message"], "not sent, because the connection was lost in line 1")
        self.assertIn(b"later lines were not sent", done.stderr)

    def test_exit_status_is_the_most_severe(self):
        for status, lines in [(0, "ping"), (4, "ping\nget users/404/none"),
                              (5, "get users/404/none\ndelete users/404/none --if-version 1"),
                              (2, "get users/404/none\nwhat\nping")]:
            self.assertEqual(self.cat.run(stdin=lines.encode()).returncode, status, lines)

    def test_too_long_line_is_one_failure(self):
        for more in [1, 1 << 18, 1 << 20]:
            long = b"put users/8/x " + b"x" * ((8 << 20) + more)
            done = self.cat.run(stdin=long + b"\nping\n" + long)
            answers = done.stdout.decode().splitlines()
            self.assertEqual(len(answers), 3, done.stderr)
            self.assertIn("line 1: too_large", answers[0])
            self.assertEqual(answers[1], 'payload=""')
            self.assertIn("line 3: too_large", answers[2])

    def test_unwritable_stdout_is_status_8(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                self.cat.command(),
                input=b"ping\n" * 1000,
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_SECONDS,
            )
        self.assertEqual(done.stderr, b"smilecat: cannot write to standard output\n")
        self.assertEqual(done.returncode, 8)

    def test_answers_are_printed_while_stdin_is_open(self):
        process = subprocess.Popen(
            self.cat.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            for i in range(3):
                process.stdin.write(b"ping --payload %d\n" % i)
                process.stdin.flush()
                self.assertEqual(process.stdout.readline(), b'payload="%d"\n' % i)
            process.stdin.close()
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        finally:
            process.kill()
            process.stdout.close()


if __name__ == "__main__":
    run_tests()
