"""Limits the memory of a server together with the page cache of its files, with a control group of
Linux (version 1 or 2). Needs root."""

import contextlib
import os
import time
from pathlib import Path

MIB = 1 << 20
# Where the groups are, the file that says so, and the file of a group that has its limit.
PLACES = ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.limit_in_bytes"),
          (Path("/sys/fs/cgroup"), "cgroup.subtree_control", "memory.max"))
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
ALL_CACHES = "3"
REMOVE_SECONDS = 10
POLL_SECONDS = 0.05


class LimitError(Exception):
    """Memory cannot be limited here."""


@contextlib.contextmanager
def group_of(mib):
    """A group for one server, without any of its files in the page cache: its directory. Without a
    limit (None), None."""
    if mib is None:
        yield None
        return
    try:
        group = make(mib)
    except OSError as error:
        raise LimitError(f"{error.filename}: {error.strerror}; memory is limited as root only") from None
    try:
        yield group
    finally:
        remove(group)


def make(mib):
    for place, mark, limit in PLACES:
        if (place / mark).exists() and (place / limit == place / mark or
                                        "memory" in (place / mark).read_text().split()):
            group = place / f"smile-bench-{os.getpid()}"
            group.mkdir()
            (group / limit).write_text(str(mib * MIB))
            os.sync()
            DROP_CACHES.write_text(ALL_CACHES)
            return group
    raise LimitError("this system has no control groups for memory")


def remove(group):
    """Once its processes have ended."""
    end = time.monotonic() + REMOVE_SECONDS
    while True:
        try:
            return group.rmdir()
        except OSError:
            if time.monotonic() >= end:
                raise
            time.sleep(POLL_SECONDS)


def words_in(group, words):
    """The command that runs `words` in the group."""
    if group is None:
        return words
    return ["sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(group), *words]
