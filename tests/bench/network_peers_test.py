"""The same day of a network on Smile and on Redis, started as ./dev bench network does: afterwards
both have the same. Skipped where Redis is not installed.

Arguments: the programs smilebench, smiled and smilecat.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(1, str(ROOT / "bench/peers"))
import servers  # noqa: E402

SMILEBENCH, SMILED, SMILECAT = sys.argv[1:4]
PEOPLE = 60
POSTS = 3  # of each, before
# Of a person or a post, as USER_STAT counts it: the commands whose replies add up to it.
COUNTED = {
    "sessions": ["ZCARD sessions:{}"],
    "links": ["SCARD friends:{}", "SCARD liked:{}", "SCARD likes:{}"],
    "media": ["ZCARD photos:{}"],
    "posts": ["ZCARD posts:{}"],
    "records": ["HLEN user:{}"],
    "logins": ["EXISTS login:person{}@example.net"],
}


def output_of(command, lines):
    return subprocess.run(command, input="\n".join(lines) + "\n", stdout=subprocess.PIPE, check=True,
                          text=True).stdout


def port_of(server):
    return server.target.rpartition(":")[2]


class Peers(unittest.TestCase):
    def launch(self, name):
        directory = tempfile.TemporaryDirectory(prefix="network_")
        self.addCleanup(directory.cleanup)
        server = servers.Server(servers.KINDS[name])
        server.launch(Path(directory.name), Path(SMILED).parent)
        self.addCleanup(server.stop)
        return server

    def day(self, server):
        """What smilebench reports of it."""
        command = [SMILEBENCH, "network", "--target", server.target, "--people", str(PEOPLE),
                   "--posts", str(POSTS), "--day", "7", "--rate", "1000", "--seconds", "2",
                   "--warm-seconds", "0", "--server-pid", str(server.pid), "--json"]
        result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        self.assertEqual((result["errors"], result["first_error"], result["not_begun"]), ({}, "", 0))
        self.assertEqual(result["acts"], 2000)
        self.assertEqual(result["not_notified"], 0)
        self.assertGreater(result["notified"]["count"], 0)
        self.assertGreater(result["feed_posts"], 0)
        self.assertGreater(result["server_cpu_us"], 0)
        return result

    def in_redis(self, server, ids):
        commands = [command.format(each) for each in ids for what in COUNTED.values()
                    for command in what]
        replies = map(int, output_of(["redis-cli", "-p", port_of(server)], commands).split())
        return {each: {what: sum(next(replies) for _ in commands)
                       for what, commands in COUNTED.items()} for each in ids}

    def in_smile(self, server, ids):
        text = output_of([SMILECAT, "-s", f"127.0.0.1:{port_of(server)}"],
                         [f"user_stat {each}" for each in ids])
        counts = [{name: int(count) for name, count in re.findall(r"(\w+)=([0-9]+)", line)}
                  for line in text.splitlines()]
        return {each: {what: count[what] for what in COUNTED}
                for each, count in zip(ids, counts, strict=True)}

    def test_the_same_day_leaves_the_same(self):
        smile, redis = self.launch("smile"), self.launch("redis-aof")
        of_smile, of_redis = self.day(smile), self.day(redis)
        self.assertEqual({name: act["count"] for name, act in of_smile["each"].items()},
                         {name: act["count"] for name, act in of_redis["each"].items()})
        people = range(1, PEOPLE + 1)
        posts = output_of(["redis-cli", "-p", port_of(redis)],
                          [f"ZRANGE posts:{person} 0 {POSTS - 1}" for person in people]).split()
        self.assertEqual(len(posts), PEOPLE * POSTS)
        found = self.in_redis(redis, [*people, *posts])
        self.assertEqual(found, self.in_smile(smile, [*people, *posts]))
        for what, before in (("links", 0), ("posts", PEOPLE * POSTS), ("media", PEOPLE / 20),
                             ("sessions", PEOPLE)):
            self.assertGreater(sum(counts[what] for counts in found.values()), before)
        self.assertGreater(sum(found[post]["links"] for post in posts), 0, "likes")
        self.assertGreater(sum(found[post]["posts"] for post in posts), 0, "comments")

    def test_each_act_takes_what_a_backend_needs(self):
        each = self.day(self.launch("redis-aof"))["each"]
        for name, trips in (("profile", 2), ("photo", 2), ("like", 2), ("post", 2), ("comment", 2),
                            ("photo_post", 2)):
            self.assertEqual(each[name]["round_trips_each"], trips, name)
        # The session, the friends, their posts, the values; less for whom has no friends.
        self.assertGreater(each["feed"]["round_trips_each"], 3)
        self.assertLessEqual(each["feed"]["round_trips_each"], 4)
        self.assertEqual((each["like"]["requests_each"], each["profile"]["requests_each"]), (6, 4))


if __name__ == "__main__":
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
