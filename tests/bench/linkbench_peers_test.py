"""LinkBench on MariaDB's two engines, started as ./dev bench linkbench does. Skipped where MariaDB is
not installed.

Argument: the program smilebench.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[1:1] = [str(ROOT / "bench/linkbench"), str(ROOT / "bench/peers")]
import linkbench_kinds  # noqa: E402
import servers  # noqa: E402

SMILEBENCH = sys.argv[1]
PLUGINS = Path("/usr/lib/mysql/plugin/ha_rocksdb.so")


class Peers(unittest.TestCase):
    def test_every_operation_succeeds_on_both_engines(self):
        kinds = linkbench_kinds.kinds_with(160)
        for name in ("innodb", "myrocks"):
            with self.subTest(name), tempfile.TemporaryDirectory(prefix="linkbench_") as directory:
                server = servers.Server(kinds[name])
                server.launch(Path(directory), None)
                try:
                    self.measure(server, name)
                finally:
                    server.stop()

    def measure(self, server, engine):
        command = [SMILEBENCH, "linkbench", "--target", server.target, "--engine", engine, "--nodes",
                   "150", "--clients", "4", "--json", "--server-pid", str(server.pid)]
        ran = subprocess.run([*command, "--seconds", "0.5"], stdout=subprocess.PIPE, check=False)
        result = json.loads(ran.stdout)
        self.assertEqual((ran.returncode, result["errors"], result["first_error"]), (0, {}, ""))
        self.assertEqual(result["nodes_loaded"], 150)
        self.assertGreater(result["each"]["get_link_list"]["found_each"], 0)
        self.assertGreater(result["each"]["get_node"]["found_each"], 0.7)
        self.assertGreater(result["server_cpu_us"], 0)
        # One operation after the other, also those that the mix has seldom.
        for operation in ("add_link", "delete_link", "count_link", "get_link", "delete_node"):
            alone = subprocess.run([*command, "--loaded", "--only", operation, "--seconds", "0.1"],
                                   stdout=subprocess.PIPE, check=True)
            self.assertEqual(list(json.loads(alone.stdout)["each"]), [operation])


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin"
    if shutil.which("mariadbd") is None or not PLUGINS.exists():
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
