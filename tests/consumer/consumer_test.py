#!/usr/bin/python3
"""An installed libsmile: what its headers show, and programs outside the tree that use it."""

import os
import re
import subprocess
import unittest
import sys

from installed_library import (CMAKE, CXX, WARNINGS, InstalledLibraryTest, headers_of,
                               install_command)
from process_case import TIMEOUT_SECONDS

PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "project")


class Headers(InstalledLibraryTest):
    def test_define_no_macro_without_the_prefix(self):
        names = []
        for name, path in self.headers():
            with open(path, encoding="utf-8") as file:
                for macro in re.findall(r"^\s*#\s*define\s+(\w+)", file.read(), re.MULTILINE):
                    names.append((name, macro))
        self.assertTrue(names)
        self.assertEqual([found for found in names if not found[1].startswith("SMILE_")], [])

    def test_bring_no_macro_but_those_of_the_standard_library(self):
        """Also not through a header of somebody else's, such as a log's or libuv's."""
        found = []
        for name, path in self.headers():
            with open(path, encoding="utf-8") as file:
                found += [(name, other) for other in re.findall(r"#include ([\"<].*)", file.read())
                          if not re.fullmatch(r"<(smile/[\w/]+\.h|[a-z_]+)>", other)]
        self.assertEqual(found, [])

    def test_compile_each_by_itself_without_warnings(self):
        for name, _ in self.headers():
            source = os.path.join(self.work, "header.cc")
            with open(source, "w", encoding="utf-8") as file:
                file.write("#include <%s>\nint main() {}\n" % name)
            with self.subTest(name):
                self.compile(source, "-fsyntax-only")

    def test_are_few(self):
        """Each is a promise: think before this number grows."""
        names = sorted(name for name, _ in self.headers())
        self.assertEqual(len([n for n in names if not n.startswith("smile/internal/")]), 41, names)
        self.assertEqual(len([n for n in names if n.startswith("smile/internal/")]), 4, names)


class Installs(InstalledLibraryTest):
    def test_of_one_build_at_the_same_time_are_all_complete(self):
        prefixes = [os.path.join(self.work, "at_once_%d" % number) for number in range(8)]
        installs = [subprocess.Popen(install_command(prefix), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE) for prefix in prefixes]
        for prefix, install in zip(prefixes, installs):
            _, errors = install.communicate()
            self.assertEqual(install.returncode, 0, errors.decode())
            self.assertEqual(sorted(name for name, _ in headers_of(prefix)),
                             sorted(name for name, _ in self.headers()))


class Program(InstalledLibraryTest):
    def run_against_a_server(self, program):
        _, port = self.serving()
        done = subprocess.run([program, "127.0.0.1:%d" % port], capture_output=True,
                              timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done)

    def test_is_built_with_pkg_config_and_runs(self):
        program = os.path.join(self.work, "by_pkg_config")
        self.compile(os.path.join(PROJECT, "main.cc"), "-o", program)
        self.run_against_a_server(program)

    def test_is_built_with_find_package_and_runs(self):
        build = os.path.join(self.work, "build")
        for command in (
            [CMAKE, "-S", PROJECT, "-B", build, "-DCMAKE_CXX_COMPILER=" + CXX,
             "-DCMAKE_PREFIX_PATH=" + self.prefix, "-DCMAKE_CXX_FLAGS=" + " ".join(WARNINGS)],
            [CMAKE, "--build", build],
        ):
            done = subprocess.run(command, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
        self.run_against_a_server(os.path.join(build, "consumer"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
