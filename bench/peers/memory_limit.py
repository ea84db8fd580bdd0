"""Limits the memory of a server together with the page cache of its files, with a control group of
Linux (version 1 or 2). Needs root."""

import contextlib
import os
import time
from pathlib import Path

import machine

MIB = 1 << 20
# Where groups are, and the file of a group that has its limit.
VERSION_1 = (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes")
VERSION_2 = (Path("/sys/fs/cgroup"), "memory.max")
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
        raise LimitError(f"{error.filename}: {error.strerror}; memory is limited as root "
                         "only") from None
    try:
        if not machine.drop_page_cache():
            raise LimitError("only root may drop the page cache")
        yield group
    finally:
        remove(group)


def version():
    """Of the groups of this system."""
    if VERSION_1[0].joinpath(VERSION_1[1]).exists():
        return VERSION_1
    controllers = VERSION_2[0] / "cgroup.subtree_control"
    if controllers.exists() and "memory" in controllers.read_text().split():
        return VERSION_2
    raise LimitError("this system has no control groups for memory")


def make(mib):
    place, limit = version()
    group = place / f"smile-bench-{os.getpid()}"
    group.mkdir()
    (group / limit).write_text(str(mib * MIB))
    return group


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
