"""The report for looking at: one HTML page with its plots inside, for light and dark."""

import html as escape
import io
import math
import re

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot, ticker  # noqa: E402  (behind the choice of what draws)

from report import NOTHING, Report, load_title, machine_rows, number, rounds_words  # noqa: E402

# Told apart by people who see colours differently, and on white as on black: Okabe and Ito's.
COLOURS = ["#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#999999"]
SMILE = COLOURS[0]

# Matplotlib knows colours only; the page wants "whatever text is drawn in".
TEXT_STAND_IN = "#010203"

# The page's fonts, so that letters stay letters.
STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "peers", "font.family": "sans-serif",
    "font.size": 10, "text.color": TEXT_STAND_IN, "axes.labelcolor": TEXT_STAND_IN,
    "axes.edgecolor": TEXT_STAND_IN, "xtick.color": TEXT_STAND_IN, "ytick.color": TEXT_STAND_IN,
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": "#888888",
    "grid.alpha": 0.3, "legend.frameon": False, "figure.facecolor": "none",
    "axes.facecolor": "none", "savefig.facecolor": "none",
}

NINES = [50, 90, 99, 99.9, 99.99, 99.999]


def nines(percent):
    """Where a percentile is on an axis on which each nine is as wide as the one before it."""
    return -math.log10(1 - percent / 100)


def svg(figure, words):
    """The figure as an element of the page; `words` are for those who cannot see it."""
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg"):].replace(TEXT_STAND_IN, "currentColor")
    # A hundredth of a point is enough for a path.
    drawn = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), drawn)
    drawn = drawn.replace("<svg", f'<svg role="img" aria-label="{escape.escape(words)}"', 1)
    return f"<figure>{drawn}</figure>"


