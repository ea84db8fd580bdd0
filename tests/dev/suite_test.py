#!/usr/bin/python3
"""The tools that run the tests: their last lines name what failed.

A small tree with the real scripts, real ctest, and stand-ins for what they build and run."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"

# A failed test whose output looks like the end of ctest's.
DECEPTIVE = r"""[==[printf 'The following tests FAILED:\n\t  1 - Other (Failed)\n\nx\n'; exit 1]==]"""
PASSING = 'add_test(Good "/bin/true")\n'
FAILING = (PASSING + f'add_test(Bad "/bin/sh" "-c" {DECEPTIVE})\n'
           'add_test(Hangs "/bin/sleep" "60")\nset_tests_properties(Hangs PROPERTIES TIMEOUT 1)\n'
           'add_test(Left "/bin/false")\nset_tests_properties(Left PROPERTIES SKIP_RETURN_CODE 1)\n')


class Tools(unittest.TestCase):
    def setUp(self):
        root = tempfile.TemporaryDirectory()
        self.addCleanup(root.cleanup)
        self.root = Path(root.name)
        (self.root / "tools").mkdir()
        self.script("build.sh", "true")
        for name in ["format.sh", "rules.py", "compile_check.py", "reference.py"]:
            self.script(name, "true")

    def script(self, name, command):
        path = self.root / "tools" / name
        path.write_text(f"#!/bin/sh\n{command}\n")
        path.chmod(0o755)

    def write_tests(self, preset, text):
        folder = self.root / "build" / preset
        folder.mkdir(parents=True)
        (folder / "CTestTestfile.cmake").write_text(text)

    def fuzzer(self, name, command):
        folder = self.root / "build" / "asan" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{command}\n")
        (folder / name).chmod(0o755)

    def run_tool(self, name, *arguments):
        """The exit status and the lines of output of a real tool in the small tree."""
        shutil.copy(TOOLS / name, self.root / "tools")
        done = subprocess.run([f"tools/{name}", *arguments], cwd=self.root, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_a_suite_names_the_tests_that_failed(self):
        self.write_tests("release", FAILING)
        status, lines = self.run_tool("suite.sh", "release")
        self.assertEqual(status, 1)
        self.assertEqual(lines[-3:], ["FAILED release: Bad (Failed)",
                                      "FAILED release: Hangs (Timeout)",
                                      "suite release: 1 passed, 2 failed, 1 skipped"])
        self.assertNotIn("FAILED release: Other (Failed)", lines)

    def test_a_suite_without_failures_names_nothing(self):
        self.write_tests("release", PASSING)
        status, lines = self.run_tool("suite.sh", "release")
        self.assertEqual((status, lines[-1]),
                         (0, "suite release: 1 passed, 0 failed, 0 skipped"))
        self.assertFalse([line for line in lines if line.startswith("FAILED")])

    def test_checks_that_failed_are_named(self):
        self.script("rules.py", "false")
        status, lines = self.run_tool("check.sh")
        self.assertEqual((status, lines[-2:]), (1, ["FAILED check: project rules",
                                                    "check: 4 passed, 1 failed"]))

    def test_fuzzers_that_failed_are_named(self):
        self.fuzzer("fuzzer_seeds", "true")
        self.fuzzer("good_fuzzer", "true")
        self.fuzzer("bad_fuzzer", "false")
        status, lines = self.run_tool("fuzz.sh", "2")
        self.assertEqual((status, lines[-2:]),
                         (1, ["FAILED fuzz: bad_fuzzer (see build/fuzz/bad_fuzzer.log)",
                              "fuzz: 1 passed, 1 failed"]))

    def test_the_end_of_all_stages_names_what_failed_in_each(self):
        self.script("check.sh", "echo FAILED check: clang-tidy; echo check: 3 passed, 1 failed; false")
        self.script("suite.sh", '[ $1 = asan ] && echo "FAILED asan: Bad (Failed)"\n'
                                'echo "suite $1: 5 passed, $([ $1 = asan ] && echo 1 || echo 0) '
                                'failed, 0 skipped"')
        self.script("fuzz.sh", "echo does not link; exit 1")
        status, lines = self.run_tool("test.sh")
        self.assertEqual(status, 1)
        self.assertEqual(lines[-4:], ["FAILED check: clang-tidy", "FAILED asan: Bad (Failed)",
                                      "FAILED tools/fuzz.sh 60: it ended without a result",
                                      "18 passed, 3 failed, 0 skipped"])

    def test_the_end_of_all_stages_names_nothing_if_all_passed(self):
        for name in ["check", "suite", "fuzz"]:
            self.script(f"{name}.sh", f'echo "{name}: 2 passed, 0 failed"')
        status, lines = self.run_tool("test.sh")
        self.assertEqual((status, lines[-1]), (0, "10 passed, 0 failed, 0 skipped"))
        self.assertTrue(lines[-2].startswith("fuzz: 2 passed, 0 failed ("), lines[-2])


if __name__ == "__main__":
    unittest.main()
