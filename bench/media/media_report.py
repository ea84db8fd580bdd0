"""The report on media in Markdown."""

import media_goals as g
from figures import troubles
from report import NOTHING, alarm, goals_section, machine_section, middle, number, spread, table
from report import servers_section

READING = """Figures are medians over the rounds, with the minimum and maximum in parentheses. "CPU" is the
server's processor time per photo, user and kernel; background work after a round is not in it.
"Written" is what the whole disk wrote per byte of the photos, including what was written in the
background after the round."""

LOADS = {"in": "Photos in", "first out": "Photos out, the first time", "out": "Photos out, warm",
         "cold": "Photos out, cold: the kernel's page cache was dropped before"}


class Report:
    """What is shown of a raw report."""

    def __init__(self, raw):
        self.raw = raw
        self.runs = g.MediaRuns(raw)
        self.goals = g.all_goals(self.runs)
        self.troubles = list(raw["failures"])
        for run in raw["runs"]:
            where = f"{run['part']} {run['load']}, round {run['round']}, {run['server']}"
            self.troubles += [f"{where}: {words}" for words in troubles(run)]
        if not raw["runs"]:
            self.troubles.append("nothing was measured")
        self.titles = {kind["name"]: kind["title"] for kind in raw["servers"]}

    def verdict_line(self):
        met = sum(goal.met is True for goal in self.goals)
        missed = sum(goal.met is False for goal in self.goals)
        unknown = len(self.goals) - met - missed
        line = f"Of {len(self.goals)} goals {met} are met, {missed} not met, {unknown} not measured."
        if self.raw["settings"]["quick"]:
            line += " This was a quick smoke test: its figures mean nothing."
        return line


PHOTO_HEADS = ["server", "photos/s", "MB/s", "CPU µs", "p50 ms", "p99 ms", "written", "disk reads",
               "bytes read"]


def millis(percentile):
    take = g.latency(percentile)
    return lambda run: None if take(run) is None else take(run) / 1000


def photos_section(report):
    lines = ["## Photos", "", photos_words(report.raw["settings"]), ""]
    for load, title in LOADS.items():
        names = report.runs.names("photos", load)
        if not names:
            continue
        rows = []
        for name in names:
            def figure(take, load=load, name=name):
                return report.runs.figure(take, "photos", load, name)
            reads = load == "cold"
            rows.append([report.titles[name], spread(figure(g.rate)), middle(figure(g.megabytes)),
                         spread(figure(g.cpu)), middle(figure(millis("p50"))),
                         middle(figure(millis("p99"))),
                         middle(figure(g.amplification)) if load == "in" else NOTHING,
                         middle(figure(g.disk_reads)) if reads else NOTHING,
                         middle(figure(g.read_amplification)) if reads else NOTHING])
        lines += [f"### {title}", "", table(PHOTO_HEADS, rows), ""]
    return lines


STREAM_HEADS = ["streams", "program", "MB/s", "CPU s/GiB", "written", "peak memory MiB"]


def streams_section(report):
    settings = report.raw["settings"]
    lines = ["## Streams", "",
             f"One stream of {settings['stream_bytes'] / 2**20:,.0f} MiB, or eight of a quarter of "
             "that, in pieces of 256 KiB with 8 in flight for each stream. Nothing is pinned: all "
             "programs have all cores. CPU is the server's; the plain program has no server.", ""]
    rows = []
    for load in dict.fromkeys(run["load"] for run in report.runs.runs if run["part"] == "streams"):
        for name in report.runs.names("streams", load):
            def figure(take, load=load, name=name):
                return report.runs.figure(take, "streams", load, name)
            written = load.startswith("up") and name == "smile-streams"
            rows.append([load, report.titles[name], spread(figure(g.speed)),
                         middle(figure(g.stream_cpu)),
                         middle(figure(g.stream_amplification)) if written else NOTHING,
                         middle(figure(g.peak_memory))])
    return lines + [table(STREAM_HEADS, rows), ""] if rows else []


def interference_section(report):
    rows = []
    for load in ("alone", "up", "down"):
        for name, (title, _) in g.PROBES.items():
            figures = [report.runs.figure(g.probe(name, percentile), "interference", load,
                                          "smile-streams") for percentile in ("p50", "p99", "p99.9")]
            if figures[0]:
                rows.append([f"{title}, {load}", *map(spread, figures)])
    lines = ["## Small requests beside four streams", "",
             "Each request is sent once per millisecond unless the last one is in flight. The "
             "streams use one connection. The generator shares the cores with the server.", ""]
    return lines + [table(["request", "p50 µs", "p99 µs", "p99.9 µs"], rows), ""] if rows else []


CHURN_HEADS = ["time", "stored MiB", "deleted", "left MiB", "space MiB", "space after it MiB",
               "per byte", f"seconds to {g.MOST_CHURN_SPACE}"]


def churn_section(report):
    rows = []
    for run in report.runs.of("churn", "deletes"):
        result = run["result"]
        mib = [number(result[name] / 2**20) for name in
               ("before_bytes", "live_bytes", "first_bytes", "space_bytes")]
        reached = result["seconds_to_bar"]
        rows.append([f"{run['round']}", mib[0], f"{result['operations']:,}", *mib[1:],
                     number(g.space_after(run)), NOTHING if reached is None else number(reached)])
    if not rows:
        return []
    settings = report.raw["settings"]
    return ["## Space after churn", "",
            f"{settings['churn_bytes'] / 2**20:,.0f} MiB are stored, half of them photos and half files "
            "of 16 MiB, and half of all media are deleted at random, three times over. \"Space\" is all "
            f"that the files of the server take, right after the deletes and {settings['churn_seconds']:g} s "
            "after them.", "", table(CHURN_HEADS, rows), ""]


def photos_words(settings):
    return (f"{settings['photos']:,} photos of 20 to 400 KiB (log-uniform, incompressible), over "
            f"{settings['connections']} connections with one request in flight on each. Servers "
            "run one after the other, each on core 0, the generator on core 1; the plain program "
            "is in the generator's process, with a thread for each connection. \"Disk reads\" are "
            "those of the whole disk per photo, \"bytes read\" those of the server per byte.")


def noise_line(raw):
    """How much of the machine others used during the runs."""
    used = [sum(run["others"].values()) for run in raw["runs"]]
    if not used:
        return ""
    return (f"Other programs and machines used {number(sum(used) / len(used))} cores on average, "
            f"{number(max(used))} in the worst run.")


def markdown(raw):
    report = Report(raw)
    settings = raw["settings"]
    lines = ["# Media: Smile beside its peers", "",
             f"{raw['made']}; {settings['rounds']} rounds; made by "
             + ", ".join(f"`{command}`" for command in raw["commands"]) + ".", "",
             noise_line(raw), ""]
    for section in (alarm, goals_section, machine_section, servers_section):
        lines += section(report) + [""]
    if report.runs.names("photos", "in"):
        lines += [READING, ""] + photos_section(report)
    lines += streams_section(report) + interference_section(report) + churn_section(report)
    return "\n".join(lines).rstrip() + "\n"
