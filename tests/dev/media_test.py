#!/usr/bin/python3
"""The report of `./dev bench media`, made from a small raw report that is written here."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH / "media"), str(BENCH / "peers")]
sys.dont_write_bytecode = True
import kinds  # noqa: E402  (found by the lines above)
import media  # noqa: E402
import media_report  # noqa: E402
import resources  # noqa: E402
import servers  # noqa: E402


def photo_run(load, server, rate, cpu=100.0, number=1, written=2_000_000, reads=90):
    kind = "writes" if load == "in" else "reads"
    return {"part": "photos", "load": load, "server": server, "round": number, "status": 0,
            "words": "", "command": "smilebench", "others": {"programs": 0.25, "machines": 0.0},
            "commit": "abc",
            "disk": {"read_bytes": 500_000, "written_bytes": written, "disk_reads": reads},
            "result": {"operations": 100, "operations_per_second": rate, "seconds": 0.5,
                       "photo_bytes": 1_000_000, "wrong_values": 0, "errors": {},
                       "lost": False, "server_cpu_us": cpu,
                       kind: {"p50_us": 1_000.0, "p99_us": 5_000.0}}}


def stream_run(load, server, speed, written=0):
    return {**photo_run(load, server, 1, written=written), "part": "streams",
            "result": {"operations": 1, "seconds": 1, "bytes": 1_000_000, "errors": {},
                       "megabytes_per_second": speed, "server_cpu_seconds": 0.002}}


def probe_run(load, p99):
    names = ("get_same", "get_other", "put_other")
    return {**stream_run(load, "smile-streams", 0), "part": "interference",
            "result": {"operations": 9, "errors": {},
                       "probes": {name: {"p50_us": 1.0, "p99_us": p99, "p99.9_us": 1.0}
                                  for name in names}}}


def canned():
    """A whole raw report in which nothing went wrong."""
    runs = [photo_run("in", "smile", rate, number=number)
            for number, rate in enumerate((600, 700, 900), 1)]
    for server, rate in (("nginx", 1_100), ("redis-aof", 600), ("files", 650)):
        runs.append(photo_run("in", server, rate))
    runs += [photo_run("out", "smile", 4_000, cpu=50), photo_run("out", "nginx", 5_000, cpu=40),
             photo_run("cold", "smile", 100)]
    for load, smile, peer in (("up 1", 700, 1_000), ("up 8", 800, 1_000), ("down 1", 500, 1_000),
                              ("down 8", 400, 2_000)):
        name = "plain-program" if load.startswith("up") else "plain-server"
        runs += [stream_run(load, "smile-streams", smile, 1_100_000), stream_run(load, name, peer)]
    runs += [probe_run("alone", 100.0), probe_run("up", 250.0), probe_run("down", 100.0)]
    for load, space in (("first", 100 << 20), ("others", 105 << 20), ("last", 105 << 20)):
        runs.append({**stream_run(load, "smile-streams", 100), "part": "dedupe", "space": space})
    return {
        "made": "2026-01-02", "commands": ["./dev bench media"], "failures": [],
        "settings": {"quick": False, "connections": 64, "photos": 300, "rounds": 3,
                     "stream_bytes": 1 << 30},
        "machine": {"cpu": "One", "cores": 2, "memory_gib": 8, "kernel": "6", "system": "Debian",
                    "virtual": True, "file_system": {"type": "ext4", "gib": 10}, "commit": "abc",
                    "fsync": {"probes": 3, "bytes": 4096, "min_us": 1, "median_us": 2,
                              "p99_us": 3, "max_us": 3}},
        "servers": servers.describe([*kinds.KINDS.values(), *kinds.STREAM_KINDS], {}),
        "runs": runs,
    }


class Report(unittest.TestCase):
    def setUp(self):
        self.raw = canned()

    def goals(self, number):
        return [goal for goal in media_report.Report(self.raw).goals if goal.number == number]

    def test_photos_in_are_judged_by_medians(self):
        # 700 to Redis' 600, the files' 650 and nginx' 1,100; two bytes written per byte.
        self.assertEqual([goal.met for goal in self.goals(1)], [True, True, False, True])
        self.assertEqual([goal.measured[:4] for goal in self.goals(1)],
                         ["1.17", "1.08", "0.64", "2.00"])

    def test_photos_out_are_judged_by_rate_cpu_and_reads_of_the_disk(self):
        self.assertEqual([(goal.measured[:4], goal.met) for goal in self.goals(2)],
                         [("0.80", False), ("1.25", False), ("0.90", True)])

    def test_streams_are_judged_by_their_peers_and_each_other(self):
        self.assertEqual([(goal.measured[:4], goal.met) for goal in self.goals(3)],
                         [("0.70", True), ("0.80", True), ("1.14", True), ("0.50", False),
                          ("0.20", False), ("0.80", False), ("1.10", True)])

    def test_small_requests_are_judged_by_those_without_streams(self):
        self.assertEqual([goal.met for goal in self.goals(4)],
                         [True, False, True, True, True, True])
        self.assertIn("| a durable PUT on another connection, up | 1.00 | 250 | 1.00 |",
                      media_report.markdown(self.raw))

    def test_the_last_copy_is_judged_by_the_space_before_it(self):
        self.assertEqual([(goal.measured[:5], goal.met) for goal in self.goals(5)],
                         [("0 MiB", True)])

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        self.raw["runs"] = self.raw["runs"][:3]
        self.assertEqual([goal.met for goal in self.goals(1)], [None, None, None, True])
        self.assertIn("| **not measured** |", media_report.markdown(self.raw))

    def test_tables_say_median_least_and_most(self):
        text = media_report.markdown(self.raw)
        section = text[text.index("### Photos in"):]
        row = next(line for line in section.splitlines() if line.startswith("| Smile"))
        self.assertEqual([cell.strip() for cell in row.strip("|").split("|")],
                         ["Smile", "700 (600–900)", "2.00", "100 (100–100)", "1.00", "5.00",
                          "2.00", "–", "–"])

    def test_trouble_in_a_single_round_is_loud(self):
        self.raw["runs"][1]["result"]["wrong_values"] = 3
        text = media_report.markdown(self.raw)
        self.assertIn("## THIS RUN FAILED", text)
        self.assertIn("photos in, round 2, smile: 3 WRONG OR MISSING VALUES", text)
        self.assertNotIn("FAILED", media_report.markdown(canned()))

    def test_a_later_run_replaces_what_it_measured_again(self):
        new = canned()
        new["runs"] = [photo_run("in", "nginx", 500)]
        new["servers"] = [kind for kind in new["servers"] if kind["name"] == "nginx"]
        merged = media.merge(self.raw, new)
        self.assertEqual([(run["load"], run["result"]["operations_per_second"])
                          for run in merged["runs"] if run["server"] == "nginx"], [("in", 500)])
        self.assertEqual(len([run for run in merged["runs"] if run["server"] == "smile"]), 5)
        self.assertEqual(len(merged["servers"]), len(self.raw["servers"]))
        self.assertEqual(len(merged["commands"]), 2)


class Options(unittest.TestCase):
    def test_sizes_are_those_of_the_run_unless_they_are_given(self):
        self.assertEqual(media.parse([]).size, media.Size())
        self.assertEqual(media.parse(["--quick"]).size, media.QUICK)
        given = media.parse(["--quick", "--photos", "50", "--rounds", "1"]).size
        self.assertEqual((given.photos, given.rounds, given.seconds),
                         (50, 1, media.QUICK.seconds))


class Resources(unittest.TestCase):
    def test_written_bytes_are_those_of_the_process(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_DIRECTORY")) as directory:
            meter = resources.DiskMeter(os.getpid(), directory)
            with open(Path(directory) / "file", "wb") as file:
                file.write(b"x" * 1_000_000)
                file.flush()
                os.fsync(file.fileno())
            written = meter.read()["written_bytes"]
        if written == 0:
            self.skipTest("the file is not on a disk")
        self.assertGreaterEqual(written, 1_000_000)


if __name__ == "__main__":
    unittest.main()
