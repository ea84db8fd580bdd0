"""What smilecat explains: frames that are sent, passed on, captured, or made up.

Usage: explain_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import os
import random
import re
import socket
import subprocess
import threading

from smilecat_case import TIMEOUT_SECONDS, SmilecatTest, run_tests


class ExplainTest(SmilecatTest):
    def test_hex_explains_frames_on_stderr(self):
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

    def test_hex_is_read_from_a_file_or_stdin(self):
        ping = "16 00 00 00 07 00 00 00 02 00 00 00 05 68 65 6c 6c 6f".replace(" ", "")
        # The checksum is wrong on purpose: the server says so.
        for arguments, stdin in [
            (["@" + self.path("hex", ("00000000\n" + ping).encode())], b""),
            (["-"], ("00:00:00:00 " + ping).encode()),
        ]:
            text = self.ok("--hello", "--send-hex", *arguments, stdin=stdin).decode()
            self.assertIn("reply to hello, ok", text)
            self.assertIn("checksum does not match", text)

    def test_proxy_prints_and_forwards_unchanged(self):
        process = subprocess.Popen(
            self.cat.command("--listen", "0"), stdout=subprocess.PIPE, text=True
        )
        lines = []
        try:
            address = re.search(r"listens on (\S+)", process.stdout.readline()).group(1)
            reader = threading.Thread(target=lambda: lines.extend(process.stdout))
            reader.start()
            value = bytes(range(256)) * 4096
            self.ok("-s", address, "put", "posts/7/1", "-", stdin=value)
            self.assertEqual(self.ok("-s", address, "get", "posts/7/1"), value)
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

    def test_saved_capture_is_decoded(self):
        capture = self.path("capture.pcap")
        process = subprocess.Popen(
            self.cat.command("--listen", "0", "--save", capture), stdout=subprocess.PIPE, text=True
        )
        try:
            address = re.search(r"listens on (\S+)", process.stdout.readline()).group(1)
            self.ok("-s", address, "put", "users/6/x", "-", stdin=b"v" * 100_000)
            self.ok("-s", address, "get", "users/6/x")
            while "#2 ended" not in process.stdout.readline():
                pass
        finally:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)
            process.stdout.close()
        text = self.ok("decode", capture).decode()
        for words in ["#1 127.0.0.1:", " to %s" % self.server.address, "#1 > put, id",
                      "#2 < reply to get, ok"]:
            self.assertIn(words, text)
        with open(capture, "rb") as file:
            self.assertEqual(self.ok("decode", "-", stdin=file.read()).decode(), text)
        self.fails(8, "cannot write", "--listen", "0", "--save", "/none/such")

    def test_saved_capture_is_for_its_owner_and_has_no_secrets(self):
        for options, secrets in [([], 0), (["--show-secrets"], 1)]:
            capture = self.path("secrets%d.pcap" % secrets)
            login, user = "ada%d@example.org" % secrets, "77%d" % secrets
            process = subprocess.Popen(
                self.cat.command("--listen", "0", "--save", capture, *options),
                stdout=subprocess.PIPE, text=True, umask=0o022
            )
            try:
                address = re.search(r"listens on (\S+)", process.stdout.readline()).group(1)
                self.ok("-s", address, "login_register", login, "-", "--user", user,
                        stdin=b"correct horse")
                token = self.ok("-s", address, "session_make", user, "--show-secrets").decode()
                while "#2 ended" not in process.stdout.readline():
                    pass
            finally:
                process.terminate()
                process.wait(TIMEOUT_SECONDS)
                process.stdout.close()
            self.assertEqual(os.stat(capture).st_mode & 0o777, 0o600)
            with open(capture, "rb") as file:
                data = file.read()
            self.assertEqual(data.count(b"correct horse"), secrets)
            token = bytes.fromhex(re.search(r"0x([0-9a-f]+)", token).group(1))
            self.assertEqual(data.count(token), secrets)
            self.assertIn(login.encode(), data)
            # The masked frames are frames.
            text = self.ok("decode", capture).decode()
            self.assertIn("#2 < reply to session_make, ok", text)
            self.assertNotIn("correct horse", text)

    def test_proxy_without_a_server_reports_and_continues(self):
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

    def test_captured_bytes_are_explained(self):
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
