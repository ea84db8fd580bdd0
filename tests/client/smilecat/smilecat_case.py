"""The base of smilecat's end-to-end tests: a server for each class, and smilecat to talk to it."""

import json
import os
import sys
import unittest

from smile_process import TIMEOUT_SECONDS, Cat, Directory, Server  # noqa: F401

PROGRAMS = {}


def offset(position):
    """The bytes of the input before a load's position."""
    try:
        with open(position) as file:
            return json.load(file)["done"]["offset"]
    except FileNotFoundError:
        return 0


class SmilecatTest(unittest.TestCase):
    server_options = ()

    @classmethod
    def setUpClass(cls):
        cls.temporary = Directory()
        cls.directory = cls.temporary.__enter__()
        cls.server = Server(PROGRAMS["smiled"], cls.directory, *cls.server_options)
        cls.server.start()
        cls.cat = Cat(PROGRAMS["smilecat"], cls.server)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.temporary.__exit__()

    def path(self, name, content=None):
        path = os.path.join(self.directory, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        return path

    def ok(self, *arguments, stdin=b""):
        done = self.cat.run(*arguments, stdin=stdin)
        self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)
        return done.stdout

    def fails(self, status, words, *arguments, stdin=b""):
        done = self.cat.run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, (arguments, done))
        self.assertIn(words, done.stderr.decode())
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith(b"smilecat: "), done.stderr)
        return done


def run_tests():
    PROGRAMS["smilecat"], PROGRAMS["smiled"] = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
