"""What a server reads and writes of the disk, and the kernel's page cache."""

import os
import resource
from pathlib import Path

OUTPUT_BLOCK_BYTES = 512  # getrusage(2)


def process_io(pid):
    """(bytes read, bytes written) of the disk by a process so far (proc(5)); written bytes count
    when they enter the page cache. Without a process: those of all generators that have ended."""
    if not pid:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_inblock * OUTPUT_BLOCK_BYTES, used.ru_oublock * OUTPUT_BLOCK_BYTES
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["read_bytes"]), int(fields["write_bytes"])


def disk_reads(directory):
    """Reads that the disk of a directory has completed so far, by everybody; None if the kernel
    does not say (Documentation/admin-guide/iostats.rst)."""
    device = os.stat(directory).st_dev
    try:
        stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text()
    except OSError:
        return None
    return int(stat.split()[0])


class DiskMeter:
    """Counts from when it is made."""

    def __init__(self, pid, directory):
        self.pid = pid
        self.directory = directory
        self.before = self.now()

    def now(self):
        return (*process_io(self.pid), disk_reads(self.directory))

    def read(self):
        read, written, reads = (None if b is None else b - a
                                for a, b in zip(self.before, self.now()))
        return {"read_bytes": read, "written_bytes": written, "disk_reads": reads}


def drop_page_cache():
    """Writes what is dirty, then forgets what is clean. False without the right to do so."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True
