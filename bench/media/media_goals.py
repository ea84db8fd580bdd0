"""The goals for media, each with what was measured and whether it is met."""

from figures import Figure
from goals import at_least, at_most


class MediaRuns:
    """The runs of a raw report, to be asked by part, load and server."""

    def __init__(self, raw):
        self.runs = [run for run in raw["runs"] if run["result"]]

    def of(self, part, load, server=None):
        return [run for run in self.runs if (run["part"], run["load"]) == (part, load)
                and server in (None, run["server"])]

    def names(self, part, load):
        return list(dict.fromkeys(run["server"] for run in self.of(part, load)))

    def figure(self, take, part, load, server):
        """`take` gets a run, and returns None where there is no such figure."""
        values = tuple(value for run in self.of(part, load, server)
                       if (value := take(run)) is not None)
        return Figure(values) if values else None

    def ratio(self, take, part, load, server, other):
        """Ratio of the medians, and the medians; None if one was not measured."""
        one = self.figure(take, part, load, server)
        two = self.figure(take, part, load, other)
        if one is None or two is None or 0 in (one.median, two.median):
            return None
        return one.median / two.median, one.median, two.median


# --- Figures of a run of photos ---

def rate(run):
    return run["result"].get("operations_per_second")


def megabytes(run):
    return run["result"].get("photo_bytes", 0) / run["result"]["seconds"] / 1e6


def cpu(run):
    """Microseconds per photo, without the background work after the load."""
    return run["result"].get("server_cpu_us")


def latency(percentile):
    def take(run):
        result = run["result"]
        return (result.get("reads") or result.get("writes") or {}).get(f"{percentile}_us")
    return take


def amplification(run):
    """Bytes written to the disk per byte of the photos."""
    written, photos = run["disk"]["written_bytes"], run["result"].get("photo_bytes")
    return None if written is None or not photos else written / photos


def disk_reads(run):
    reads = run["disk"]["disk_reads"]
    return None if reads is None else reads / run["result"]["operations"]


def read_amplification(run):
    return run["disk"]["read_bytes"] / run["result"]["photo_bytes"]


def compared(goal, number, what, found, bar, form):
    """`found`: as from MediaRuns.ratio."""
    if found is None:
        return goal(number, what, None, bar)
    ratio, one, two = found
    return goal(number, what, ratio, bar, f"{form.format(one)} to {form.format(two)}")


def photo_goals(runs):
    goals = []
    for other, title, bar in (("redis-aof", "Redis appendfsync always", 1), ("files", "files", 1),
                              ("nginx", "nginx", 0.7)):
        goals.append(compared(at_least, 1, f"Photos in, per second: Smile to {title}",
                              runs.ratio(rate, "photos", "in", "smile", other), bar, "{:,.0f}"))
    written = runs.figure(amplification, "photos", "in", "smile")
    goals.append(at_most(1, "Photos in: bytes written to the disk per byte",
                         written and written.median, 2.3))
    goals.append(compared(at_least, 2, "Photos out, warm, per second: Smile to nginx",
                          runs.ratio(rate, "photos", "out", "smile", "nginx"), 1, "{:,.0f}"))
    goals.append(compared(at_most, 2, "Photos out, warm, CPU per photo: Smile to nginx",
                          runs.ratio(cpu, "photos", "out", "smile", "nginx"), 1, "{:.1f} µs"))
    cold = runs.figure(disk_reads, "photos", "cold", "smile")
    goals.append(at_most(2, "Photos out, cold: reads of the disk per photo",
                         cold and cold.median, 1))
    return goals


# --- Streams ---

def speed(run):
    """MB/s."""
    return run["result"].get("megabytes_per_second")


def stream_amplification(run):
    written, moved = run["disk"]["written_bytes"], run["result"].get("bytes")
    return None if written is None or not moved else written / moved


def stream_cpu(run):
    """Seconds of the server's processor time per GiB."""
    used, moved = run["result"].get("server_cpu_seconds"), run["result"].get("bytes")
    return None if used is None or not moved else used * 2**30 / moved


def peak_memory(run):
    """MiB, of the server since it started."""
    peak = run["result"].get("server_peak_rss_bytes")
    return None if peak is None else peak / 2**20


def probe(name, percentile):
    def take(run):
        return run["result"].get("probes", {}).get(name, {}).get(f"{percentile}_us")
    return take


STREAM_PEERS = {"up": "plain-program", "down": "plain-server"}
PROBES = {"get_same": ("a cached GET on the same connection", 5),
          "get_other": ("a cached GET on another connection", 2),
          "put_other": ("a durable PUT on another connection", 3)}


def stream_goals(runs):
    goals = []
    for direction, peer in STREAM_PEERS.items():
        for count in (1, 8):
            load = f"{direction} {count}"
            goals.append(compared(
                at_least, 3, f"Streams {load}, speed: Smile to the {peer.replace('-', ' ')}",
                runs.ratio(speed, "streams", load, "smile-streams", peer), 0.6, "{:,.0f} MB/s"))
        one, many = (runs.figure(speed, "streams", f"{direction} {count}", "smile-streams")
                     for count in (1, 8))
        found = (many.median / one.median, many.median, one.median) if one and many else None
        goals.append(compared(at_least, 3, f"Streams {direction}: eight together to one", found, 1,
                              "{:,.0f} MB/s"))
    written = runs.figure(stream_amplification, "streams", "up 1", "smile-streams")
    goals.append(at_most(3, "Streams up 1: bytes written to the disk per byte",
                         written and written.median, 1.15))
    return goals


def interference_goals(runs):
    goals = []
    for direction in ("up", "down"):
        for name, (title, bar) in PROBES.items():
            busy, alone = (runs.figure(probe(name, "p99"), "interference", load, "smile-streams")
                           for load in (direction, "alone"))
            found = ((busy.median / alone.median, busy.median, alone.median)
                     if busy and alone else None)
            goals.append(compared(
                at_most, 4, f"p99 of {title}, with four streams {direction} to without", found, bar,
                "{:,.0f} µs"))
    return goals


def dedupe_goals(runs):
    spaces = [run["space"] for load in ("first", "others", "last")
              for run in runs.of("dedupe", load)]
    grown = None
    words = ""
    if len(spaces) == 3:
        grown = (spaces[2] - spaces[1]) / 2**20
        words = (f"{spaces[0] / 2**20:,.1f} MiB of files after the first, "
                 f"{spaces[1] / 2**20:,.1f} before the last, {spaces[2] / 2**20:,.1f} after it")
    return [at_most(5, "Space of the last upload of the same content", grown, 1, words, " MiB")]


MOST_CHURN_SPACE = 1.5  # per byte of the media that are left


def space_after(run):
    """Per byte of the media that are left, a minute after the others were deleted."""
    return run["result"]["space_bytes"] / run["result"]["live_bytes"]


def churn_goals(runs):
    space = runs.figure(space_after, "churn", "deletes", "smile-streams")
    return [at_most(6, "Space a minute after churn per byte that is left, at most",
                    space and space.most, MOST_CHURN_SPACE)]


def all_goals(runs):
    return (photo_goals(runs) + stream_goals(runs) + interference_goals(runs) + dedupe_goals(runs)
            + churn_goals(runs))
