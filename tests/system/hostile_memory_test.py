"""smiled's memory, and service to other clients, while hostile clients hold as much as they can.

Usage: hostile_memory_test.py SMILECAT SMILED [TEST...]
"""

import socket
import struct
import time

from process_case import TIMEOUT_SECONDS, ProcessTest, main, smile

BUDGET_MIB = 64
# How much the process may grow: limited by the budget, not by the number of connections. (The
# allocator's overhead of a tenth is measured in the benchmarks; readers hold some values too.)
MOST_GROWTH_KIB = 2 * BUDGET_MIB * 1024
HALF_FRAMES = 200
NEVER_READERS = 50
FRAME_BYTES = 4 << 20
LARGE = b"v" * (1 << 20)


def resident_kib(process):
    with open("/proc/%d/status" % process.pid, encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise AssertionError("no VmRSS")


class HostileMemoryTest(ProcessTest):
    def hostile(self, port, receive_bytes=None):
        """A connection after HELLO, with non-blocking sends."""
        client = self.client(port)
        if receive_bytes is not None:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.socket.setblocking(False)
        return client.socket

    def send_what_goes(self, pending):
        """[socket, remaining bytes]. False if no socket accepted anything."""
        moved = False
        for entry in pending:
            try:
                sent = entry[0].send(entry[1][: 1 << 18])
                entry[1] = entry[1][sent:]
                moved = moved or sent > 0
            except BlockingIOError:
                pass
            except OSError:
                entry[1] = b""  # it was closed
        return moved

    def hold_and_look(self, process, port, pending):
        other = self.client(port)
        before = resident_kib(process)
        most, end = 0, time.monotonic() + TIMEOUT_SECONDS
        # Until connections were closed to release memory, and then nothing changed for a while.
        still = 0
        while still < 3 and time.monotonic() < end:
            moved = self.send_what_goes(pending)
            self.assertEqual(other.get(smile.key(smile.USERS, smile.number_key(1), b"small"))["value"],
                             b"small")
            stats = other.stats()
            self.assertLessEqual(stats["server.memory.used_bytes"],
                                 stats["server.memory.limit_bytes"] * 11 // 10)
            most = max(most, resident_kib(process))
            closed = stats["server.connections.closed_memory_pressure_count"]
            still = still + 1 if closed > 0 and not moved else 0
        self.assertGreater(closed, 0, "memory was short, and nobody was closed for it")
        self.assertLess(most - before, MOST_GROWTH_KIB)

    def start_with_records(self):
        process, port = self.serving("--connection-memory-mib", str(BUDGET_MIB))
        client = self.client(port)
        client.put(smile.key(smile.USERS, smile.number_key(1), b"small"), b"small")
        for user in range(2, 18):
            client.put(smile.key(smile.USERS, smile.number_key(user), b"large"), LARGE)
        return process, port

    def test_incomplete_frames(self):
        process, port = self.start_with_records()
        half = memoryview(b"\0" * 4 + struct.pack("<I", FRAME_BYTES) + b"h" * (FRAME_BYTES - 9))
        self.hold_and_look(process, port, [[self.hostile(port), half] for _ in range(HALF_FRAMES)])
        self.stop(process)

    def test_unread_replies(self):
        process, port = self.start_with_records()
        gets = b"".join(
            smile.frame(10 + i, smile.GET,
                        smile.key(smile.USERS, smile.number_key(2 + i % 16), b"large"))
            for i in range(200))
        self.hold_and_look(process, port, [[self.hostile(port, 4096), memoryview(gets)]
                                           for _ in range(NEVER_READERS)])
        self.stop(process)


if __name__ == "__main__":
    main()
