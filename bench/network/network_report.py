"""The report of `./dev bench network`: how many people a core serves, how long they wait, and what
happens at twice the load; in Markdown and HTML."""

import html as escape
import statistics

from figures import troubles
from report import machine_rows, table

# 99 % of all acts of a kind may take so long, in milliseconds.
LIMITS_MS = {"profile": 50, "feed": 50, "photo": 100, "comments": 50, "like": 50, "post": 50,
             "comment": 50, "photo_post": 200, "befriend": 50, "login": 500}
# From a like, comment or new friendship until the one whom it concerns was told, if she is online.
NOTIFIED_LIMIT_MS = 100
# The rates that are measured, as shares of the highest that is fast enough.
FACTORS = (0.5, 1.0, 2.0)
# A person who is online does something this often.
SECONDS_BETWEEN_ACTS = 10
# An open loop that falls behind by more has reached the server's limit.
LEAST_DONE = 0.98


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


class Report:
    """What a raw report says."""

    def __init__(self, raw):
        self.raw = raw
        self.troubles = list(raw["failures"])
        for run in raw["runs"]:
            where = f"{run['load']}, {run['rate']:g} acts/s, round {run['round']}"
            # At twice the load requests may be refused; that is told as a figure.
            if run["load"] in ("load", f"{FACTORS[0]:g}", f"{FACTORS[1]:g}"):
                self.troubles += [f"{where}: {words}" for words in troubles(run)]
        if not self.results("1"):
            self.troubles.append("nothing was measured")

    def results(self, load):
        return [run["result"] for run in self.raw["runs"] if run["load"] == load and run["result"]]

    def median(self, load, take):
        values = [value for result in self.results(load) if (value := take(result)) is not None]
        return statistics.median(values) if values else None

    def act(self, load, name, percentile):
        return self.median(load, lambda result: result["each"].get(name, {}).get(percentile))

    def notified(self, load, percentile):
        return self.median(load, lambda result: result["notified"][percentile])

    @property
    def load_result(self):
        results = self.results("load")
        return results[0] if results else None

    def bytes_per_person(self):
        for run in self.raw["runs"]:
            if run["load"] == "load" and run["result"]:
                return run["space"] / run["result"]["people"]
        return None

    def acts_per_core(self, load):
        cpu = self.median(load, lambda result: result.get("server_cpu_us"))
        return None if not cpu else 1e6 / cpu

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
            return "Nothing was measured."
        line = (f"One core served {served:,.0f} people who are online: {rate:,.0f} acts/s, one of each "
                f"person in {SECONDS_BETWEEN_ACTS} s, with 99 % of every act within its limit.")
        slow = self.over_limit("1")
        if slow:
            line += (" That was when the rate was looked for; in the longer rounds p99 of "
                     f"{', '.join(slow)} was over its limit.")
        if self.raw["settings"]["quick"]:
            line += " This was a quick smoke test: its figures mean nothing."
        return line


def shown(value, form="{:,.0f}"):
    return "–" if value is None else form.format(value)


def rate_rows(report):
    for factor in FACTORS:
        load = f"{factor:g}"
        yield [f"{factor:g} × the load", shown(report.median(load, lambda r: r["rate"])),
               shown(report.median(load, lambda r: r["acts_per_second"])),
               shown(report.served(load)),
               shown(report.median(load, lambda r: r.get("server_cpu_us"))),
               shown(report.median(load, lambda r: r["not_begun"] + sum(r["errors"].values())))]


RATE_HEADS = ["rate", "acts due/s", "acts done/s", "people online", "server's CPU µs per act",
              "acts refused or not begun"]


def act_rows(report):
    for name, limit in LIMITS_MS.items():
        cells = [shown(report.act(f"{factor:g}", name, percentile), "{:,.1f}")
                 for factor in FACTORS for percentile in ("p50_ms", "p99_ms")]
        yield [name, f"{limit}", *cells]
    yield ["(notification)", f"{NOTIFIED_LIMIT_MS}",
           *[shown(report.notified(f"{factor:g}", percentile), "{:,.1f}")
             for factor in FACTORS for percentile in ("p50_ms", "p99_ms")]]


ACT_HEADS = ["act", "limit of p99, ms"] + [f"{factor:g} ×: {percentile}, ms" for factor in FACTORS
                                           for percentile in ("p50", "p99")]


def facts(report):
    load = report.load_result
    if load is None:
        return []
    space = report.bytes_per_person()
    kind = "a file's friendships" if report.raw["settings"]["graph"] else "LinkBench's degrees"
    return [f"{load['people']:,} people with {kind}, written in {load['load_seconds']:,.0f} s.",
            f"{space:,.0f} bytes on the disk per person, photos included "
            "(one person in 20 has one; 127 KiB on average).",
            f"The people who are online watch {shown(report.median('1', lambda r: r['watched']))} "
            "partitions: who makes friends with them, likes their newest posts, or comments on them."]


INTRODUCTION = (
    "People read profiles, feeds, photos and comments, like, post, comment, make friends and log in, in "
    "the mix that `smilebench network --help` states. An act is one or several requests, the first of "
    "which verifies a session. Acts begin at a given rate, however fast the server is; the time of an "
    "act counts from when it was due. Whom an act concerns is told of it by a watch; that time counts from "
    "when the write was sent. The load is the highest rate at which 99 % of every act were "
    "within its limit. The server has one core, smilebench the other.")


def markdown(report):
    raw = report.raw
    lines = ["# A day of a social network", "",
             f"{raw['made']}; {raw['settings']['rounds']} rounds of {raw['settings']['seconds']:g} s; "
             f"made by `{raw['command']}`.", "", INTRODUCTION, ""]
    if report.troubles:
        lines += ["## THIS RUN FAILED", "", *[f"- {words}" for words in report.troubles], ""]
    lines += [f"**{report.verdict_line()}**", "", *[f"- {fact}" for fact in facts(report)], "",
              table(RATE_HEADS, rate_rows(report)), "", table(ACT_HEADS, act_rows(report)), "",
              "## Machine", "",
              table(["what", "is"], [list(row) for row in machine_rows(raw["machine"])]).replace(
                  "---:", "---"), ""]
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


def html(report):
    raw = report.raw
    parts = ["<h1>A day of a social network</h1>", f"<p>{escape.escape(raw['made'])}</p>"]
    if report.troubles:
        items = "".join(f"<li>{escape.escape(words)}</li>" for words in report.troubles)
        parts.append(f'<div class="alarm"><h2>This run failed</h2><ul>{items}</ul></div>')
    parts += [f"<p><strong>{escape.escape(report.verdict_line())}</strong></p>",
              f"<p>{escape.escape(INTRODUCTION).replace('`', '')}</p>",
              "<ul>" + "".join(f"<li>{escape.escape(fact)}</li>" for fact in facts(report)) + "</ul>",
              html_table(RATE_HEADS, rate_rows(report)), html_table(ACT_HEADS, act_rows(report)),
              "<h2>Machine</h2>", html_table(["what", "is"], machine_rows(raw["machine"]))]
    return PAGE.format(body="\n".join(parts))
