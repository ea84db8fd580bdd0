"""libsmile as its users have it: installed into a fresh prefix, compiled against with pkg-config.

The arguments of a test that uses this: SMILECAT SMILED BUILD_DIR CMAKE CXX [TEST...].
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from process_case import ProcessTest  # noqa: E402

BUILD_DIR, CMAKE, CXX = sys.argv[3:6]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def install_command(prefix):
    return [CMAKE, "--install", BUILD_DIR, "--component", "libsmile", "--prefix", prefix]


def headers_of(prefix):
    """(name to include, whole path) of each installed header."""
    include = os.path.join(prefix, "include")
    for folder, _, files in os.walk(include):
        for file in files:
            path = os.path.join(folder, file)
            yield os.path.relpath(path, include), path


class InstalledLibraryTest(ProcessTest):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="smile_consumer_")
        cls.addClassCleanup(temporary.cleanup)
        cls.work = temporary.name
        cls.prefix = os.path.join(cls.work, "prefix")
        subprocess.run(install_command(cls.prefix), check=True, stdout=subprocess.DEVNULL)
        environment = dict(os.environ,
                           PKG_CONFIG_PATH=os.path.join(cls.prefix, "lib", "pkgconfig"))
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "smile"], check=True,
                               capture_output=True, env=environment)
        cls.flags = flags.stdout.decode().split()

    def headers(self):
        return headers_of(self.prefix)

    def compile(self, source, *options):
        """As a user would, with warnings as errors; the compiler's messages if it fails."""
        done = subprocess.run([CXX, "-std=c++20", *WARNINGS, *options, source, *self.flags],
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
