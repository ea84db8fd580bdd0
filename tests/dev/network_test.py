#!/usr/bin/python3
"""The report of `./dev bench network`, made from a small raw report that is written here."""

import sys
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH / "network"), str(BENCH / "peers")]
sys.dont_write_bytecode = True
import highest_rate  # noqa: E402  (found by the lines above)
import network_report  # noqa: E402
import servers  # noqa: E402

RATES = {"smile": 4_000, "redis-aof": 3_000}


def act(p99, requests, trips):
    return {"count": 100, "p50_ms": p99 / 10, "p99_ms": p99, "requests_each": requests,
            "round_trips_each": trips}


def result_of(server, rate):
    redis = server != "smile"
    return {"rate": rate, "acts_per_second": rate * 1.0, "operations": 1000, "acts": 1000,
            "requests": 5000 if redis else 2700, "round_trips": 2500 if redis else 2000,
            "feed_posts": 20, "not_begun": 0, "errors": {}, "first_error": "", "not_notified": 0,
            "watched": 7, "client_cpu_us": 60.0, "server_cpu_us": 80.0 if redis else 100.0,
            "notified": act(9.0, 0, 0),
            "each": {"feed": act(41.0 if redis else 12.0, 17.4 if redis else 2, 4 if redis else 2)}}


def run_of(server, load, rate, result, number=1):
    return {"load": load, "rate": rate, "server": server, "round": number, "space": 2_000_000,
            "memory": 3_000_000, "status": 0, "words": "", "command": "smilebench", "result": result}


def raw_report(names):
    rates = {name: RATES[name] for name in names}
    runs = []
    for name in names:
        runs.append(run_of(name, "load", 0, {"people": 100, "load_seconds": 2.0, "errors": {},
                                             "operations": 900}))
        for load in network_report.loads(len(names)):
            rate = network_report.rate_of(load, name, rates)
            runs.append(run_of(name, load, rate, result_of(name, rate)))
    fsync = {"probes": 200, "bytes": 4096, "min_us": 1.0, "median_us": 2.0, "p99_us": 3.0,
             "max_us": 4.0}
    return {"made": "today", "command": "./dev bench network",
            "settings": {"quick": False, "graph": False, "rounds": 1, "seconds": 20.0},
            "machine": {"cpu": "a processor", "cores": 2, "memory_gib": 8, "virtual": False,
                        "system": "a system", "kernel": "6.1", "commit": "abc", "fsync": fsync,
                        "file_system": {"type": "ext4", "gib": 100}},
            "servers": servers.describe([servers.KINDS[name] for name in names], {}),
            "highest": rates, "runs": runs, "failures": []}


def cells(page, start):
    line = next(line for line in page.split("\n") if line.startswith(f"| {start} |"))
    return [cell.strip() for cell in line.strip("| ").split("|")]


class Report(unittest.TestCase):
    def test_both_servers_are_side_by_side(self):
        report = network_report.Report(raw_report(["smile", "redis-aof"]))
        self.assertEqual(report.troubles, [])
        page = network_report.markdown(report)
        self.assertIn("**Smile: one core served 40,000 people who are online: 4,000 acts/s", page)
        self.assertIn("**Redis: one core served 30,000 people who are online: 3,000 acts/s", page)
        self.assertEqual(cells(page, "Smile: the same rate")[1:],
                         ["3,000", "3,000", "30,000", "100", "60", "2.7", "2.0", "0"])
        self.assertEqual(cells(page, "Redis: the same rate")[4:8], ["80", "60", "5.0", "2.5"])
        same = page.partition("## Each act at the same rate\n")[2]
        self.assertEqual(cells(same, "feed")[1:],
                         ["50", "1.2", "12.0", "4.1", "41.0", "2.0", "2.0", "17.4", "4.0"])
        self.assertEqual(cells(page, "Redis")[1:], ["100", "2", "20,000", "30,000", "3"])
        self.assertIn("## What the part of Redis leaves out\n", page)
        self.assertIn("appendfsync always", page)
        self.assertIn("<h2>Each act at the same rate</h2>", network_report.html(report))

    def test_the_verdict_says_what_was_too_slow(self):
        raw = raw_report(["smile"])
        for run in raw["runs"]:
            if run["load"] == "1":
                run["result"]["each"]["feed"]["p99_ms"] = 51
        start = "Smile: one core served 40,000 people who are online: 4,000 acts/s, one of each person in 10 s, "
        self.assertEqual(network_report.Report(raw).verdict_lines(),
                         [start + "with p99 of feed over its limit."])
        raw["highest"]["smile"] = None
        self.assertEqual(network_report.Report(raw).verdict_lines(),
                         [start + "with p99 of feed over its limit. No rate was fast enough: this is the "
                          "lowest that was tried."])

    def test_smile_may_be_alone(self):
        report = network_report.Report(raw_report(["smile"]))
        self.assertEqual(report.troubles, [])
        for page in (network_report.markdown(report), network_report.html(report)):
            self.assertNotIn("Redis:", page)
            self.assertNotIn("same rate", page)

    def test_errors_and_missing_results_are_loud(self):
        raw = raw_report(["smile", "redis-aof"])
        for run in raw["runs"]:
            if run["load"] == "1" and run["server"] == "smile":
                run["result"] = None
            if run["load"] == "same" and run["server"] == "redis-aof":
                run["result"]["errors"] = {"unavailable": 3}
        report = network_report.Report(raw)
        self.assertIn("Smile: nothing was measured", report.troubles)
        page = network_report.markdown(report)
        self.assertIn("## THIS RUN FAILED", page)
        self.assertIn("redis-aof, same, 3000 acts/s, round 1: 3 errors unavailable", page)

    def test_a_rate_is_the_servers_own_or_that_of_all(self):
        self.assertEqual(network_report.rate_of("2", "smile", RATES), 8_000)
        self.assertEqual(network_report.rate_of("same", "smile", RATES), 3_000)
        slow = result_of("smile", 1_000)
        self.assertTrue(network_report.is_fast(slow))
        slow["each"]["feed"]["p99_ms"] = 51
        self.assertFalse(network_report.is_fast(slow))


class Search(unittest.TestCase):
    def found(self, is_fast):
        self.tried = []

        def trying(rate, whole):
            self.tried.append((rate, whole))
            return is_fast(rate, whole)

        return highest_rate.search(trying, first=100)

    def test_the_highest_rate_that_is_fast(self):
        self.assertEqual(self.found(lambda rate, _: rate <= 160), 156)
        self.assertEqual(self.tried, [(100, False), (125, False), (156, False), *[(195, False)] * 3,
                                      (156, True), (156, True)])

    def test_one_bad_sample_does_not_end_it(self):
        short = [True, False, False, True, False, True, False, False, False]
        for whole, rate in [([True, True], 156), ([True, False, True], 156),
                            ([True, False, False, True, True], 125)]:
            samples = iter(short + whole)
            self.assertEqual(self.found(lambda *_: next(samples)), rate)  # noqa: B023
            self.assertEqual(list(samples), [])

    def test_it_falls_to_what_passes_a_whole_round(self):
        self.assertEqual(self.found(lambda rate, whole: rate <= (125 if whole else 200)), 125)

    def test_nothing_is_found_if_the_first_is_too_slow(self):
        self.assertIsNone(self.found(lambda *_: False))
        self.assertEqual(self.tried, [(100, False)] * 3)
        self.assertIsNone(self.found(lambda _, whole: not whole and len(self.tried) < 5))


if __name__ == "__main__":
    unittest.main()
