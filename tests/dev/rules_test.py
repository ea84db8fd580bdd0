#!/usr/bin/python3
"""Trees that break one rule each, and must be caught by it and by no other."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
sys.dont_write_bytecode = True
import rules  # noqa: E402  (found by the line above)


def broken_rules(files):
    """The names of the rules that a tree of these files breaks."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        tree = rules.Tree(root)
        return {rule.__name__ for rule in rules.RULES if list(rule(tree))}


def including(*names):
    return "".join(f'#include "{name}"\n' for name in names)


def function_of(lines):
    return "int Long() {\n" + "  // a line\n" * (lines - 2) + "}\n"


class Rules(unittest.TestCase):
    def test_valid_tree_passes(self):
        self.assertEqual(broken_rules({
            "base/a.h": "int A();\n",
            "model/b.cc": including("base/a.h"),
            "storage/rocks/c.cc": "#include <rocksdb/db.h>\n" + including("model/b.h"),
            "net/d.cc": "#include <uv.h>\n",
            "server/main.cc": including("storage/rocks/c.h", "net/d.h"),
            "bench/e.cc": including("client/f.h", "server/g.h"),
            "storage/CMakeLists.txt": "smile_library(storage LINKS smile_model RocksDB::rocksdb)\n",
            "base/long.cc": function_of(rules.MAX_FUNCTION_LINES),
        }), set())

    def test_includes_against_the_picture_are_caught(self):
        for folder, included in [("base", "model/a.h"), ("model", "protocol/a.h"),
                                 ("storage", "protocol/a.h"), ("storage", "net/a.h"),
                                 ("net", "model/a.h"), ("protocol", "net/a.h"),
                                 ("client", "server/a.h"), ("client", "storage/a.h"),
                                 ("server", "client/a.h"), ("server", "bench/a.h"),
                                 ("bench", "tests/a.h")]:
            with self.subTest(folder=folder, included=included):
                self.assertEqual(broken_rules({f"{folder}/x.cc": including(included)}), {"layers"})

    def test_libraries_outside_of_their_place_are_caught(self):
        for name, included in [("storage/x.cc", "rocksdb/db.h"), ("server/x.cc", "rocksdb/db.h"),
                               ("client/x.h", "uv.h"), ("server/x.cc", "uv.h"),
                               ("storage/x.cc", "xxhash.h"), ("base/x.cc", "xxhash.h"),
                               ("server/x.cc", "storage/rocks/rocks_engine.h"),
                               ("server/x.cc", "storage/memory_engine.h")]:
            with self.subTest(name=name, included=included):
                self.assertEqual(broken_rules({name: f"#include <{included}>\n"}),
                                 {"private_libraries"})

    def test_libraries_that_come_in_through_a_header_are_caught(self):
        self.assertEqual(broken_rules({"net/a.h": including("net/b.h"),
                                       "net/b.h": "#include <uv.h>\n",
                                       "client/c.cc": including("net/a.h")}),
                         {"private_libraries"})

    def test_cycles_are_caught(self):
        self.assertEqual(broken_rules({"base/a.h": including("base/b.h"),
                                       "base/b.h": including("base/c.h"),
                                       "base/c.h": including("base/a.h")}), {"cycles"})

    def test_links_against_the_picture_are_caught(self):
        for folder, linked in [("storage", "smile_protocol"), ("client", "smile_server"),
                               ("base", "smile_model"), ("server", "RocksDB::rocksdb-shared"),
                               ("client", "PkgConfig::libuv"), ("storage", "PkgConfig::xxhash")]:
            for call in ["smile_library({0} LINKS {1})", "target_link_libraries(smile_{0} {1})",
                         "target_link_libraries(program\n  PRIVATE {1})"]:
                with self.subTest(folder=folder, linked=linked, call=call):
                    text = call.format(folder, linked)
                    self.assertEqual(broken_rules({f"{folder}/CMakeLists.txt": text}), {"links"})

    def test_long_files_are_caught(self):
        text = "\n" * (rules.MAX_FILE_LINES + 1)
        for name in ["base/x.cc", "tests/base/x_test.cc", "tools/x.py"]:
            with self.subTest(name=name):
                self.assertEqual(broken_rules({name: text}), {"file_length"})

    def test_long_functions_are_caught(self):
        text = function_of(rules.MAX_FUNCTION_LINES + 1)
        python = "def long():\n" + "    print()\n" * rules.MAX_FUNCTION_LINES
        for name, source in [("base/x.cc", text), ("base/x.h", "template <class T>\n" + text),
                             ("base/y.cc", text.replace("int Long()", "TEST(Long, IsCaught)")),
                             ("tools/x.py", python)]:
            with self.subTest(name=name):
                self.assertEqual(broken_rules({name: source}), {"function_length"})

    def test_unfinished_work_is_caught(self):
        for word in ["TO" + "DO", "FIX" + "ME", "XX" + "X", "GTEST" + "_SKIP", "DISABLED" + "_Name"]:
            with self.subTest(word=word):
                self.assertEqual(broken_rules({"base/x.cc": f"// {word}: later\n"}), {"finished"})

    def test_printing_that_throws_is_caught(self):
        self.assertEqual(broken_rules({"base/x.cc": 'fmt::print("x");\n'}), {"printing"})
        self.assertEqual(broken_rules({"base/x.cc": 'PrintText(stdout, "x");\n'}), set())

    def test_using_declarations_that_nothing_uses_are_caught(self):
        using = "using std::chrono::hours;\n"
        self.assertEqual(broken_rules({"base/x.cc": using}), {"usings"})
        self.assertEqual(broken_rules({"base/x.cc": using + "hours Day() { return hours(24); }\n"}), set())

    def test_lists_inside_of_co_await_are_caught(self):
        for text in ("co_await Begin({.id = id,\n .size = 1});", "co_await F(1, Spec{.id = 2});"):
            self.assertEqual(broken_rules({"service/x.cc": text}), {"awaits"})
        for text in ("co_await Begin(begin);", "co_await F(Change(), {});\nconst Spec s{.id = 2};"):
            self.assertEqual(broken_rules({"service/x.cc": text}), set())

    def test_words_that_the_glossary_replaces_are_caught(self):
        patterns = rules.glossary.replacements(rules.glossary.PAGE.read_text())
        self.assertGreater(len(patterns), 20)
        for text, line, words in [
                ("// Requests under way.\n", 1, "under way"),
                ("int a;\n// Requests that are under\n// way.\n", 2, "under way"),
                ('Print("requests are under "\n      "way");\n', 1, "under way"),
                ("# Requests Under\n# way.\n", 1, "Under way"),
                ("One thread a worker, 3 MiB a connection.\n", 1, "MiB a connection")]:
            with self.subTest(text=text):
                found = list(rules.glossary.search("x.cc", text, patterns))
                self.assertEqual(len(found), 1, found)
                self.assertRegex(found[0], f'^x.cc:{line}: "{words}": write .+ [(]docs/GLOSSARY.md')

    def test_terms_of_the_glossary_pass(self):
        patterns = rules.glossary.replacements(rules.glossary.PAGE.read_text())
        text = "Requests in flight are looked up per line, one after the other; a lookup is invalid.\n"
        self.assertEqual(list(rules.glossary.search("x.cc", text, patterns)), [])

    def test_words_are_caught_in_sources_and_pages_but_not_in_the_glossary(self):
        text = {"new/x.cc": "// under way\n", "new/y.md": "under way\n",
                "docs/GLOSSARY.md": "under way\n"}
        self.assertEqual(len(list(rules.glossary.violations(text))), 2)

    def test_links_that_lead_nowhere_are_caught(self):
        page = "# One\n## A `b` (c), d-e\n```text\n# no heading\n```\n"
        for link, broken in [("docs/b.md", False), ("docs/b.md#one", False), ("#here", False),
                             ("docs/b.md#a-b-c-d-e", False), ("https://example.org/x", False),
                             ("docs/c.md", True), ("docs/b.md#no-heading", True), ("#there", True)]:
            with self.subTest(link=link):
                tree = {"a.md": f"# Here\n[x]({link})\n", "docs/b.md": page, "base/x.cc": ""}
                self.assertEqual(broken_rules(tree), {"references"} if broken else set())

    def test_paths_of_files_that_are_not_there_are_caught(self):
        for name in ["base/x.cc", "docs/b.md"]:
            with self.subTest(name=name):
                self.assertEqual(broken_rules({name: "// See storage/gone.h, (base/x.h).\n",
                                               "base/x.h": ""}), {"references"})

    def test_names_that_python_modules_lack_are_caught(self):
        for use, broken in [("import tool\ntool.f()\n", False), ("import tool as t\nt.X\n", False),
                            ("import tool\ntool.sub.g\ntool.__file__\n", False),
                            ("from tool import f\n", False), ("import os\nos.gone\n", False),
                            ("import tool\ntool.gone()\n", True), ("import tool\ntool.own\n", True),
                            ("import tool as t\nt.gone\n", True),
                            ("def a():\n    from tool import gone\n", True), ("a b\n", True)]:
            with self.subTest(use=use):
                tree = {"bench/use.py": use,
                        "tools/tool.py": "import sub\nX = 1\ndef f():\n    own = 1\n", "base/x.cc": ""}
                self.assertEqual(broken_rules(tree), {"names"} if broken else set())


if __name__ == "__main__":
    unittest.main()
