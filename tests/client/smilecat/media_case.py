"""What tests of `smilecat media` are made of."""

import json
import os
import random

from smilecat_case import SmilecatTest

MEBIBYTE = 1 << 20


def content_of(size, seed=1):
    return random.Random(seed).randbytes(size)


class MediaTest(SmilecatTest):
    owners = 1000

    def setUp(self):
        MediaTest.owners += 1
        self.owner = str(MediaTest.owners)
        self.state = os.path.join(self.directory, "state" + self.owner)
        self.environment = dict(os.environ, XDG_STATE_HOME=self.state)

    def media(self, *arguments, stdin=b"", status=0):
        done = self.cat.run("media", *arguments, stdin=stdin, environment=self.environment)
        self.assertEqual(done.returncode, status, (arguments, done))
        if status == 0:  # what takes long tells its progress each ten seconds
            self.assertNotIn(b"smilecat: ", done.stderr, arguments)
        return done

    def put(self, *arguments, stdin=b""):
        """The records of what was stored."""
        done = self.media("put", *arguments, "--owner", self.owner, "--json", stdin=stdin)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def name(self, record):
        return "%d/%d" % (record["owner"], record["media"])

    def get(self, record, *arguments):
        return self.media("get", self.name(record), *arguments).stdout

    def interrupted(self):
        """The states of uploads, without those that are being written."""
        folder = os.path.join(self.state, "smile", "uploads")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return [name for name in names if name.endswith(".json")]
