"""smilecat watch: what it prints, when it goes on, and what it rejects.

Usage: watch_end_to_end.py SMILECAT SMILED [TEST...]
"""

import json
import subprocess
import threading

import smilecat_case
from smile_process import TIMEOUT_SECONDS


class Watching(smilecat_case.SmilecatTest):
    def watch(self, *arguments):
        """A running smilecat; it has begun to watch."""
        process = subprocess.Popen(self.cat.command(*arguments), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        # Then a line that does not come is an end of file.
        timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
        timer.start()
        self.addCleanup(self.end, process, timer)
        self.assertRegex(process.stderr.readline(), b"^watching, after version [0-9]+\n$")
        return process

    @staticmethod
    def end(process, timer):
        timer.cancel()
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        process.stdout.close()
        process.stderr.close()

    def test_each_change_is_a_line(self):
        process = self.watch("watch", "users/1", "links/1", "--values")
        self.ok("put", "users/1/theme", "dark")
        self.ok("link", "1", "friend", "7")
        self.ok("unlink", "1", "friend", "7")
        self.ok("delete", "users/1/theme")
        lines = [process.stdout.readline() for _ in range(4)]
        self.assertRegex(lines[0], rb'^put users/1/theme version=[0-9]+ value="dark"\n$')
        self.assertRegex(lines[1], rb"^put links/1/friend/7 version=[0-9]+\n$")
        self.assertRegex(lines[2], rb"^delete links/1/friend/7 version=[0-9]+\n$")
        self.assertRegex(lines[3], rb"^delete users/1/theme version=[0-9]+\n$")

    def test_json_has_an_object_for_each_message(self):
        process = self.watch("--json", "watch", "links/2")
        self.assertEqual(json.loads(process.stdout.readline())["event"], "started")
        self.ok("link", "2", "family", "9")
        told = json.loads(process.stdout.readline())
        self.assertEqual((told["event"], told["key"]), ("put", "links/2/family/9"))

    def test_it_goes_on_when_the_server_is_back(self):
        process = self.watch("watch", "users/3")
        self.server.stop()
        self.server.start_at(self.server.address)
        self.assertRegex(process.stderr.readline(), b"^watching again after an interruption, ")
        self.ok("put", "users/3/theme", "dark")
        self.assertRegex(process.stdout.readline(), rb"^put users/3/theme ")

    def test_mistakes_are_told(self):
        for arguments in (("watch",), ("watch", "links/1/friend"), ("watch", "media/1/5"),
                          ("watch", "users/1/theme"), ("watch", "users/x"),
                          ("watch", "users/1", "--after", "x")):
            self.fails(2, "usage: watch PARTITIONS...", *arguments)
        self.fails(1, "logins cannot be watched", "watch", "logins/ada")
        done = self.cat.run(stdin=b"watch users/1\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"run `smilecat watch` by itself", done.stdout)


if __name__ == "__main__":
    smilecat_case.run_tests()
