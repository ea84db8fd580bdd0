"""What is measured: stages, each with its servers and loads."""

from dataclasses import dataclass, field

from goals import FLOOR_US
from servers import KINDS, ROCKSDB, VALKEY_NAMES, smile_with

# Connections, and requests in flight on each.
SHAPES = {"64x1": (64, 1), "16x32": (16, 32), "16x8": (16, 8)}

# A generator's time in addition to its load: to start, to connect, to report.
OVERHEAD_SECONDS = 0.4
START_SECONDS = 0.7
PRELOAD_RECORDS_PER_SECOND = 60_000
WARM_SECONDS = 1.0
MIXED_SECONDS_FACTOR = 5  # compactions come in waves that are longer than the other loads


@dataclass(frozen=True)
class Cell:
    """One load that every server of a stage gets in each round."""

    workload: str
    shape: str
    seconds: float
    variants: tuple = ("",)  # a variant alternates like a server
    idle: dict = field(default_factory=dict)  # variant -> idle connections

    def key(self):
        return f"{self.workload} {self.shape}"


@dataclass(frozen=True)
class Stage:
    """Servers that are started together, what is written to them first, what they are asked."""

    name: str
    title: str
    words: str  # what it shows and how, for the report
    kinds: tuple
    keys: int
    value_bytes: int
    cells: tuple
    restarted: bool = False  # once the records are written, so that they are in files

    def runs(self):
        return sum(len(self.kinds) * len(cell.variants) for cell in self.cells)


@dataclass(frozen=True)
class Size:
    """How much of it: a whole run, or a smoke of everything."""

    rounds: int
    seconds: float
    keys: int = 200_000
    mixed_keys: int = 671_000  # of 1000 bytes: ten times the two caches of 32 MiB
    ycsb_keys: int = 100_000
    idle: int = 10_000


def quick_size(rounds, seconds):
    return Size(rounds, seconds, keys=2_000, mixed_keys=5_000, ycsb_keys=1_000, idle=200)


WORKLOADS = ("get", "put", "mget", "scan", "blocks", "mixed", "idle", "ycsb")


def record_stages(kinds, size, wanted):
    """GET and PUT of every server; MGET of those that have one."""
    every = [Cell(workload, shape, size.seconds) for workload in ("get", "put")
             for shape in ("64x1", "16x32") if workload in wanted]
    stages = []
    if every:
        stages.append(Stage(
            "records", "Single records",
            f"{size.keys:,} records of 100 bytes, read and written one at a time, uniformly at "
            "random. All of them fit into every server's memory.",
            tuple(kinds), size.keys, 100, tuple(every)))
    if "mget" in wanted:
        stages.append(Stage(
            "mget", "Many records in one request",
            "Requests of 32 keys each. A Redis server is sent MGET.",
            with_scheme(kinds, "smile", "redis"), size.keys, 100,
            (Cell("mget", "16x8", size.seconds),)))
    if "scan" in wanted:
        stages.append(Stage(
            "scan", "Timelines",
            "The 20 newest posts of one author, values of 100 bytes. A Redis server is sent "
            "ZREVRANGE, and MGET of what it answers.",
            with_scheme(kinds, "smile", "redis"), size.keys, 100,
            tuple(Cell("scan", shape, size.seconds) for shape in ("64x1", "16x8"))))
    return stages


def smile_stages(kinds, size, wanted):
    """What has no peer but the limit."""
    if not any(kind.name == "smile" for kind in kinds):
        return []
    stages = []
    if "blocks" in wanted:
        stages.append(Stage(
            "blocks", "Records that are not in the record cache",
            "`smiled --record-cache-mib 0`, started again once the records were written: they "
            "are in files, and every GET is answered from RocksDB's block cache. "
            "Beside it RocksDB's MultiGet of the same keys in the load generator's own process. "
            "The floor that the goal adds is a constant and was not measured in this run: a bare "
            "libuv server with XXH3 frames and a locked hash map took "
            f"{FLOOR_US['64x1']:g} µs at 64x1 and {FLOOR_US['16x32']:g} µs at 16x32.",
            (smile_with("smile-blocks", "Smile without record cache", "--record-cache-mib", "0"),
             ROCKSDB), size.keys, 100,
            tuple(Cell("get", shape, size.seconds) for shape in ("64x1", "16x32")),
            restarted=True))
    if "mixed" in wanted:
        stages.append(Stage(
            "mixed", "Reads during writes, with more data than memory",
            f"{size.mixed_keys:,} records of 1000 bytes, 32 MiB of record cache and 32 MiB of "
            f"block cache: {size.mixed_keys * 1000 / 2**26:.1f} times as much data as cache. 95 "
            "reads to 5 durable writes, compactions running. The operating system's page cache is "
            "not limited.",
            (smile_with("smile-small", "Smile with 64 MiB of caches", "--record-cache-mib", "32",
                        "--block-cache-mib", "32"),), size.mixed_keys, 1000,
            (Cell("mixed", "64x1", size.seconds * MIXED_SECONDS_FACTOR),)))
    if "idle" in wanted:
        busy = f"with {size.idle:,} idle"
        stages.append(Stage(
            "idle", "Idle connections",
            f"GET as above, alone and with {size.idle:,} idle connections open.", (KINDS["smile"],), size.keys, 100,
            (Cell("get", "64x1", size.seconds, ("alone", busy), {busy: size.idle}),)))
    return stages


def ycsb_stage(kinds, size):
    chosen = tuple(kind for kind in kinds
                   if kind.name in ("smile", "redis-aof", "vinyl", "valkey-aof") or kind.address)
    return Stage(
        "ycsb", "YCSB A to F",
        f"{size.ycsb_keys:,} records of 1000 bytes, Zipf-distributed as in YCSB: A 50 reads to 50 "
        "updates, B 95 to 5, C reads, D 95 reads of the latest to 5 inserts, E 95 short scans to "
        "5 inserts, F 50 reads to 50 read-modify-writes.",
        chosen, size.ycsb_keys, 1000,
        tuple(Cell(f"ycsb-{letter}", "64x1", size.seconds) for letter in "abcdfe"))


def with_scheme(kinds, *schemes):
    """Memory-only Redis stands for Redis where nothing is written; addresses always count."""
    return tuple(kind for kind in kinds
                 if kind.scheme in schemes
                 and kind.name not in ("redis-aof", *VALKEY_NAMES))


def make_plan(kinds, size, wanted):
    stages = record_stages(kinds, size, wanted) + smile_stages(kinds, size, wanted)
    if "ycsb" in wanted:
        stages.append(ycsb_stage(kinds, size))
    return [stage for stage in stages if stage.kinds]


def preload_seconds(stage):
    """How long the records of one family of loads take to be written, roughly."""
    return stage.keys / PRELOAD_RECORDS_PER_SECOND + WARM_SECONDS


def estimate_seconds(stages, rounds):
    """How long all of it will take, roughly."""
    total = 0.0
    for stage in stages:
        for cell in stage.cells:
            runs = len(stage.kinds) * len(cell.variants) * rounds
            total += runs * (cell.seconds + OVERHEAD_SECONDS)
        families = 2 if stage.name == "ycsb" else 1  # scans have records of their own
        total += len(stage.kinds) * (START_SECONDS + families * preload_seconds(stage))
    return total