class Plots:
    def __init__(self, report):
        self.report = report
        self.runs = report.runs
        others = [name for name in report.kinds if not name.startswith("smile")]
        self.colours = {name: COLOURS[1 + i % (len(COLOURS) - 1)] for i, name in enumerate(others)}

    def colour(self, server):
        return self.colours.get(server, SMILE)

    def series(self, stage, workload, shape):
        """(words, colour, dashed, where) of each line or bar."""
        for variant in [cell[2] for cell in self.runs.cells(stage)
                        if cell[:2] == (workload, shape)]:
            for name in self.runs.servers(stage, workload, shape, variant):
                words = ", ".join(filter(None, [self.report.kinds[name]["title"], variant]))
                if self.report.is_lost_with_power(name, workload):
                    words += " (not durable)"
                dashed = variant not in ("", "alone")
                yield words, self.colour(name), dashed, (stage, workload, shape, name, variant)

    def latency_axes(self, axes, stage, workload, shape, kind):
        """Percentile curves of one load; each is that of the round with the median p99."""
        for words, colour, dashed, where in self.series(stage, workload, shape):
            points = self.median_curve(where, kind)
            if points:
                axes.plot([nines(percent) for percent, _ in points],
                          [micros for _, micros in points], label=words, color=colour,
                          linestyle="--" if dashed else "-", linewidth=1.8)
        axes.set_yscale("log")
        axes.set_xticks([nines(percent) for percent in NINES], [f"{p:g}" for p in NINES])
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(time_words))
        axes.yaxis.set_minor_locator(ticker.NullLocator())
        axes.grid(True)
        axes.set_xlabel("percentile")
        axes.set_ylabel("latency")
        axes.set_title(f"{workload.upper()} {shape}, {kind}", loc="left")

    def median_curve(self, where, kind):
        stage, workload, shape, server, variant = where
        curves = [run["result"][kind] for run in
                  self.runs.of(stage, workload, shape, server, variant)
                  if run["result"] and run["result"].get(kind, {}).get("percentiles")]
        curves.sort(key=lambda latencies: latencies["p99_us"])
        if not curves:
            return []
        curve = curves[len(curves) // 2]
        # After this, there is nothing but the one longest latency.
        last = min(100 * (1 - 1 / curve["count"]), NINES[-1])
        return [(percent, max(micros, 0.1)) for percent, micros in curve["percentiles"]
                if percent <= last]

    def latencies(self, stage, workload, shape):
        """One figure with the reads' and the writes' curves, as far as there are any."""
        kinds = [kind for kind in ("reads", "writes")
                 if any(self.median_curve(where, kind)
                        for _, _, _, where in self.series(stage, workload, shape))]
        if not kinds:
            return ""
        figure, all_axes = pyplot.subplots(1, len(kinds), figsize=(9, 3.4), squeeze=False)
        for axes, kind in zip(all_axes[0], kinds):
            self.latency_axes(axes, stage, workload, shape, kind)
        figure.tight_layout()
        return svg(figure, f"latency percentiles of {load_title(workload, shape)}")

    def bars(self, stage, workload, shape):
        """Throughput and CPU of one load, with the least and the most of the rounds as lines."""
        series = list(self.series(stage, workload, shape))
        height = 0.9 + 0.36 * len(series)
        figure, all_axes = pyplot.subplots(1, 2, figsize=(9, height), sharey=True)
        for axes, quantity, title in ((all_axes[0], "throughput", "requests per second"),
                                      (all_axes[1], "cpu", "server CPU per request, µs")):
            for row, (_, colour, dashed, where) in enumerate(series):
                self.bar(axes, row, self.runs.figure(quantity, *where), colour, dashed)
            axes.set_title(title, loc="left", fontsize=10)
            axes.set_xlim(0, max(axes.get_xlim()[1], 0.001) * 1.2)
            axes.xaxis.set_major_locator(ticker.MaxNLocator(4))
            axes.xaxis.set_major_formatter(ticker.FuncFormatter(short_number))
            axes.grid(True, axis="x")
        all_axes[0].set_yticks(range(len(series)), [words for words, *_ in series])
        all_axes[0].invert_yaxis()
        return svg(figure, f"throughput and CPU of {load_title(workload, shape)}")

    @staticmethod
    def bar(axes, row, figure, colour, dashed):
        if figure is None:
            axes.text(0, row, f" {NOTHING}", va="center")
            return
        axes.barh(row, figure.median, color=colour, height=0.7, alpha=0.6 if dashed else 1)
        axes.plot([figure.least, figure.most], [row, row], color=TEXT_STAND_IN, linewidth=1.2)
        axes.annotate(number(figure.median), (figure.most, row), xytext=(5, 0),
                      textcoords="offset points", va="center", fontsize=9)

    def legend(self, stage, workload, shape):
        entries = "".join(
            f'<span><i style="border-top: 3px {"dashed" if dashed else "solid"} {colour}"></i>'
            f"{escape.escape(words)}</span>"
            for words, colour, dashed, _ in self.series(stage, workload, shape))
        return f'<p class="legend">{entries}</p>'


def time_words(micros, _):
    if micros >= 1e6:
        return f"{micros / 1e6:g} s"
    return f"{micros / 1e3:g} ms" if micros >= 1e3 else f"{micros:g} µs"


def short_number(value, _):
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Smile compared with its peers</title>
<style>
:root {{ color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #cf222e; }}
@media (prefers-color-scheme: dark) {{ :root {{ --good: #4ac26b; --bad: #ff7b72; }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; background: Canvas; color: CanvasText; }}
h1, h2, h3 {{ line-height: 1.2; }}
h2 {{ margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1.5rem; }}
table {{ border-collapse: collapse; font-size: .9rem; }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }}
figure {{ margin: 0; overflow-x: auto; }}
figure svg {{ max-width: 100%; height: auto; font-family: system-ui, sans-serif; }}
.alarm {{ border: 3px solid var(--bad); padding: 0 1rem; }}
.alarm h2 {{ border: none; margin-top: 0; }}
.met {{ color: var(--good); font-weight: bold; }}
.missed {{ color: var(--bad); font-weight: bold; }}
.legend span {{ margin-right: 1.4rem; white-space: nowrap; font-size: .9rem; }}
.legend i {{ display: inline-block; width: 1.6rem; margin-right: .4rem; vertical-align: middle; }}
</style></head><body>
{body}
</body></html>
"""

READING = """Bars are medians over the rounds; the thin line reaches from the least to the most of
them. Curves are those of the round whose p99 is the median; the axis gives each further nine the
same room. Both axes of a curve are logarithmic. Lower curves, longer throughput bars and shorter
CPU bars are better."""


def prose(words):
    """Words with `code` in them."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape.escape(words))


def alarm(report):
    if not report.troubles:
        return "<p>No value was wrong or missing, and there was no error.</p>"
    words = "".join(f"<li>{escape.escape(words)}</li>" for words in report.troubles)
    return ('<div class="alarm"><h2>This run failed</h2><p>Values were wrong or missing, or there '
            f"were errors. Do not use its figures.</p><ul>{words}</ul></div>")


def goals_table(report):
    classes = {True: "met", False: "missed", None: ""}
    rows = "".join(
        f"<tr><td>{goal.number}. {escape.escape(goal.what)}</td><td>{goal.bar}</td>"
        f"<td>{escape.escape(goal.measured)}</td>"
        f'<td class="{classes[goal.met]}">{goal.verdict}</td></tr>' for goal in report.goals)
    return ("<h2>Goals</h2><p>" + report.verdict_line() + "</p><table><tr><th>goal</th>"
            f"<th>bar</th><th>measured</th><th>verdict</th></tr>{rows}</table>")


def machine_table(report):
    rows = "".join(f"<tr><th>{escape.escape(name)}</th><td>{escape.escape(value)}</td></tr>"
                   for name, value in machine_rows(report.raw["machine"]))
    for kind in report.raw["servers"]:
        lines = [kind["version"], f"`{kind['command']}`" if kind["command"] else "",
                 kind["durable"], kind.get("note", "")]
        rows += (f"<tr><th>{escape.escape(kind['title'])}</th>"
                 f"<td>{'<br>'.join(prose(line) for line in lines if line)}</td></tr>")
    return f"<h2>Machine and servers</h2><table>{rows}</table>"


def stage_section(report, plots, stage):
    parts = [f"<h2>{escape.escape(stage['title'])}</h2><p>{prose(stage['words'])}</p>"]
    for workload, shape in dict.fromkeys(cell[:2] for cell in report.runs.cells(stage["name"])):
        parts += [f"<h3>{escape.escape(load_title(workload, shape))}</h3>",
                  plots.bars(stage["name"], workload, shape),
                  plots.legend(stage["name"], workload, shape),
                  plots.latencies(stage["name"], workload, shape)]
    return "\n".join(parts)


def html(raw):
    report = Report(raw)
    settings = raw["settings"]
    with pyplot.rc_context(STYLE):
        plots = Plots(report)
        stages = [stage_section(report, plots, stage) for stage in raw["stages"]]
    made = (f"<h1>Smile compared with its peers</h1><p>{raw['made']}; {rounds_words(settings)} "
            f"of {settings['seconds']:g} s for each load; made by "
            f"<code>{escape.escape(raw['command'])}</code>. Tables with all figures are in "
            "report.md; raw.json has everything that was measured.</p>")
    body = [made, f"<p>{report.quiet_line()}</p>", alarm(report), goals_table(report), f"<p>{READING}</p>", *stages,
            machine_table(report)]
    return PAGE.format(body="\n".join(body))
