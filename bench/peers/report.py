"""The report in Markdown: goals, machine, servers, a table for each load."""

from figures import Figure, Runs
from goals import all_goals

NOTHING = "–"
# In cores: if others use more, throughput and latencies are not the servers' alone.
QUIET = 0.1


def table(heads, rows):
    """Markdown; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(heads) + " |",
             "|" + "|".join(["---"] + ["---:"] * (len(heads) - 1)) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def number(value):
    """With the digits that are significant."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(figure):
    """The median, and the minimum and maximum of the rounds."""
    if figure is None:
        return NOTHING
    if len(figure.values) == 1:
        return number(figure.median)
    return f"{number(figure.median)} ({number(figure.least)}–{number(figure.most)})"


def middle(figure):
    return NOTHING if figure is None else number(figure.median)


def ratio_words(value):
    return NOTHING if value is None else f"{value:.2f}"


def rounds_words(settings):
    rounds = settings["rounds"]
    return "1 round" if rounds == 1 else f"{rounds} alternating rounds"


def busy_share(runs, quantity, where):
    """The share of its core that a process used, in percent."""
    cpu, rate = runs.figure(quantity, *where), runs.figure("throughput", *where)
    if cpu is None or rate is None:
        return NOTHING
    return f"{cpu.median * rate.median / 1e4:.0f} %"


class Report:
    """What Markdown and HTML show of a raw report."""

    def __init__(self, raw):
        self.raw = raw
        self.runs = Runs(raw)
        self.goals = all_goals(self.runs)
        self.troubles = self.runs.troubles()
        self.kinds = {kind["name"]: kind for kind in raw["servers"]}

    def failed(self):
        return bool(self.troubles)

    def is_lost_with_power(self, server, workload):
        """Whether this load writes, and the server does not keep what it acknowledged."""
        writes = workload in ("put", "mixed") or workload.startswith("ycsb-")
        return (writes and workload != "ycsb-c"
                and self.kinds[server]["durable"].startswith("not durable"))

    def title_of(self, server, workload):
        title = self.kinds[server]["title"]
        return f"{title} (**not durable**)" if self.is_lost_with_power(server, workload) else title

    def verdict_line(self):
        met = sum(goal.met is True for goal in self.goals)
        missed = sum(goal.met is False for goal in self.goals)
        unknown = len(self.goals) - met - missed
        line = f"Of {len(self.goals)} bars {met} are met, {missed} not met, {unknown} not measured."
        if self.raw["settings"]["quick"]:
            line += " This was a quick smoke test: its figures mean nothing."
        return line


    def quiet_line(self):
        """Whether the machine was idle except for the run."""
        used = Figure(tuple(sum(run["others"].values()) for run in self.raw["runs"]) or (0.0,))
        line = (f"other programs and machines used {used.median:.2f} cores during the rounds, at "
                f"most {used.most:.2f} in one")
        if used.median > QUIET:
            return f"THE MACHINE WAS BUSY: {line}. Only the CPU per request is meaningful."
        return f"The machine was quiet: {line}."


def alarm(report):
    if not report.troubles:
        return ["No value was wrong or missing, and there was no error."]
    lines = ["## THIS RUN FAILED", "",
             "Values were wrong or missing, or there were errors. Do not use its figures.", ""]
    return lines + [f"- {' '.join(words.split())}" for words in report.troubles]


def goals_section(report):
    rows = [[f"{goal.number}. {goal.what}", goal.bar, goal.measured, f"**{goal.verdict}**"]
            for goal in report.goals]
    return ["## Goals", "", report.verdict_line() + " Ratios are of medians; after them are those "
            "of single rounds.", "",
            table(["goal", "bar", "measured", "verdict"], rows)]


def machine_rows(machine):
    fsync = machine["fsync"]
    disk = machine["file_system"]
    return [
        ("processor", f"{machine['cpu']}, {machine['cores']} cores"
         + (", virtual machine" if machine["virtual"] else "")),
        ("memory", f"{machine['memory_gib']} GiB"),
        ("system", f"{machine['system']}, Linux {machine['kernel']}"),
        ("disk", f"{disk['type']}, {disk['gib']:,} GiB; a fsync of {fsync['bytes']} appended "
         f"bytes takes {fsync['median_us']:,.0f} µs (median of {fsync['probes']}; "
         f"{fsync['min_us']:,.0f}–{fsync['max_us']:,.0f}, p99 {fsync['p99_us']:,.0f})"),
        ("commit", machine["commit"]),
    ]


