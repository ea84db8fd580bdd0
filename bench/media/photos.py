"""Photos in and out of each server: one server after the other, because all their photos would
fit neither into memory nor on a small disk."""

import contextlib

from part import Part

import machine
import servers

CONNECTIONS = 64
MEAN_PHOTO_BYTES = 127 << 10
# A server that takes longer for a photo hangs.
SLOWEST_PER_SECOND = 50


class Photos(Part):
    name = "photos"

    def run(self, kinds):
        for kind in kinds:
            try:
                with self.memory_in_use(), self.server(kind) as server:
                    self.load(server)
            except servers.ServerError as error:
                self.fail(f"photos: {error}")  # the others are measured all the same

    def memory_in_use(self):
        if not self.size.fills_memory:
            return contextlib.nullcontext()
        return machine.page_cache_filled(self.directory)

    def load(self, server):
        each = self.size.photos // self.size.rounds
        for number in range(self.size.rounds):
            self.one(server, "in", number + 1,
                     ["--workload", "photo-put", "--first", number * each, "--keys", each],
                     each / SLOWEST_PER_SECOND)
        every = ["--workload", "photo-get", "--preloaded", "--keys", each * self.size.rounds]
        # The first round also makes every server's indexes warm.
        for number in range(self.size.rounds + 1):
            self.one(server, "out" if number > 0 else "first out", number,
                     [*every, "--seconds", self.size.seconds], self.size.seconds)
        if server.kind.scheme == "redis":
            return  # all of it is in memory
        if not machine.drop_page_cache():
            self.say("photos: cold reads are not measured: only root may drop the page cache")
            return
        # Programs and indexes are read again, for a photo that is not measured.
        machine.read_file_indexes(self.directory / server.kind.name)
        last = each * self.size.rounds - 1
        self.generator.measure(server, ["--workload", "photo-get", "--preloaded", "--connections",
                                        str(CONNECTIONS), "--first", str(last), "--keys", "1",
                                        "--operations", "1000"], 1000 / SLOWEST_PER_SECOND)
        self.one(server, "cold", 1, ["--workload", "photo-get", "--preloaded", "--keys", last,
                                     "--operations", min(self.size.cold, each)],
                 self.size.cold / SLOWEST_PER_SECOND)

    def one(self, server, load, number, arguments, seconds):
        self.measure(server, load, number, ["--connections", CONNECTIONS, *arguments], seconds)

    def summary(self, run):
        result = run["result"]
        if not result["seconds"]:
            return "nothing"
        return (f"{result['operations_per_second']:,.0f} photos/s, "
                f"{result.get('photo_bytes', 0) / result['seconds'] / 1e6:,.0f} MB/s, "
                f"{result.get('server_cpu_us', 0):,.0f} µs CPU")
