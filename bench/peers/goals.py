"""The goals that the hot path was built for, each with what was measured and whether it is met."""

from dataclasses import dataclass

# CPU per GET of a bare libuv server with XXH3 frames and a locked hash map, in microseconds. A
# constant of the goals: it was measured once, on a machine of two cores, and is not measured here.
FLOOR_US = {"64x1": 7.7, "16x32": 0.75}


@dataclass(frozen=True)
class Goal:
    number: int
    what: str
    bar: str
    measured: str  # as text, with the figures it was made from
    met: object  # True, False, or None: not measured

    @property
    def verdict(self):
        return {True: "met", False: "NOT MET", None: "not measured"}[self.met]


def at_most(number, what, ratio, bar, words="", unit=""):
    return Goal(number, what, f"≤ {bar:g}{unit}", shown(ratio, words, unit),
                None if ratio is None else ratio <= bar)


def at_least(number, what, ratio, bar, words=""):
    return Goal(number, what, f"≥ {bar:g}", shown(ratio, words, ""),
                None if ratio is None else ratio >= bar)


def shown(value, words, unit):
    if value is None:
        return "–"
    number = f"{value:,.0f}{unit}" if unit else f"{value:.2f}"
    return f"{number} ({words})" if words else number


def compared(runs, quantity, stage, workload, shape, server, other, form):
    """Ratio of two medians, and the medians as text."""
    ratio = runs.ratio(quantity, stage, workload, shape, server, other)
    if ratio is None:
        return None, ""
    one = runs.figure(quantity, stage, workload, shape, server).median
    two = runs.figure(quantity, stage, workload, shape, other).median
    words = f"{form.format(one)} to {form.format(two)}"
    rounds = runs.round_ratios(quantity, stage, workload, shape, server, other)
    if rounds and len(rounds.values) > 1:
        words += f"; rounds {rounds.least:.2f}–{rounds.most:.2f}"
    return ratio, words


def cached_reads(runs):
    goals = []
    for shape, bar in (("16x32", 0.6), ("64x1", 0.95)):
        ratio, words = compared(runs, "cpu", "records", "get", shape, "smile", "redis",
                                "{:.2f} µs")
        goals.append(at_most(1, f"GET {shape}, CPU: Smile to Redis", ratio, bar, words))
    ratio, words = compared(runs, "cpu", "mget", "mget", "16x8", "smile", "redis",
                            "{:.2f} µs a request of 32")
    goals.append(at_most(1, "MGET of 32, CPU per key: Smile to Redis", ratio, 0.6, words))
    return goals


def durable_writes(runs):
    goals = []
    for other, title, bar in (("redis-aof", "Redis appendfsync always", 1),
                              ("vinyl", "Tarantool vinyl fsync", 3)):
        for shape in ("16x32", "64x1"):
            ratio, words = compared(runs, "throughput", "records", "put", shape, "smile", other,
                                    "{:,.0f}/s")
            goals.append(at_least(2, f"PUT {shape}, throughput: Smile to {title}", ratio, bar,
                                  words))
    return goals


LONG_SECONDS = 60


def valkey_writes(runs):
    """Only if Valkey was measured: it is no package of Debian's."""
    measured = {run["server"] for run in runs.raw["runs"]}
    goals = []
    if "valkey-aof" in measured:
        for shape, bar in (("16x32", 0.9), ("64x1", 1)):
            ratio, words = compared(runs, "throughput", "records", "put", shape, "smile",
                                    "valkey-aof", "{:,.0f}/s")
            goals.append(at_least(7, f"PUT {shape}, throughput: Smile to Valkey appendfsync always",
                                  ratio, bar, words))
    if "valkey-rewrite" in measured:
        for shape in ("16x32", "64x1"):
            ratio, words = None, ""
            if runs.raw["settings"]["seconds"] >= LONG_SECONDS:
                ratio, words = compared(runs, "throughput", "records", "put", shape, "smile",
                                        "valkey-rewrite", "{:,.0f}/s")
            goals.append(at_least(7, f"PUT {shape} for {LONG_SECONDS} s, throughput: Smile to "
                                  "Valkey with its log rewritten", ratio, 1, words))
    return goals


def block_cache_reads(runs):
    goals = []
    for shape in ("16x32", "64x1"):
        smile = runs.figure("cpu", "blocks", "get", shape, "smile-blocks")
        limit = runs.figure("cpu", "blocks", "get", shape, "rocksdb")
        ratio, words = None, ""
        if smile and limit:
            allowed = 1.3 * limit.median + FLOOR_US[shape]
            ratio = smile.median / allowed
            words = (f"{smile.median:.2f} µs to 1.3 × {limit.median:.2f} µs + floor "
                     f"{FLOOR_US[shape]:g} µs")
        goals.append(at_most(3, f"GET {shape} from the block cache, CPU: Smile to 1.3 × MultiGet "
                             "in process + floor", ratio, 1, words))
    return goals


def scans(runs):
    goals = []
    for shape in ("64x1", "16x8"):
        ratio, words = compared(runs, "throughput", "scan", "scan", shape, "smile", "redis",
                                "{:,.0f}/s")
        goals.append(at_least(4, f"SCAN of 20 {shape}, throughput: Smile to Redis ZREVRANGE + "
                              "MGET", ratio, 2, words))
    return goals


def tails(runs):
    where = ("mixed", "mixed", "64x1", "smile-small")
    tail, p50 = runs.figure("tail", *where), runs.figure("p50", *where)
    words = ""
    if tail and p50:
        words = f"p50 {p50.median:,.0f} µs, p99.9 {runs.figure('p99.9', *where).median:,.0f} µs"
    stall = runs.figure("stall", *where)
    return [
        at_most(5, "Mixed 95/5, data ten times the caches: p99.9 of reads to their p50",
                tail.median if tail else None, 20, words),
        at_most(5, "The same: longest time in which nothing was answered, in any round",
                stall.most if stall else None, 100, "", " ms"),
    ]


def idle_connections(runs):
    variants = [cell for cell in runs.cells("idle")]
    alone = [cell for cell in variants if cell[2] == "alone"]
    busy = [cell for cell in variants if cell[2] != "alone"]
    each = change = None
    words_each = words_change = ""
    if alone and busy:
        count = runs.of("idle", *busy[0][:2], "smile", busy[0][2])[0]["idle"]
        before = runs.figure("rss", "idle", *alone[0][:2], "smile", alone[0][2])
        after = runs.figure("rss", "idle", *busy[0][:2], "smile", busy[0][2])
        if before and after:
            # Memory that was freed may stay with the process, so the first round is "before".
            each = (after.median - before.values[0]) / count
            words_each = (f"{before.values[0] / 2**20:.1f} MiB before, {after.median / 2**20:.1f} "
                          f"MiB with {count:,}")
        one = runs.figure("p99", "idle", *alone[0][:2], "smile", alone[0][2])
        two = runs.figure("p99", "idle", *busy[0][:2], "smile", busy[0][2])
        if one and two:
            change = two.median / one.median
            words_change = f"{two.median:,.0f} µs to {one.median:,.0f} µs"
    return [
        at_most(6, "An idle connection, resident memory of smiled", each, 4096, words_each,
                " bytes"),
        at_most(6, "p99 of the active connections, with idle ones to without", change, 1.2,
                words_change),
    ]


def all_goals(runs):
    return (cached_reads(runs) + durable_writes(runs) + block_cache_reads(runs) + scans(runs)
            + tails(runs) + idle_connections(runs) + valkey_writes(runs))
