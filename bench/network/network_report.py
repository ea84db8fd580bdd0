"""The report of `./dev bench network`: how many people a core serves, how long they wait, and what
happens at twice the load, on Smile and on Redis; in Markdown and HTML."""

import html as escape
import statistics

from figures import troubles
from report import SERVERS_HEADS, machine_rows, servers_rows, table

# 99 % of all acts of a kind may take so long, in milliseconds.
LIMITS_MS = {"profile": 50, "feed": 50, "photo": 100, "comments": 50, "like": 50, "post": 50,
             "comment": 50, "photo_post": 200, "befriend": 50, "login": 500}
# From a like, comment or new friendship until the one whom it concerns was told, if she is online.
NOTIFIED_LIMIT_MS = 100
# The rates that are measured, as shares of the highest that is fast enough on the server.
FACTORS = (0.5, 1.0, 2.0)
LOADS = tuple(f"{factor:g}" for factor in FACTORS)
# All servers at the highest rate that is fast enough on each of them.
SAME = "same"
# A person who is online does something this often.
SECONDS_BETWEEN_ACTS = 10
# An open loop that falls behind by more has reached the server's limit.
LEAST_DONE = 0.98


def loads(servers):
    """Those that are measured with so many servers, in this order."""
    return LOADS[:2] + (SAME,) * (servers > 1) + LOADS[2:]


def rate_of(load, server, rates):
    """`rates`: by server, the highest that was fast enough."""
    return min(rates.values()) if load == SAME else rates[server] * float(load)


def over_limits(p99, notified):
    """The acts whose p99, and the notifications if theirs, are over the limit; in milliseconds."""
    slow = [name for name, limit in LIMITS_MS.items() if (p99.get(name) or 0) > limit]
    return slow + ["notifications"] * ((notified or 0) > NOTIFIED_LIMIT_MS)


def is_fast(result):
    """Whether all that was due was done, and 99 % of every act within its limit."""
    if result["acts_per_second"] < LEAST_DONE * result["rate"] or result["not_begun"]:
        return False
    if result["errors"] or result["not_notified"]:
        return False
    p99 = {name: act["p99_ms"] for name, act in result["each"].items()}
    return not over_limits(p99, result["notified"]["p99_ms"])


def summary(run):
    result = run["result"]
    if result is None:
        return "no result"
    if run["load"] == "load":
        return f"{result['people']:,} people in {result['load_seconds']:.1f} s"
    verdict = "fast enough" if is_fast(result) else "TOO SLOW"
    return (f"{result['acts_per_second']:,.0f} acts/s, {result.get('server_cpu_us', 0):,.0f} µs "
            f"CPU each, {verdict}")


def shown(value, form="{:,.0f}"):
    return "–" if value is None else form.format(value)


class Measured:
    """What a raw report says of one server."""

    def __init__(self, raw, kind):
        self.title = kind["title"].split(",")[0]  # how it was started is in the table of servers
        self.quick = raw["settings"]["quick"]
        self.runs = [run for run in raw["runs"] if run["server"] == kind["name"]]
        self.found = raw["highest"].get(kind["name"]) is not None

    def results(self, load):
        return [run["result"] for run in self.runs if run["load"] == load and run["result"]]

    def median(self, load, take):
        values = [value for result in self.results(load) if (value := take(result)) is not None]
        return statistics.median(values) if values else None

    def act(self, load, name, quantity):
        return self.median(load, lambda result: result["each"].get(name, {}).get(quantity))

    def notified(self, load, percentile):
        return self.median(load, lambda result: result["notified"][percentile])

    def each(self, load, quantity):
        """Of all acts together, for each."""
        return self.median(load, lambda result: result[quantity] / result["acts"]
                           if result["acts"] else None)

    def times(self, load, name):
        """p50 and p99 of an act, as text."""
        return [shown(self.act(load, name, percentile), "{:,.1f}")
                for percentile in ("p50_ms", "p99_ms")]

    def times_notified(self, load):
        return [shown(self.notified(load, percentile), "{:,.1f}")
                for percentile in ("p50_ms", "p99_ms")]

    def loaded(self):
        """The run that wrote everybody, if there is one."""
        return next((run for run in self.runs if run["load"] == "load" and run["result"]), None)

    def served(self, load):
        rate = self.median(load, lambda result: result["acts_per_second"])
        return None if rate is None else rate * SECONDS_BETWEEN_ACTS

    def over_limit(self, load):
        """The acts of which p99 was too long, in the median of the rounds."""
        return over_limits({name: self.act(load, name, "p99_ms") for name in LIMITS_MS},
                           self.notified(load, "p99_ms"))

    def verdict_line(self):
        served, rate = self.served("1"), self.median("1", lambda r: r["acts_per_second"])
        if served is None:
            return f"{self.title}: nothing was measured."
        slow = self.over_limit("1")
        limits = (f"with p99 of {', '.join(slow)} over its limit" if slow
                  else "with 99 % of every act within its limit")
        line = (f"{self.title}: one core served {served:,.0f} people who are online: {rate:,.0f} "
                f"acts/s, one of each person in {SECONDS_BETWEEN_ACTS} s, {limits}.")
        if not self.found:
            line += " No rate was fast enough: this is the lowest that was tried."
        if self.quick:
            line += " This was a quick smoke test: its figures mean nothing."
        return line


