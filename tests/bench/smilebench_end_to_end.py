"""smilebench as a process: signals, exit statuses, and a server that hangs.

Arguments: the programs smilebench and smiled.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../client/smilecat"))
from smile_process import TIMEOUT_SECONDS, Server  # noqa: E402

SMILEBENCH, SMILED = sys.argv[1:3]


class Smilebench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="smilebench_")
        cls.server = Server(SMILED, cls.directory.name)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.directory.cleanup()

    def command(self, *arguments):
        return [SMILEBENCH, *arguments, "--target", f"smile://{self.server.address}"]

    def measure(self, *arguments, when, act):
        """Runs smilebench on a terminal; calls act(process) once it shows `when`."""
        terminal, its_end = pty.openpty()
        process = subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE,
                                   stderr=its_end)
        os.close(its_end)
        shown = b""
        while when not in shown:
            shown += os.read(terminal, 4096)
        act(process)
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        os.close(terminal)
        return process.returncode, output.decode()

    def test_signal_ends_the_run_with_a_report(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                status, output = self.measure("--seconds", "1000", "--keys", "100", when=b"get: ",
                                              act=lambda process: process.send_signal(number))
                self.assertEqual(status, 130)
                self.assertIn("INTERRUPTED", output)
                self.assertRegex(output, r"\nreads +[0-9]+ ")

    def test_interrupted_json_report_is_marked(self):
        status, output = self.measure("--seconds", "1000", "--keys", "100", "--json", "--rate",
                                      "1000", when=b"get: ",
                                      act=lambda process: process.send_signal(signal.SIGINT))
        report = json.loads(output)
        self.assertEqual((status, report["interrupted"]), (130, True))
        self.assertGreater(report["reads"]["count"], 0)

    def test_unanswered_operations_are_in_the_latencies(self):
        def hang_then_interrupt(process):
            self.server.stall()
            process.send_signal(signal.SIGINT)

        try:
            status, output = self.measure("--seconds", "1000", "--keys", "100", "--json",
                                          "--connections", "3", when=b"get: ",
                                          act=hang_then_interrupt)
        finally:
            self.server.resume()
        report = json.loads(output)
        self.assertEqual(status, 130)
        self.assertGreaterEqual(report["unanswered"]["in_flight"], 1)
        self.assertEqual(report["reads"]["count"],
                         report["operations"] + report["unanswered"]["in_flight"])

    def test_lookups_can_be_interrupted(self):
        subprocess.run(self.command("load", "--users", "10"), check=True,
                       stdout=subprocess.DEVNULL)
        process = subprocess.Popen(self.command("lookups", "--users", "10", "--seconds", "1000"),
                                   stdout=subprocess.PIPE)
        # It can be interrupted from when it watches signals, whatever it has done until then.
        while not blocks_interrupts(process.pid):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"INTERRUPTED", output)

    def test_linkbench_loads_once_and_reports_the_mix(self):
        command = self.command("linkbench", "--nodes", "150", "--clients", "4", "--json")
        loaded = json.loads(subprocess.run([*command, "--load-only"], check=True,
                                           stdout=subprocess.PIPE).stdout)
        self.assertEqual((loaded["nodes_loaded"], loaded["errors"]), (150, {}))
        mixed = json.loads(subprocess.run(
            [*command, "--loaded", "--seconds", "0.3", "--connections", "2", "--server-pid",
             str(self.server.process.pid)], check=True, stdout=subprocess.PIPE).stdout)
        self.assertEqual((mixed["errors"], mixed["connections"]), ({}, 2))
        self.assertIn("get_link_list", mixed["each"])
        self.assertGreater(mixed["server_cpu_us"], 0)

    def test_network_loads_once_and_reports_every_act(self):
        command = self.command("network", "--people", "60", "--posts", "3", "--json")
        loaded = json.loads(subprocess.run([*command, "--load-only"], check=True,
                                           stdout=subprocess.PIPE).stdout)
        self.assertEqual((loaded["people"], loaded["errors"]), (60, {}))
        # A login, a batch and three posts of each; a photo of some; the friendships.
        self.assertGreater(loaded["requests_loaded"], 60 * 5 + 3)
        acted = json.loads(subprocess.run(
            [*command, "--loaded", "--seconds", "1.5", "--warm-seconds", "0", "--rate", "1000",
             "--server-pid", str(self.server.process.pid)], check=True,
            stdout=subprocess.PIPE).stdout)
        self.assertEqual((acted["errors"], acted["not_begun"]), ({}, 0))
        self.assertGreaterEqual(set(acted["each"]), {
            "profile", "feed", "photo", "comments", "like", "post", "comment", "photo_post",
            "befriend"})
        self.assertEqual(acted["acts"], 1500)
        self.assertGreater(acted["feed_posts"], 0)
        self.assertGreater(acted["server_cpu_us"], 0)
        # Her links, and those and the comments of her three posts.
        self.assertEqual((acted["watched"], acted["not_notified"]), (60 * 7, 0))
        self.assertGreater(acted["notified"]["count"], 0)

    def test_unwritable_output_never_ends_in_a_crash(self):
        with open("/dev/full", "wb") as full:
            for arguments in (["--help"], ["--operations", "10", "--keys", "10"]):
                ended = subprocess.run(self.command(*arguments), stdout=full,
                                       stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=False)
                self.assertEqual((ended.returncode, ended.stderr),
                                 (1, b"smilebench: cannot write to standard output\n"))
            ended = subprocess.run(self.command("--keys", "nan"), stderr=full,
                                   timeout=TIMEOUT_SECONDS, check=False)
            self.assertEqual(ended.returncode, 2)

    def test_invalid_numbers_are_invalid_usage(self):
        for arguments in (["--seconds", "nan"], ["--rate", "nan"], ["--keys", "0x10"],
                          ["lookups", "--users", "1", "--seconds", "inf"]):
            with self.subTest(arguments):
                ended = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                                       timeout=TIMEOUT_SECONDS, check=False)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                self.assertRegex(ended.stderr, r'^smilebench: --[a-z]+: "[^"]+" is not .*\n$')


def blocks_interrupts(pid):
    """Whether the process has SIGINT blocked: to watch for it (proc(5))."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("SigBlk:"):
                return int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1 == 1
    return False


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
