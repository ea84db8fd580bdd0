"""What a server reads and writes of the disk, and the kernel's page cache."""

import os
import resource
from pathlib import Path

INPUT_BLOCK_BYTES = 512  # getrusage(2)
SECTOR_BYTES = 512  # Documentation/admin-guide/iostats.rst


def process_read_bytes(pid):
    """Bytes that a process has read from the disk so far (proc(5)). Without a process: those of all
    generators that have ended."""
    if not pid:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_inblock * INPUT_BLOCK_BYTES
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["read_bytes"])


def disk_work(directory):
    """(reads, written bytes) of the disk of a directory so far, by everybody, after what is in the
    page cache was written; None each if the kernel does not say. `write_bytes` of a process is more
    than it writes: it counts a whole folio of the page cache, up to megabytes, when a byte of it is
    changed."""
    os.sync()
    device = os.stat(directory).st_dev
    try:
        stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text()
    except OSError:
        return None, None
    fields = stat.split()
    return int(fields[0]), int(fields[6]) * SECTOR_BYTES


class DiskMeter:
    """Counts from when it is made."""

    def __init__(self, pid, directory):
        self.pid = pid
        self.directory = directory
        self.before = self.now()

    def now(self):
        return (process_read_bytes(self.pid), *disk_work(self.directory))

    def read(self):
        read, reads, written = (None if b is None else b - a
                                for a, b in zip(self.before, self.now()))
        return {"read_bytes": read, "written_bytes": written, "disk_reads": reads}
