"""How each server is started, paused and stopped.

A server runs pinned to one core, in a process group of its own, listens on a free port of the
loopback device and has its data in a directory of its own. It is ready when its log says so.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import memory_limit

SERVER_CORE = 0
START_SECONDS = 30
STOP_SECONDS = 30
START_ATTEMPTS = 3
# How often a log, a process or a processor's clock is polled.
POLL_SECONDS = 0.01

# In both spaces, the value is the field after the key.
TARANTOOL_INIT = """
box.cfg{
  listen = '127.0.0.1:%(port)s',
  work_dir = '%(directory)s',
  wal_mode = 'fsync',
  memtx_memory = 2 * 1024 * 1024 * 1024,
  vinyl_memory = 256 * 1024 * 1024,
  vinyl_cache = 512 * 1024 * 1024,
}
box.schema.user.grant('guest', 'read,write,execute', 'universe', nil, {if_not_exists = true})
local records = box.schema.space.create('records', {engine = '%(engine)s'})
records:create_index('primary', {parts = {{1, 'string'}}})
local posts = box.schema.space.create('posts', {engine = '%(engine)s'})
posts:create_index('primary', {parts = {{1, 'unsigned'}, {2, 'unsigned'}}})
require('log').info('peers: ready')
"""


class ServerError(Exception):
    """A server that did not start, or died."""


@dataclass(frozen=True)
class Kind:
    """One kind of server: its name, how it is started, what it promises."""

    name: str
    title: str
    scheme: str
    durable: str  # whether an acknowledged write is durable, for the report
    ready: str = ""  # pattern of its log when it is ready; a group is its port
    # To start it, and to print its version. {port}, {directory} and {binaries} are filled in.
    command: tuple = ()
    version: tuple = ()
    # A file that configures it: its name, and its text, in which %(port)s and %(directory)s are
    # filled in.
    script_name: str = ""
    script: str = ""
    address: str = ""  # of a server that the user started
    note: str = ""  # on its settings, for the report
    pinned: bool = True  # to SERVER_CORE

    def words(self, **places):
        return [word.format(**places) for word in self.command]


FSYNCED = "every write is fsynced before its reply"


def smile_with(name, title, *options):
    """A smiled with these options; it chooses a free port."""
    return Kind(name, title, "smile", FSYNCED, r"listens on 127\.0\.0\.1:([0-9]+)",
                ("{binaries}/smiled", "--listen", "127.0.0.1:0", "--workers", "1",
                 "--max-connections", "20000", "--data", "{directory}/data", *options),
                ("{binaries}/smiled", "--version"))


def redis_with(name, title, durable, *options, binary="redis-server", note=""):
    """A server of Redis' protocol and options."""
    return Kind(name, title, "redis", durable, "Ready to accept connections",
                (binary, "--port", "{port}", "--bind", "127.0.0.1", "--save", "",
                 "--dir", "{directory}", *options), (binary, "--version"), note=note)


def tarantool_with(name, title, engine):
    return Kind(name, title, "tarantool", FSYNCED, "peers: ready",
                ("tarantool", "{directory}/init.lua"), ("tarantool", "--version"), "init.lua",
                TARANTOOL_INIT.replace("%(engine)s", engine))


ALWAYS = ("--appendonly", "yes", "--appendfsync", "always")
# Its log is not rewritten during a run: that would cost a fork and disk time.
NO_REWRITE = ("--auto-aof-rewrite-percentage", "0")

KINDS = {kind.name: kind for kind in [
    smile_with("smile", "Smile"),
    redis_with("redis", "Redis, memory only", "not durable: nothing is written to disk",
               "--appendonly", "no"),
    redis_with("redis-aof", "Redis, appendfsync always", FSYNCED, *ALWAYS, *NO_REWRITE),
    tarantool_with("tarantool", "Tarantool memtx, fsync", "memtx"),
    tarantool_with("vinyl", "Tarantool vinyl, fsync", "vinyl"),
]}

# With --valkey only.
VALKEY_NAMES = ("valkey-aof", "valkey-rewrite")
# A server is pinned to SERVER_CORE, so this is what Valkey has, whatever the machine has.
SERVER_CORES = 1


def valkey_io_threads(cores):
    """What the comments of valkey.conf recommend (8.0 and later): none below 3 cores, 2 or 3 for 4
    cores, 6 for 8 cores; one core stays free. The number includes the main thread: 1 is off."""
    return 1 if cores < 3 else cores * 3 // 4


def io_threads_note(cores, machine_cores):
    """For the report: the number of I/O threads, and why."""
    threads = valkey_io_threads(cores)
    return (f"io-threads {threads}{' (off)' if threads == 1 else ''}: valkey.conf recommends I/O "
            "threads from 3 cores on, 2 or 3 for 4 cores and 6 for 8 cores, one core left free; "
            f"the server has {cores} of {machine_cores} cores here")


