"""smilecat as a person or a script runs it, against a real smiled: requests, lines, explanations.

Usage: smilecat_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import json
import os
import random
import re
import socket
import subprocess
import threading

from smilecat_case import TIMEOUT_SECONDS, SmilecatTest, run_tests


class OneRequestTest(SmilecatTest):
    def test_a_binary_value_goes_through_pipes_byte_for_byte(self):
        value = bytes(range(256)) * 400 + b"\n"
        self.ok("put", "users/1/binary", "-", stdin=value)
        self.assertEqual(self.ok("get", "users/1/binary"), value)
        self.ok("put", "users/1/file", "@" + self.path("value", value))
        self.ok("get", "users/1/file", "-o", self.path("got"))
        with open(self.path("got"), "rb") as got:
            self.assertEqual(got.read(), value)
        self.ok("put", "users/1/empty", "-")
        self.assertEqual(self.ok("get", "users/1/empty"), b"")

    def test_all_operations_answer(self):
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

    def test_json_is_one_object_a_line(self):
        self.ok("put", "users/2/profile", '"quoted" \u00e9')
        record = json.loads(self.ok("get", "users/2/profile", "--json"))["record"]
        self.assertEqual(record["value"], '"quoted" \u00e9')
        self.ok("put", "users/2/raw", "-", stdin=b"\xff\x00")
        self.assertEqual(
            json.loads(self.ok("--json", "get", "users/2/raw"))["record"]["value_base64"], "/wA="
        )

    def test_what_looks_like_an_option_stands_behind_dashes(self):
        self.ok("put", "users/3/x", "--", "--json")
        self.assertEqual(self.ok("get", "users/3/x"), b"--json")
        self.ok("put", "users/3/x", "load")
        self.assertEqual(self.ok("get", "users/3/x"), b"load")

    def test_failures_are_told_apart_by_their_status_in_one_line(self):
        self.fails(4, "there is no such record", "get", "users/404/none")
        self.ok("put", "users/4/x", "1")
        self.fails(5, "condition_failed", "put", "users/4/x", "2", "--if-absent")
        self.fails(5, "condition_failed", "delete", "users/4/x", "--if-version", "99999999")
        self.fails(5, "it met what index 0 of the same batch did",
                   "batch", "users/4", "put", "y", "1", "put", "y", "2", "--if-absent")
        self.fails(8, "cannot open", "put", "users/4/x", "@/none/such")
        self.fails(8, "cannot write", "get", "users/4/x", "-o", "/none/such")
        self.fails(8, "cannot open", "load", "/none/such.csv", "--key", "users/{a}/x")
        self.fails(8, "cannot open", "decode", "/none/such")
        self.fails(8, "cannot write", "dump", "users/4", "-o", "/none/such")
        self.fails(8, "cannot open", "--send-hex", "@/none/such")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.cat.command("get", "users/4/x"), stdout=full,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 8, done)

    def test_a_value_that_is_too_large_is_told_what_to_do(self):
        large = self.path("large", b"x" * ((1 << 20) + 1))
        for value, stdin in [("@" + large, b""), ("-", b"x" * ((1 << 20) + 1))]:
            done = self.fails(1, "too_large", "put", "media/4/1", value, stdin=stdin)
            self.assertIn(b"in pieces: blobs/ID/chunk/0", done.stderr)
        self.assertIn("has 1048577 bytes", self.fails(1, "too_large", "put", "media/4/1", "@" + large)
                      .stderr.decode())

    def test_json_has_an_object_for_a_failure_too(self):
        for status, error, arguments in [(4, "not_found", ["get", "users/404/none"]),
                                         (2, "unsupported", ["gett", "users/404/none"]),
                                         (8, "invalid", ["put", "users/4/x", "@/none/such"])]:
            done = self.cat.run("--json", *arguments)
            self.assertEqual(done.returncode, status, done)
            self.assertEqual(json.loads(done.stdout)["error"], error)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

    def test_wrong_usage_is_status_2_in_one_line(self):
        for words, arguments in [
            ("no operation", ["gett", "users/1/x"]),
            ("KEY is missing", ["get"]),
            ("no table", ["get", "nowhere/1/x"]),
            ("whole number", ["get", "users/x/profile"]),
            ("--bogus", ["get", "users/1/x", "--bogus"]),
            ("no option --bogus", ["--bogus"]),
            ("no operation \"hello\"", ["hello"]),
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

    def test_a_server_that_is_not_there_is_status_3_at_once(self):
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

    def test_the_help_and_the_page_have_the_same_exit_statuses(self):
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


class LinesTest(SmilecatTest):
    def test_answers_come_one_a_line_in_the_order_of_the_lines(self):
        count = 3000
        puts = "".join("put users/%d/n %d\n" % (i, i) for i in range(count))
        gets = "".join("get users/%d/n\n" % i for i in range(count))
        answers = self.ok("--json", stdin=(puts + gets).encode()).decode().splitlines()
        self.assertEqual(len(answers), 2 * count)
        self.assertEqual(
            [json.loads(a)["record"]["value"] for a in answers[count:]],
            [str(i) for i in range(count)],
        )

    def test_lines_take_effect_as_if_each_waited_for_the_one_before(self):
        lines = []
        for i in range(100):
            lines += ["put users/7/x %d" % i, "put logins/seven %d" % i]
            lines += ["mget users/7/x logins/seven"]
        answers = self.ok("--json", stdin="\n".join(lines).encode()).decode().splitlines()
        for i in range(100):
            results = json.loads(answers[3 * i + 2])["results"]
            self.assertEqual([r["record"]["value"] for r in results], [str(i), str(i)])

    LINES = (
        b'# comment\n\nput users/8/x "a b"\nwhat\nput users/8/y "open\nget users/8/none\n'
        b"put users/8/y -\nput users/8/y @/none/such\nget users/8/x\n"
    )

    def test_each_line_has_one_answer_and_failures_name_their_line(self):
        done = self.cat.run(stdin=self.LINES)
        answers = done.stdout.decode().splitlines()
        self.assertEqual([a.split(":")[0] for a in answers[1:-1]],
                         ["line 4", "line 5", "line 6", "line 7", "line 8"], done)
        for number, words in enumerate(["version=", "no operation", "quote is open", "not_found",
                                        "standard input holds the requests", "cannot open",
                                        '"a b"']):
            self.assertIn(words, answers[number])
        self.assertEqual(done.stderr, b"smilecat: 5 of 7 requests failed, the first in line 4\n")
        self.assertEqual(done.returncode, 8)

    def test_with_json_each_answer_is_an_object(self):
        done = self.cat.run("--json", stdin=self.LINES)
        answers = [json.loads(a) for a in done.stdout.decode().splitlines()]
        self.assertEqual([a.get("error") for a in answers],
                         [None, "unsupported", "invalid", "not_found", "invalid", "invalid", None])
        self.assertEqual([a["line"] for a in answers[1:-1]], [4, 5, 6, 7, 8])

    def test_the_status_is_the_worst_of_the_lines(self):
        for status, lines in [(0, "ping"), (4, "ping\nget users/404/none"),
                              (5, "get users/404/none\ndelete users/404/none --if-version 1"),
                              (2, "get users/404/none\nwhat\nping")]:
            self.assertEqual(self.cat.run(stdin=lines.encode()).returncode, status, lines)

    def test_a_line_that_is_too_long_is_one_failure_and_the_next_is_read(self):
        for more in [1, 1 << 18, 1 << 20]:
            long = b"put users/8/x " + b"x" * ((8 << 20) + more)
            done = self.cat.run(stdin=long + b"\nping\n" + long)
            answers = done.stdout.decode().splitlines()
            self.assertEqual(len(answers), 3, done.stderr)
            self.assertIn("line 1: too_large", answers[0])
            self.assertEqual(answers[1], 'payload=""')
            self.assertIn("line 3: too_large", answers[2])

    def test_answers_that_cannot_be_printed_are_status_8(self):
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

    def test_answers_come_while_standard_input_is_open(self):
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


class ExplainTest(SmilecatTest):
    def test_hex_names_the_fields_of_frames_both_ways_on_stderr(self):
        self.ok("put", "users/1/x", "Ada")
        done = self.cat.run("--hex", "get", "users/1/x")
        self.assertEqual(done.stdout, b"Ada")
        text = done.stderr.decode()
        for words in ["> hello", "< reply to hello, ok", "> get", "< reply to get, ok"]:
            self.assertIn(words, text)
        self.assertRegex(text, r"key\.partition +users/1\n")
        self.assertRegex(text, r'record\.value +"Ada"\n')

    def test_garbage_is_answered_and_explained(self):
        text = self.ok("--send-hex", "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a").decode()
        self.assertIn("< reply to an unseen request, too_large", text)
        self.assertIn("the server closed the connection", text)

    def test_random_bytes_never_stop_the_server(self):
        seed = random.randrange(1 << 32)
        print("seed", seed)
        generator = random.Random(seed)
        for _ in range(20):
            data = generator.randbytes(generator.randrange(200))
            hello = ["--hello"] if generator.random() < 0.5 else []
            self.ok("--send-hex", data.hex(), "--idle", "50", *hello)
        self.ok("ping")

    def test_hex_comes_from_a_file_or_standard_input_too(self):
        ping = "16 00 00 00 07 00 00 00 02 00 00 00 05 68 65 6c 6c 6f".replace(" ", "")
        # The checksum is wrong on purpose: the server says so.
        for arguments, stdin in [
            (["@" + self.path("hex", ("00000000\n" + ping).encode())], b""),
            (["-"], ("00:00:00:00 " + ping).encode()),
        ]:
            text = self.ok("--hello", "--send-hex", *arguments, stdin=stdin).decode()
            self.assertIn("reply to hello, ok", text)
            self.assertIn("checksum does not match", text)

    def test_a_conversation_in_between_is_printed_and_left_as_it_is(self):
        process = subprocess.Popen(
            self.cat.command("--listen", "0"), stdout=subprocess.PIPE, text=True
        )
        lines = []
        try:
            address = re.search(r"listens on (\S+)", process.stdout.readline()).group(1)
            reader = threading.Thread(target=lambda: lines.extend(process.stdout))
            reader.start()
            value = bytes(range(256)) * 4096
            self.ok("-s", address, "put", "blobs/%032x/chunk/1" % 7, "-", stdin=value)
            self.assertEqual(self.ok("-s", address, "get", "blobs/%032x/chunk/1" % 7), value)
            requests = "".join("put users/%d/p x\n" % i for i in range(500)).encode()
            clients = [
                subprocess.Popen(
                    self.cat.command("-s", address),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                )
                for _ in range(4)
            ]
            for client in clients:
                client.stdin.write(requests)
                client.stdin.close()
            for client in clients:
                self.assertEqual(client.wait(TIMEOUT_SECONDS), 0)
        finally:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)
        reader.join()
        process.stdout.close()
        text = "".join(lines)
        self.assertIn("#1 from 127.0.0.1:", text)
        self.assertIn("#1 > put, id", text)
        self.assertIn("#2 < reply to get, ok", text)
        self.assertEqual(text.count("< reply to put, ok"), 1 + 4 * 500)

    def test_a_proxy_without_a_server_says_so_and_goes_on(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nobody = "127.0.0.1:%d" % unused.getsockname()[1]
            process = subprocess.Popen(
                [self.cat.program, "-s", nobody, "--listen", "0"],
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                address = re.search(r"listens on (\S+)", process.stdout.readline()).group(1)
                for _ in range(2):
                    self.assertEqual(self.cat.run("-s", address, "ping").returncode, 3)
                    self.assertIn("from", process.stdout.readline())
                    self.assertIn("refused", process.stdout.readline())
            finally:
                process.terminate()
                process.wait(TIMEOUT_SECONDS)
                process.stdout.close()

    def test_captured_bytes_are_explained_in_either_direction(self):
        capture = self.path("capture")
        with socket.socket() as listener, open(capture, "wb") as file:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            address = "127.0.0.1:%d" % listener.getsockname()[1]
            process = subprocess.Popen(
                [self.cat.program, "-s", address, "ping"], stderr=subprocess.DEVNULL
            )
            client, _ = listener.accept()
            with client:
                file.write(client.recv(4096))
            process.wait(TIMEOUT_SECONDS)
        text = self.ok("decode", capture).decode()
        self.assertIn("> hello", text)
        self.assertRegex(text, r"client_name +\"smilecat")
        with open(capture, "rb") as file:
            hello = file.read()
        done = self.cat.run("decode", "-", stdin=hello + hello[:20])
        self.assertEqual(done.returncode, 9)
        self.assertIn(b"ends too early", done.stdout)
        broken = hello[:-1] + b"?"
        done = self.cat.run("decode", "-", stdin=broken + hello)
        self.assertEqual(done.returncode, 9)
        self.assertIn(b"checksum does not match", done.stdout)


if __name__ == "__main__":
    run_tests()