class Report:
    """What a raw report says."""

    def __init__(self, raw):
        self.raw = raw
        self.servers = [Measured(raw, kind) for kind in raw["servers"]]
        self.troubles = list(raw["failures"])
        for run in raw["runs"]:
            where = f"{run['server']}, {run['load']}, {run['rate']:g} acts/s, round {run['round']}"
            # At twice the load requests may be refused; that is told as a figure.
            if run["load"] in ("load", SAME, *LOADS[:2]):
                self.troubles += [f"{where}: {words}" for words in troubles(run)]
        self.troubles += [f"{server.title}: nothing was measured" for server in self.servers
                          if not server.results("1")]

    def verdict_lines(self):
        return [server.verdict_line() for server in self.servers]

    def with_redis(self):
        return any(kind["name"].startswith("redis") for kind in self.raw["servers"])


def load_words(load):
    return "the same rate" if load == SAME else f"{load} × its load"


def rate_rows(report):
    for server in report.servers:
        for load in loads(len(report.servers)):
            yield [f"{server.title}: {load_words(load)}",
                   shown(server.median(load, lambda r: r["rate"])),
                   shown(server.median(load, lambda r: r["acts_per_second"])),
                   shown(server.served(load)),
                   shown(server.median(load, lambda r: r.get("server_cpu_us"))),
                   shown(server.median(load, lambda r: r["client_cpu_us"])),
                   shown(server.each(load, "requests"), "{:,.1f}"),
                   shown(server.each(load, "round_trips"), "{:,.1f}"),
                   shown(server.median(load, lambda r: r["not_begun"] + sum(r["errors"].values())))]


RATE_HEADS = ["rate", "acts due/s", "acts done/s", "people online", "server's CPU µs per act",
              "backend's CPU µs per act", "requests per act", "round trips per act",
              "acts refused or not begun"]


def load_rows(report):
    for server in report.servers:
        run = server.loaded()
        if run is not None:
            people = run["result"]["people"]
            yield [server.title, shown(people), shown(run["result"]["load_seconds"]),
                   shown(run["space"] / people), shown(run["memory"] / people),
                   shown(run["memory"] / 2**20)]


LOAD_HEADS = ["server", "people", "written in s", "bytes on the disk per person",
              "bytes in memory per person", "MiB in memory"]


def same_rows(report):
    """Each act on all servers, side by side."""
    for name, limit in LIMITS_MS.items():
        yield [name, f"{limit}",
               *[cell for server in report.servers for cell in server.times(SAME, name)],
               *[shown(server.act(SAME, name, quantity), "{:,.1f}") for server in report.servers
                 for quantity in ("requests_each", "round_trips_each")]]
    yield ["(notification)", f"{NOTIFIED_LIMIT_MS}",
           *[cell for server in report.servers for cell in server.times_notified(SAME)],
           *["–"] * 2 * len(report.servers)]


def same_heads(report):
    return ["act", "limit of p99, ms",
            *[f"{server.title}: {percentile}, ms" for server in report.servers
              for percentile in ("p50", "p99")],
            *[f"{server.title}: {what}" for server in report.servers
              for what in ("requests", "round trips")]]


def act_rows(server):
    for name, limit in LIMITS_MS.items():
        yield [name, f"{limit}", *[cell for load in LOADS for cell in server.times(load, name)]]
    yield ["(notification)", f"{NOTIFIED_LIMIT_MS}",
           *[cell for load in LOADS for cell in server.times_notified(load)]]


ACT_HEADS = ["act", "limit of p99, ms"] + [f"{load} ×: {percentile}, ms" for load in LOADS
                                           for percentile in ("p50", "p99")]


def facts(report):
    kind = "a file's friendships" if report.raw["settings"]["graph"] else "LinkBench's degrees"
    lines = [f"The people have {kind}. One person in 20 has a photo, of 127 KiB on average; photos are "
             "in the bytes per person."]
    for server in report.servers:
        watched = shown(server.median("1", lambda r: r["watched"]))
        lines.append(f"{server.title}: the people who are online watch {watched} partitions or "
                     "channels: who makes friends with them, likes their newest posts, or comments on "
                     "them.")
    return lines