def machine_section(report):
    rows = [list(row) for row in machine_rows(report.raw["machine"])]
    return ["## Machine", "", table(["what", "is"], rows).replace("---:", "---")]


SERVERS_HEADS = ["server", "version", "an acknowledged write", "command"]


def servers_rows(raw):
    return [[kind["title"], kind["version"] or NOTHING, kind["durable"],
             f"`{kind['command']}`" if kind["command"] else NOTHING] for kind in raw["servers"]]


def servers_section(report):
    lines = ["## Servers", "",
             table(SERVERS_HEADS, servers_rows(report.raw)).replace("---:", "---")]
    notes = dict.fromkeys(kind["note"] for kind in report.raw["servers"] if kind.get("note"))
    return lines + [line for note in notes for line in ("", f"Valkey: {note}.")]


def load_rows(report, stage, workload, shape):
    runs = report.runs
    variants = [cell[2] for cell in runs.cells(stage) if cell[:2] == (workload, shape)]
    for variant in variants:
        names = runs.servers(stage, workload, shape, variant)
        for name in names:
            where = (stage, workload, shape, name, variant)
            figure = {quantity: runs.figure(quantity, *where)
                      for quantity in ("throughput", "cpu", "p50", "p99", "p99.9", "stall")}
            against = [NOTHING, NOTHING]
            if names[0].startswith("smile") and name != names[0]:
                pair = (stage, workload, shape, names[0], name, variant)
                against = [ratio_words(runs.ratio("throughput", *pair)),
                           ratio_words(runs.ratio("cpu", *pair))]
            title = ", ".join(filter(None, [report.title_of(name, workload), variant]))
            yield [title, spread(figure["throughput"]), spread(figure["cpu"]), *against,
                   middle(figure["p50"]), middle(figure["p99"]), middle(figure["p99.9"]),
                   middle(figure["stall"]), busy_share(runs, "cpu", where),
                   busy_share(runs, "generator_cpu", where)]


LOAD_HEADS = ["server", "requests/s", "CPU µs", "Smile's requests/s to it", "Smile's CPU to it",
              "p50 µs", "p99 µs", "p99.9 µs", "longest stall ms", "server's core",
              "generator's core"]


def load_title(workload, shape):
    connections, depth = shape.split("x")
    requests = "one request" if depth == "1" else f"{depth} requests"
    return f"{workload.upper()} {shape} ({connections} connections, {requests} in flight on each)"


def stage_section(report, stage):
    lines = [f"## {stage['title']}", "", stage["words"], ""]
    loads = dict.fromkeys(cell[:2] for cell in report.runs.cells(stage["name"]))
    if not loads:
        return lines + ["Nothing was measured."]
    for workload, shape in loads:
        lines += [f"### {load_title(workload, shape)}", "",
                  table(LOAD_HEADS, load_rows(report, stage["name"], workload, shape)), ""]
    return lines[:-1]


READING = """Figures are medians over the rounds, with the minimum and maximum in parentheses. "CPU µs" is the server's processor time per request; for RocksDB in the generator's
process, that of RocksDB's calls alone. Latencies are of reads where there are any, otherwise of
writes, and include operations that were not answered. Where the generator's core is near 100 %, it
limits the throughput: compare the CPU then."""


def markdown(raw):
    report = Report(raw)
    settings = raw["settings"]
    lines = ["# Smile compared with its peers", "",
             f"{raw['made']}; {rounds_words(settings)} of {settings['seconds']:g} s "
             f"for each load; made by `{raw['command']}`.", ""]
    lines += [report.quiet_line(), ""]
    for section in (alarm, goals_section, machine_section, servers_section):
        lines += section(report) + [""]
    lines += [READING, ""]
    for stage in raw["stages"]:
        lines += stage_section(report, stage) + [""]
    return "\n".join(lines)
