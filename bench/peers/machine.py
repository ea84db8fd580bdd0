"""The machine and the programs of a run."""

import contextlib
import os
import platform
import subprocess
import time
from pathlib import Path

FSYNC_PROBES = 200
FSYNC_BYTES = 4096
LEFT_FREE_BYTES = 256 << 20


def first_line(command, cwd=None):
    """The first line of a command's output; empty if it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.split("\n")[0].strip() if done.returncode == 0 else ""


def value_in(path, name):
    """The value of the first "name : value" in a file of /proc."""
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"


def fsync_probe(directory):
    """Microseconds of appending a page and fsyncing it, many times."""
    path = Path(directory) / "fsync-probe"
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(FSYNC_PROBES):
            start = time.perf_counter()
            file.write(b"\0" * FSYNC_BYTES)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e6)
    path.unlink()
    times.sort()
    return {"probes": FSYNC_PROBES, "bytes": FSYNC_BYTES, "min_us": times[0],
            "median_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100],
            "max_us": times[-1]}


def file_system(directory):
    """Type and size of the file system that holds a directory."""
    device = os.stat(directory).st_dev
    kind = "unknown"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == f"{os.major(device)}:{os.minor(device)}":
            kind = after.split()[0]
    space = os.statvfs(directory)
    return {"type": kind, "gib": round(space.f_frsize * space.f_blocks / 2**30, 1)}


def processor_times():
    """(busy, stolen by other virtual machines) seconds of all cores so far (proc(5))."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = (
        int(field) / os.sysconf("SC_CLK_TCK") for field in fields)
    return user + nice + system + irq + softirq, steal


class Others:
    """How many cores were used by neither the server nor the generator, since this was made."""

    def __init__(self, used_by_us):
        """`used_by_us()` is the processor time in seconds that the two have used so far."""
        self.used_by_us = used_by_us
        self.before = self.now()

    def now(self):
        return (time.monotonic(), self.used_by_us(), *processor_times())

    def cores(self):
        """By other programs, and by other virtual machines."""
        wall, ours, busy, stolen = (b - a for a, b in zip(self.before, self.now()))
        return {"programs": max(busy - ours, 0.0) / wall, "machines": stolen / wall}


def short_version(line):
    """Redis and Valkey add their build. Of it only the commit says something, and only if it was
    built from a repository: Valkey's development branch has no other version."""
    version, _, build = line.partition(" sha=")
    commit = build.split(":")[0]
    return f"{version}, commit {commit}" if commit.strip("0") else version


def describe(root, directory, kinds, binaries):
    """All of it. The disk that is probed is that of `directory`, which will hold the servers' data."""
    versions = {}
    for kind in kinds:
        if kind.version:
            command = [word.format(binaries=binaries) for word in kind.version]
            versions[kind.name] = short_version(first_line(command))
    commit = first_line(["git", "rev-parse", "--short=12", "HEAD"], root)
    dirty = first_line(["git", "status", "--porcelain", "--untracked-files=no"], root)
    return {
        "cpu": value_in("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(value_in("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "system": distribution(),
        "virtual": "hypervisor" in value_in("/proc/cpuinfo", "flags").split(),
        "file_system": file_system(directory),
        "fsync": fsync_probe(directory),
        "commit": (commit or "unknown")
        + (" with uncommitted changes" if dirty else ""),
        "versions": versions,
    }


def drop_page_cache():
    """Writes what is dirty, then forgets what is clean. False without the right to do so."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


@contextlib.contextmanager
def page_cache_filled(directory):
    """While it lasts, nearly all free memory is page cache of a file that nobody needs. So what servers
    use has been used before: where a hypervisor takes back free memory, it costs microseconds for each
    page to use it again, which is more than most requests."""
    path = Path(directory) / "fill"
    free = int(value_in("/proc/meminfo", "MemFree").removesuffix(" kB")) << 10
    size = max(0, free - LEFT_FREE_BYTES)
    try:
        with path.open("wb+") as file:
            file.truncate(size)  # it takes no space on the disk
            buffer = bytearray(1 << 20)
            while file.readinto(buffer):
                pass
        yield
    finally:
        path.unlink(missing_ok=True)


def read_file_indexes(directory):
    """Brings the inodes and block maps of all files in the directory into memory, not their content."""
    for path in Path(directory).rglob("*"):
        if not path.is_file():
            continue
        with path.open("rb") as file:
            offset = 0
            with contextlib.suppress(OSError):  # the end of the file
                while True:
                    offset = os.lseek(file.fileno(), offset, os.SEEK_DATA)
                    offset = os.lseek(file.fileno(), offset, os.SEEK_HOLE)
