"""Large content in and out of Smile, beside a plain program and a plain server, and what small
requests take meanwhile."""

import os
from pathlib import Path

import kinds
from command import space_of
from part import Part

import servers

# A stream that is slower hangs.
SLOWEST_BYTES_PER_SECOND = 5_000_000
MANY = 8  # streams, each with MANY_SHARE of the length of a single one
MANY_SHARE = 4
INTERFERING = 4
DEDUPED_CONTENT = 1 << 20


class Streams(Part):
    name = "streams"

    def run(self, _kinds):
        for number in range(1, self.size.rounds + 1):
            with self.server(kinds.SMILE_STREAMS) as server:
                for direction in ("up", "down"):
                    self.both(server, direction, number)
            with self.server(kinds.PLAIN_PROGRAM) as program:
                self.both(program, "up", number)
                self.downloads(Path(program.target.partition(":")[2]), number)

    def downloads(self, directory, number):
        """From a plain server of the files that the plain program has left."""
        server = servers.Server(kinds.PLAIN_SERVER)
        try:
            server.launch(directory, self.binaries)
            self.both(server, "down", number)
        finally:
            server.stop()

    def both(self, server, direction, number):
        self.streams(server, direction, number, 0, 1, self.size.stream_bytes)
        self.streams(server, direction, number, 1, MANY, self.size.stream_bytes // MANY_SHARE)

    def streams(self, server, direction, number, first, count, size):
        os.sync()  # what earlier streams have left to write
        self.measure(server, f"{direction} {count}", number,
                     ["streams", "--direction", direction, "--streams", count, "--bytes", size,
                      "--first", first, "--connections", min(count, os.cpu_count())],
                     count * size / SLOWEST_BYTES_PER_SECOND)

    def summary(self, run):
        return f"{run['result']['megabytes_per_second']:,.0f} MB/s"


class Interference(Part):
    name = "interference"

    def run(self, _kinds):
        with self.server(kinds.SMILE_STREAMS) as server:
            size = self.size.stream_bytes // MANY_SHARE
            self.measure(server, "prepare", 0,
                         ["streams", "--streams", INTERFERING, "--bytes", size],
                         INTERFERING * size / SLOWEST_BYTES_PER_SECOND)
            for number in range(1, self.size.rounds + 1):
                self.probe(server, "alone", number, 0, "up", 0, size)
                # Names that no other round uses.
                self.probe(server, "up", number, INTERFERING, "up", number << 20, size)
                self.probe(server, "down", number, INTERFERING, "down", 0, size)

    def probe(self, server, load, number, streams, direction, first, size):
        self.measure(server, load, number,
                     ["streams", "--probe", "--streams", streams, "--direction", direction,
                      "--first", first, "--bytes", size, "--seconds", self.size.seconds],
                     self.size.seconds)

    def summary(self, run):
        return ", ".join(f"{name} p99 {probe['p99_us']:,.0f} µs"
                         for name, probe in run["result"].get("probes", {}).items())


class Dedupe(Part):
    name = "dedupe"

    def run(self, _kinds):
        with self.server(kinds.SMILE_STREAMS) as server:
            self.copies(server, "first", 0, 1)
            self.copies(server, "others", 1, self.size.copies - 2)
            self.copies(server, "last", self.size.copies - 1, 1)

    def copies(self, server, load, first, count):
        size = self.size.copy_bytes
        self.measure(server, load, 1,
                     ["streams", "--bytes", size, "--content", DEDUPED_CONTENT, "--first", first,
                      "--copies", count], count * size / SLOWEST_BYTES_PER_SECOND)

    def more(self):
        return {"space": space_of(self.directory)}

    def summary(self, run):
        return f"{run['result']['megabytes_per_second']:,.0f} MB/s"
