#!/usr/bin/python3
"""The report of `./dev bench peers`, made from a small raw report that is written here."""

import contextlib
import io
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "peers"))
sys.dont_write_bytecode = True
import machine  # noqa: E402  (found by the lines above)
import main  # noqa: E402
import plan  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402


def result(rate, cpu, p50=100.0, p999=500.0, kind="reads", **more):
    """What smilebench says of a load in which all was right."""
    latencies = {"count": 1000, "p50_us": p50, "p99_us": 2 * p50, "p99.9_us": p999}
    return {"driver": "smile", "operations": 1000, "operations_per_second": rate,
            "wrong_values": 0, "lost": False, "errors": {}, "first_error": "",
            "server_cpu_us": cpu, "client_cpu_us": 1.0, "keys_per_operation": 1,
            "longest_stall_ms": 7.0, kind: latencies, **more}


def run(stage, workload, shape, server, number, outcome, variant="", idle=0):
    return {"stage": stage, "workload": workload, "shape": shape, "server": server,
            "round": number, "variant": variant, "idle": idle, "status": 0, "words": "",
            "command": "smilebench", "others": {"programs": 0.01, "machines": 0.0},
            "result": outcome}


def rounds_of(stage, workload, shape, server, outcomes, variant="", idle=0):
    return [run(stage, workload, shape, server, number, outcome, variant, idle)
            for number, outcome in enumerate(outcomes, 1)]


def canned():
    """A whole raw report: every goal can be judged, and nothing went wrong."""
    runs = []
    for shape in ("64x1", "16x32"):
        # The medians of Smile's three rounds are 4 us and 300,000/s.
        runs += rounds_of("records", "get", shape, "smile",
                          [result(300_000, 4.0), result(900_000, 9.0), result(100_000, 2.0)])
        runs += rounds_of("records", "get", shape, "redis", [result(100_000, 8.0)] * 3)
        for server, rate in (("smile", 60_000), ("redis", 90_000), ("redis-aof", 50_000),
                             ("vinyl", 25_000)):
            runs += rounds_of("records", "put", shape, server,
                              [result(rate, 10.0, kind="writes")] * 3)
        runs += rounds_of("blocks", "get", shape, "smile-blocks", [result(1, 3.0)] * 3)
        runs += rounds_of("blocks", "get", shape, "rocksdb",
                          [result(1, 2.0, driver="rocksdb", client_cpu_us=99.0)] * 3)
    for shape in ("64x1", "16x8"):
        runs += rounds_of("scan", "scan", shape, "smile", [result(50_000, 10.0)] * 3)
        runs += rounds_of("scan", "scan", shape, "redis", [result(20_000, 30.0)] * 3)
    for server, cpu in (("smile", 12.0), ("redis", 30.0)):
        runs += rounds_of("mget", "mget", "16x8", server,
                          [result(1, cpu, keys_per_operation=32)] * 3)
    runs += rounds_of("mixed", "mixed", "64x1", "smile-small",
                      [result(1, 1.0, p999=900.0, longest_stall_ms=stall)
                       for stall in (12.0, 120.0, 30.0)])
    runs += rounds_of("idle", "get", "64x1", "smile",
                      [result(1, 1.0, server_rss_bytes=size) for size in (10_000, 90_000)],
                      "alone")
    runs += rounds_of("idle", "get", "64x1", "smile",
                      [result(1, 1.0, p50=130.0, server_rss_bytes=size)
                       for size in (110_000, 110_000)], "beside 100 idle", 100)
    kinds = [*servers.KINDS.values(), servers.ROCKSDB,
             servers.smile_with("smile-blocks", "Smile without record cache"),
             servers.smile_with("smile-small", "Smile with 64 MiB of caches")]
    return {
        "made": "2026-01-02", "command": "./dev bench peers", "failures": [],
        "settings": {"rounds": 3, "seconds": 1, "quick": False},
        "machine": {"cpu": "One", "cores": 2, "memory_gib": 8, "kernel": "6", "system": "Debian",
                    "virtual": True, "file_system": {"type": "ext4", "gib": 10}, "commit": "abc",
                    "fsync": {"probes": 3, "bytes": 4096, "min_us": 1, "median_us": 2,
                              "p99_us": 3, "max_us": 3}},
        "servers": servers.describe(kinds, {}),
        "stages": [{"name": name, "title": name, "words": name}
                   for name in dict.fromkeys(each["stage"] for each in runs)],
        "runs": runs,
    }