def valkey_kinds(binary, cores=SERVER_CORES):
    """`binary`: path of valkey-server. Without and with the rewriting of its log by its defaults."""
    threads = ("--io-threads", str(valkey_io_threads(cores)))
    note = io_threads_note(cores, os.cpu_count())
    return {kind.name: kind for kind in [
        redis_with("valkey-aof", "Valkey, appendfsync always", FSYNCED, *ALWAYS, *NO_REWRITE,
                   *threads, binary=str(binary), note=note),
        redis_with("valkey-rewrite", "Valkey, appendfsync always, its log rewritten", FSYNCED,
                   *ALWAYS, *threads, binary=str(binary), note=note),
    ]}


def address_kind(target):
    """A server that the user started."""
    return Kind(target, target, target.split("://")[0], "as the user configured it",
                address=target)


# RocksDB in smilebench's own process: no server, only a directory.
ROCKSDB = Kind("rocksdb", "RocksDB MultiGet in process", "rocksdb",
               "nothing is written; no network")


def describe(kinds, versions, binaries="build/release/bin"):
    """Each kind for the report; `versions` are by name."""
    rows = []
    for kind in kinds:
        places = {"port": "PORT", "directory": "DIRECTORY", "binaries": binaries}
        words = kind.words(**places)
        if words and Path(words[0]).is_absolute():
            words[0] = Path(words[0]).name  # its directory is of no interest on other machines
        row = {"name": kind.name, "title": kind.title, "durable": kind.durable,
               "version": versions.get(kind.name, ""), "command": shlex.join(words)}
        if kind.note:
            row["note"] = kind.note
        if kind.script:
            row["script"] = kind.script % places
        rows.append(row)
    return rows


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User and system time of a process so far (proc(5)); 0 if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server, or the address of one."""

    kind: Kind
    target: str = ""
    pid: int = 0  # 0: unknown
    process: object = None
    log: Path = None
    group: Path = None  # of memory_limit, if its memory is limited

    def launch(self, directory, binaries):
        """Starts it with its data in a directory, which may already have data. ServerError if it
        does not become ready."""
        places = {"port": free_port(), "directory": directory, "binaries": binaries}
        if self.kind.script:
            (directory / self.kind.script_name).write_text(self.kind.script % places)
        # It dies with its parent, even if that is killed.
        pin = ["taskset", "-c", str(SERVER_CORE)] if self.kind.pinned else []
        command = memory_limit.words_in(
            self.group, ["setpriv", "--pdeathsig", "KILL", *pin, *self.kind.words(**places)])
        self.log = directory / "log"
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self.process.pid
        try:
            port = self.wait_until_ready() or places["port"]
        except BaseException:
            self.stop()
            raise
        self.target = f"{self.kind.scheme}://127.0.0.1:{port}"

    def wait_until_ready(self):
        """The port in its log, or None if there is none."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = re.search(self.kind.ready, self.log.read_text(errors="replace"))
            if found:
                return int(found.group(1)) if found.groups() else None
            if self.process.poll() is not None:
                break
            time.sleep(POLL_SECONDS)
        raise ServerError(f"{self.kind.title} did not start:\n{tail(self.log)}")

    def restart(self, binaries):
        """Stops it and starts it with the same data. No effect on an --address."""
        if self.process is not None:
            self.stop()
            self.launch(self.log.parent, binaries)

    def freeze(self):
        """Pauses it until thaw()."""
        self.signal_group(signal.SIGSTOP)

    def thaw(self):
        self.signal_group(signal.SIGCONT)

    def signal_group(self, number):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.pid, number)

    def check_alive(self):
        if self.process is not None and self.process.poll() is not None:
            raise ServerError(f"{self.kind.title} died with status {self.process.returncode}:\n"
                              f"{tail(self.log)}")

    def wait_until_quiet(self, seconds=20):
        """Until background work, such as compactions, needs almost no processor time."""
        end = time.monotonic() + seconds
        while self.pid and time.monotonic() < end:
            before = cpu_seconds(self.pid)
            time.sleep(0.25)
            if cpu_seconds(self.pid) - before < 0.02:
                return

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.signal_group(signal.SIGKILL)
            self.process.wait()


def tail(log, lines=15):
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def start(kind, directory, binaries):
    """Starts a server with its data in a directory that does not exist yet."""
    if not kind.command:  # it is in the generator's process
        directory.mkdir(parents=True)
        return Server(kind, f"{kind.scheme}:{directory / 'data'}")
    for attempt in range(START_ATTEMPTS):
        # Another process may take the port that was free a moment ago.
        place = (directory / str(attempt)).absolute()
        place.mkdir(parents=True)
        server = Server(kind)
        try:
            server.launch(place, binaries)
            return server
        except ServerError:
            if attempt + 1 == START_ATTEMPTS:
                raise
