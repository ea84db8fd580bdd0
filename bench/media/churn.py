"""Space on the disk after churn: photos and larger files are stored, half of all is deleted at
random, three times over."""

import json
import random
import subprocess
import time

import kinds
from command import space_of
from media_goals import MOST_CHURN_SPACE
from part import Part
from photos import MEAN_PHOTO_BYTES
from streams import SLOWEST_BYTES_PER_SECOND

TIMES = 3
STREAM_BYTES = 16 << 20
CONNECTIONS = 16
NAMES_AT_ONCE = 2_000  # in one command
SEED = 1
POLL_SECONDS = 0.5


class Churn(Part):
    name = "churn"

    def run(self, _kinds):
        chosen = random.Random(SEED)
        with self.server(kinds.SMILE_STREAMS) as server:
            for number in range(1, TIMES + 1):
                self.store(server, number)
                self.delete_half(server, number, chosen)

    def store(self, server, number):
        half = self.size.churn_bytes // 2
        photos = half // MEAN_PHOTO_BYTES
        self.measure(server, "photos", number,
                     ["--workload", "photo-put", "--first", number * photos, "--keys", photos,
                      "--connections", CONNECTIONS], half / SLOWEST_BYTES_PER_SECOND)
        streams = half // STREAM_BYTES
        self.measure(server, "files", number,
                     ["streams", "--streams", streams, "--first", number << 20,
                      "--bytes", STREAM_BYTES],
                     half / SLOWEST_BYTES_PER_SECOND)

    def delete_half(self, server, number, chosen):
        sizes = self.live(server)
        names = sorted(sizes)
        gone = set(chosen.sample(names, len(names) // 2))
        began = time.monotonic()
        for first in range(0, len(gone), NAMES_AT_ONCE):
            self.cat(server, "media", "delete", "--yes",
                     *sorted(gone)[first:first + NAMES_AT_ONCE])
        deleted = time.monotonic()
        live = sum(size for name, size in sizes.items() if name not in gone)
        if sum(self.live(server).values()) != live:
            self.fail(f"churn: round {number}: other media are left than should be")
        result = {"operations": len(gone), "seconds": deleted - began, "live_bytes": live,
                  "before_bytes": sum(sizes.values()), **self.watch(deleted, live)}
        run = {"part": self.name, "load": "deletes", "server": server.kind.name, "round": number,
               "status": 0, "words": "", "command": "", "others": {}, "result": result}
        self.keep(run)
        self.say(f"churn deletes, round {number}: {self.summary(run)}")

    def watch(self, deleted, live):
        """The space that the data take, for a minute."""
        seconds = None
        space = first = space_of(self.directory)
        while time.monotonic() < deleted + self.size.churn_seconds:
            if seconds is None and space <= MOST_CHURN_SPACE * live:
                seconds = time.monotonic() - deleted
            time.sleep(POLL_SECONDS)
            space = space_of(self.directory)
        return {"first_bytes": first, "space_bytes": space, "seconds_to_bar": seconds}

    def live(self, server):
        """Sizes of all media by their names."""
        sizes = {}
        for owner in self.owners(server):
            for media in map(json.loads, self.cat(server, "media", "list", owner, "--json")):
                sizes[f"{owner}/{media['media']}"] = media["size"]
        return sizes

    def owners(self, server):
        """Of all media."""
        found = []
        start = []
        while True:
            (line,) = self.cat(server, "list", "media", "--json", *start)
            page = json.loads(line)
            found += [partition.partition("/")[2] for partition in page["partitions"]]
            if not page["continuation"]:
                return found
            start = ["--continuation", page["continuation"]]

    def cat(self, server, *arguments):
        """The lines that smilecat prints."""
        address = server.target.partition("://")[2]
        command = [str(self.binaries / "smilecat"), "-s", address, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def summary(self, run):
        result = run["result"]
        if "space_bytes" in result:
            reached = result["seconds_to_bar"]
            return (f"{result['space_bytes'] / result['live_bytes']:.2f} times what is live; "
                    + ("not" if reached is None else f"{reached:.1f} s after") + f" at most {MOST_CHURN_SPACE}")
        return f"{result['operations']:,}"