def table_row(text, heading, server):
    """The cells of a server's row in the first table behind a heading."""
    section = text[text.index(heading):]
    line = next(line for line in section.splitlines() if line.startswith(f"| {server}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


class Report(unittest.TestCase):
    def setUp(self):
        self.raw = canned()

    def goals(self, number):
        return [goal for goal in report.Report(self.raw).goals if goal.number == number]

    def test_tables_say_median_least_and_most(self):
        row = table_row(report.markdown(self.raw), "### GET 64x1", "Smile")
        self.assertEqual(row[1:3], ["300,000 (100,000–900,000)", "4.00 (2.00–9.00)"])

    def test_processor_time_below_the_kernels_unit_is_not_measured(self):
        for run in self.raw["runs"]:
            if (run["stage"], run["server"]) == ("records", "smile"):
                run["result"]["server_cpu_us"] = 0
        self.assertEqual([goal.met for goal in self.goals(1)], [None, None, True])

    def test_number_of_rounds_agrees_with_its_noun(self):
        self.assertIn("; 3 alternating rounds of 1 s", report.markdown(self.raw))
        self.raw["settings"]["rounds"] = 1
        self.assertIn("; 1 round of 1 s", report.markdown(self.raw))

    def test_a_peers_row_says_how_smile_compares_with_it(self):
        row = table_row(report.markdown(self.raw), "### GET 64x1", "Redis, memory only")
        self.assertEqual(row[3:5], ["3.00", "0.50"])

    def test_a_core_that_is_busy_is_said(self):
        row = table_row(report.markdown(self.raw), "### GET 64x1", "Redis, memory only")
        self.assertEqual(row[-2:], ["80 %", "10 %"])

    def test_writes_of_a_server_that_keeps_nothing_are_marked(self):
        text = report.markdown(self.raw)
        self.assertIn("**not durable**", table_row(text, "### PUT 64x1", "Redis, memory")[0])
        self.assertNotIn("durable", table_row(text, "### PUT 64x1", "Redis, appendfsync")[0])
        self.assertNotIn("durable", table_row(text, "### GET 64x1", "Redis, memory")[0])

    def test_goals_are_judged_by_ratios_of_medians(self):
        self.assertEqual([goal.met for goal in self.goals(1)], [True, True, True])
        self.assertEqual([goal.measured[:4] for goal in self.goals(1)], ["0.50", "0.50", "0.40"])
        # Redis appendfsync always: 1.2; vinyl: 2.4, which is less than 3.
        self.assertEqual([goal.met for goal in self.goals(2)], [True, True, False, False])
        self.assertEqual([goal.met for goal in self.goals(4)], [True, True])

    def test_ratios_of_single_rounds_are_beside_those_of_medians(self):
        self.assertTrue(self.goals(1)[0].measured.endswith("; rounds 0.25–1.12)"))

    def test_the_block_cache_is_compared_with_the_limits_own_cpu_and_the_floor(self):
        # 16x32: 3 µs to 1.3 * 2 + 0.75; 64x1: 3 µs to 1.3 * 2 + 7.7.
        self.assertEqual([goal.measured[:4] for goal in self.goals(3)], ["0.90", "0.29"])

    def test_one_long_stall_misses_the_goal(self):
        tail, stall = self.goals(5)
        self.assertEqual((tail.met, tail.measured[:4]), (True, "9.00"))
        self.assertEqual((stall.met, stall.measured), (False, "120 ms"))

    def test_idle_connections_are_counted_from_before_the_first_of_them(self):
        memory, change = self.goals(6)
        self.assertEqual((memory.met, memory.measured[:11]), (True, "1,000 bytes"))
        self.assertEqual((change.met, change.measured[:4]), (False, "1.30"))

    def test_a_machine_that_did_other_things_too_is_said(self):
        self.assertIn("The machine was quiet", report.markdown(self.raw))
        for each in self.raw["runs"]:
            each["others"] = {"programs": 0.06, "machines": 0.06}
        self.assertIn("THE MACHINE WAS BUSY: other programs and machines used 0.12 cores",
                      report.markdown(self.raw))

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        self.raw["runs"] = [each for each in self.raw["runs"] if each["server"] != "redis"]
        self.assertEqual([goal.met for goal in self.goals(1)], [None, None, None])
        self.assertIn("| **not measured** |", report.markdown(self.raw))


    def add_valkey(self, seconds):
        self.raw["settings"]["seconds"] = seconds
        for shape in ("64x1", "16x32"):  # Smile has 60,000/s
            for name, rate in (("valkey-aof", 65_000), ("valkey-rewrite", 59_000)):
                self.raw["runs"] += rounds_of("records", "put", shape, name,
                                              [result(rate, 1.0, kind="writes")] * 3)

    def test_valkey_has_goals_if_it_was_measured(self):
        self.assertEqual(self.goals(7), [])
        self.add_valkey(seconds=60)
        self.assertEqual([(goal.measured[:4], goal.met) for goal in self.goals(7)],
                         [("0.92", True), ("0.92", False), ("1.02", True), ("1.02", True)])

    def test_a_log_that_is_rewritten_is_not_judged_in_a_short_run(self):
        self.add_valkey(seconds=3)
        self.assertEqual([goal.met for goal in self.goals(7)], [True, False, None, None])


class Options(unittest.TestCase):
    def refusal(self, *arguments):
        words = io.StringIO()
        with contextlib.redirect_stderr(words), self.assertRaises(SystemExit):
            main.parse(arguments)
        return words.getvalue()

    def test_valkey_is_measured_where_its_binary_is_named(self):
        everything = [kind.name for kind in main.parse([]).servers]
        self.assertNotIn("valkey-aof", everything)
        with_valkey = main.parse(["--valkey", "/bin/true"]).servers
        self.assertEqual([kind.name for kind in with_valkey],
                         everything + ["valkey-aof", "valkey-rewrite"])
        chosen = main.parse(["--valkey", "/bin/true", "--servers", "smile,valkey-aof"]).servers
        self.assertEqual([kind.name for kind in chosen], ["smile", "valkey-aof"])

    def test_valkey_without_its_binary_is_refused(self):
        self.assertIn("needs --valkey", self.refusal("--servers", "smile,valkey-aof"))
        self.assertIn("no such program", self.refusal("--valkey", "/nowhere/valkey-server"))

    def test_valkey_has_the_io_threads_that_its_makers_recommend(self):
        self.assertEqual([servers.valkey_io_threads(cores) for cores in (1, 2, 3, 4, 8, 16)],
                         [1, 1, 2, 3, 6, 12])
        row = servers.describe(list(servers.valkey_kinds("/opt/valkey-server").values()), {})[0]
        self.assertIn(" --io-threads 1", row["command"])
        raw = canned()
        raw["servers"].append(row)
        text = report.markdown(raw)
        self.assertIn("io-threads 1 (off): valkey.conf recommends I/O threads from 3 cores on", text)
        four = servers.valkey_kinds("/opt/valkey-server", cores=4)["valkey-aof"]
        self.assertIn("--io-threads", four.command)
        self.assertEqual(four.command[four.command.index("--io-threads") + 1], "3")

    def test_a_development_version_is_known_by_its_commit(self):
        self.assertEqual(machine.short_version("Valkey server v=255.255.255 sha=55bbbe09:0 malloc="
                                               "jemalloc-5.3.0 bits=64 build=1"),
                         "Valkey server v=255.255.255, commit 55bbbe09")
        self.assertEqual(machine.short_version("Redis server v=7.0.15 sha=00000000:0 bits=64"),
                         "Redis server v=7.0.15")
        self.assertEqual(machine.short_version("smiled 0.1.0"), "smiled 0.1.0")

    def test_numbers_are_plain_and_within_their_range(self):
        for arguments in (["--seconds", "nan"], ["--seconds", "inf"], ["--seconds", "0x3"],
                          ["--seconds", "-1"], ["--seconds", "0"], ["--rounds", "0"],
                          ["--rounds", "1_0"], ["--rounds", "1e3"], ["--rounds", " 5"],
                          ["--pid", "-5", "--address", "redis://127.0.0.1:1"]):
            with self.subTest(arguments):
                self.assertIn(arguments[0], self.refusal(*arguments))
        self.assertEqual(main.parse(["--seconds", "0.5", "--rounds", "2"]).seconds, 0.5)

    def test_a_report_does_not_say_where_valkey_lies(self):
        row = servers.describe(list(servers.valkey_kinds("/opt/my/valkey-server").values()), {})[0]
        self.assertTrue(row["command"].startswith("valkey-server --port PORT"), row["command"])


class Trouble(unittest.TestCase):
    def test_a_run_without_any_passes(self):
        told = report.Report(canned())
        self.assertEqual((told.troubles, told.failed()), ([], False))
        self.assertNotIn("FAILED", report.markdown(canned()))

    def assert_loud(self, raw, words):
        self.assertTrue(report.Report(raw).failed())
        text = report.markdown(raw)
        self.assertIn("## THIS RUN FAILED", text)
        alarm = text[text.index("## THIS RUN FAILED"):text.index("## Goals")]
        self.assertIn(words, alarm)

    def test_trouble_in_a_single_round_is_loud(self):
        for change, words in [
                ({"wrong_values": 3}, "3 WRONG OR MISSING VALUES"),
                ({"errors": {"overloaded": 2}, "first_error": "too much"},
                 "2 errors overloaded: too much"),
                ({"lost": True}, "a connection was lost"),
                ({"operations": 0}, "nothing was answered")]:
            with self.subTest(words=words):
                raw = canned()
                changed = raw["runs"][4]
                changed["result"] = {**changed["result"], **change}
                self.assert_loud(raw, f"round 2, records: get 64x1 redis: {words}")

    def test_a_generator_that_failed_is_loud_and_its_round_is_not_counted(self):
        raw = canned()
        raw["runs"][4].update(result=None, status=3, words="no connection")
        self.assert_loud(raw, "smilebench ended with status 3: no connection")
        raw = canned()
        raw["runs"][4].update(status=1, words="who knows")
        self.assert_loud(raw, "smilebench ended with status 1: who knows")

    def test_trouble_beside_the_rounds_is_loud(self):
        raw = canned()
        raw["failures"] = ["Redis did not start:\nno\nmemory"]
        self.assert_loud(raw, "- Redis did not start: no memory\n")

    def test_a_run_in_which_nothing_was_measured_has_failed(self):
        raw = canned()
        raw["runs"] = []
        self.assert_loud(raw, "nothing was measured")


class Plan(unittest.TestCase):
    def test_a_whole_run_takes_less_than_25_minutes(self):
        stages = plan.make_plan(list(servers.KINDS.values()), plan.Size(5, 3.0), plan.WORKLOADS)
        self.assertLess(plan.estimate_seconds(stages, 5) / 60, 25)

    def test_every_load_of_the_goals_is_in_it(self):
        stages = plan.make_plan(list(servers.KINDS.values()), plan.Size(5, 3.0), plan.WORKLOADS)
        planned = {(stage.name, cell.workload, cell.shape, kind.name)
                   for stage in stages for cell in stage.cells for kind in stage.kinds}
        for each in canned()["runs"]:
            self.assertIn((each["stage"], each["workload"], each["shape"], each["server"]),
                          planned)


class RawText(unittest.TestCase):
    def test_does_not_say_where_the_project_lay(self):
        text = main.raw_text({"made": "now", "runs": [{"command": f"{main.ROOT}/build/x --json"}]})
        self.assertIn('"build/x --json"', text)


if __name__ == "__main__":
    unittest.main()
