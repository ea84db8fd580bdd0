#!/usr/bin/python3
"""What tools/reference.py makes of a header, and that it fails if a public member has no comment."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True
import reference  # noqa: E402  (found by the line above)

FOLDERS = ["base", "model", "net", "protocol", "client", "cmake", "docs"]


class Reference(unittest.TestCase):
    def made_with(self, old, new):
        """The warnings for this tree with a line of client/options.h replaced."""
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            for folder in FOLDERS:
                shutil.copytree(ROOT / folder, root / folder)
            header = root / "client" / "options.h"
            text = header.read_text()
            self.assertEqual(text.count(old), 1)
            header.write_text(text.replace(old, new))
            warnings = reference.make(root)
            self.assertTrue((root / "build" / "reference" / "html" / "index.html").exists())
            return warnings

    def test_tree_has_no_warnings(self):
        self.assertEqual(self.made_with("bool retry = true;", "bool retry = true;"), "")

    def test_member_without_comment_fails(self):
        line = "bool retry = true;"
        number = (ROOT / "client" / "options.h").read_text().split(line)[0].count("\n") + 2
        warnings = self.made_with(line, line + "\n  int forgotten = 0;")
        self.assertIn(f"smile/options.h:{number}: error: Member forgotten", warnings)
        self.assertEqual(len(warnings.splitlines()), 1, warnings)

    def test_comment_about_a_name_that_does_not_exist_fails(self):
        self.assertIn("unable to resolve", self.made_with(
            "// Options of a call.", r"// Options of a call; see \ref Nothing."))

    def test_comments_are_marked_where_they_are(self):
        self.assertEqual(reference.for_doxygen(
            "// A header.\n#pragma once\n\nnamespace n {\n//   Example();\nstruct A {\n"
            "  int a = 0;  // Units.\n  A(int x);  // NOLINT(why)\n};\n}  // namespace n\n"),
            "/// A header.\n/// \\file\n\nnamespace n {\n///     Example();\nstruct A {\n"
            "  int a = 0;  ///< Units.\n  A(int x);  // NOLINT(why)\n};\n}  // namespace n\n")

    def test_tables_become_comments(self):
        self.assertEqual(reference.for_doxygen(
            "struct Get {\n  static constexpr OperationInfo kInfo{3, \"get\", \"reads\", kRead, 1};\n"
            "  struct Request {\n    KeyView key = {};\n\n    static constexpr auto Fields() {\n"
            "      return Field<&Request::key>{\"key\", \"key of \" \"it\"};\n    }\n  };\n"
            "  struct Response {\n  };\n};\n"),
            "/** GET: Reads. */ struct Get {\n\n"
            "  /** The fields of the request. */ struct Request {\n"
            "    KeyView key = {};  ///< Key of it.\n\n\n\n\n  };\n"
            "  /** The fields of the response. */ struct Response {\n  };\n};\n")


if __name__ == "__main__":
    unittest.main()