INTRODUCTION = (
    "People read profiles, feeds, photos and comments, like, post, comment, make friends and log in, in "
    "the mix that `smilebench network --help` states. An act is one or several requests, the first of "
    "which verifies a session. Acts begin at a given rate, however fast the server is; the time of an "
    "act counts from when it was due. Whom an act concerns is told of it at once; that time counts from "
    "when the write was sent. The load of a server is the highest rate at which 99 % of every act were "
    "within its limit, in two of three tries. The server has one core, smilebench, which is the backend, "
    "the other. Round trips follow each other; requests that are sent together are one round trip. A command of Redis "
    "is a request.")

LEFT_OUT = (
    "Passwords are not verified: Redis cannot, so the backend would need a processor of its own for "
    "that, some 25 ms for each login. In Smile's CPU it is included: some 25 µs per act of this mix.",
    "Notifications are PUBLISH and SUBSCRIBE: at most once, not durable, and lost to a backend that is "
    "not connected. A watch of Smile tells that there is a gap, and can begin at a version that was "
    "seen.",
    "Friends, followers and likes are sets, which have neither a time nor a value; a link of Smile has "
    "both, and is listed newest first.",
    "Values have neither checksums nor versions, and a write has no condition. A photo is one string; "
    "it is not stored once for several owners, and has neither ranges nor resumed uploads.",
    "The log is not rewritten during a run, which would cost a fork, memory and disk time. Everything "
    "has to fit in memory.",
    "The backend asks for each feed in three round trips, without a copy of the feed for each reader.",
)


def sections(report):
    """(title, heads, rows) of each table; the title may be empty."""
    yield "", LOAD_HEADS, load_rows(report)
    yield "", RATE_HEADS, rate_rows(report)
    if len(report.servers) > 1:
        yield "Each act at the same rate", same_heads(report), same_rows(report)
    for server in report.servers:
        yield f"Each act: {server.title}", ACT_HEADS, act_rows(server)


def markdown(report):
    raw = report.raw
    lines = ["# A day of a social network", "",
             f"{raw['made']}; {raw['settings']['rounds']} rounds of {raw['settings']['seconds']:g} s; "
             f"made by `{raw['command']}`.", "", INTRODUCTION, ""]
    if report.troubles:
        lines += ["## THIS RUN FAILED", "", *[f"- {words}" for words in report.troubles], ""]
    lines += [f"- **{line}**" for line in report.verdict_lines()]
    lines += [*[f"- {fact}" for fact in facts(report)], ""]
    for title, heads, rows in sections(report):
        lines += [f"## {title}", ""] * bool(title) + [table(heads, rows), ""]
    if report.with_redis():
        lines += ["## What the part of Redis leaves out", "", *[f"- {each}" for each in LEFT_OUT], ""]
    for title, heads, rows in [("Servers", SERVERS_HEADS, servers_rows(raw)),
                               ("Machine", ["what", "is"], machine_rows(raw["machine"]))]:
        lines += [f"## {title}", "", table(heads, rows).replace("---:", "---"), ""]
    return "\n".join(lines)


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A day of a social network</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ padding: 0.2rem 0.6rem; border-bottom: 1px solid #8886; text-align: right; }}
th:first-child, td:first-child {{ text-align: left; }}
.alarm {{ border: 2px solid #d55e00; padding: 0 1rem; }}
</style></head><body>
{body}
</body></html>
"""


def html_table(heads, rows):
    text = "".join(f"<th>{escape.escape(head)}</th>" for head in heads)
    for row in rows:
        text += "</tr><tr>" + "".join(f"<td>{escape.escape(cell)}</td>" for cell in row)
    return f"<table><tr>{text}</tr></table>"


def html_list(items):
    return "<ul>" + "".join(f"<li>{escape.escape(item).replace('`', '')}</li>" for item in items) + "</ul>"


def html(report):
    raw = report.raw
    parts = ["<h1>A day of a social network</h1>", f"<p>{escape.escape(raw['made'])}</p>"]
    if report.troubles:
        parts.append(f'<div class="alarm"><h2>This run failed</h2>{html_list(report.troubles)}</div>')
    parts += [f"<p><strong>{escape.escape(line)}</strong></p>" for line in report.verdict_lines()]
    parts += [f"<p>{escape.escape(INTRODUCTION).replace('`', '')}</p>", html_list(facts(report))]
    for title, heads, rows in sections(report):
        parts += [f"<h2>{escape.escape(title)}</h2>"] * bool(title) + [html_table(heads, rows)]
    if report.with_redis():
        parts += ["<h2>What the part of Redis leaves out</h2>", html_list(LEFT_OUT)]
    parts += ["<h2>Servers</h2>",
              html_table(SERVERS_HEADS, [[cell.replace("`", "") for cell in row]
                                        for row in servers_rows(raw)]),
              "<h2>Machine</h2>", html_table(["what", "is"], machine_rows(raw["machine"]))]
    return PAGE.format(body="\n".join(parts))
