#!/usr/bin/python3
"""Hostile clients of a smiled, and clients that only request what costs much: attackers.py KIND
ADDRESS COUNT [bare].

Prints a line when it is prepared, attacks from the first line of its input on, and until its input
ends. Prints another line when all are connected. Runs at the lowest priority, so that it takes no
processor time from those it is to harm. "bare" is for a server that does not know the protocol: then
they expect no reply to HELLO.
"""

import os
import random
import selectors
import socket
import struct
import sys
import types
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "tests/interop"))
import smile_client as smile  # noqa: E402  (found by the line above)

FRAME_BYTES = 4 << 20
LARGE_USERS = range(2, 18)  # each has a value of LARGE_BYTES named LARGE
LARGE = b"large"
LARGE_BYTES = 1 << 20
DELETED_USER = 1  # has nothing but deleted records
GETS = 200
IN_FLIGHT = 8  # requests of a client that takes its replies
COLD_USERS = range(1, 2_000_001)  # each has a record named COLD, as `smilebench load` writes it
COLD = b"profile"
RECEIVE_BYTES = 4096  # of a client that does not read
SLICE_BYTES = 256 << 10


class HalfFrame:
    """Sends a frame of 4 MiB without its last byte, and waits."""

    HALF = memoryview(bytes(4) + struct.pack("<I", FRAME_BYTES) + b"h" * (FRAME_BYTES - 9))

    def __init__(self, client):
        self.socket = client.socket
        self.rest = self.HALF
        self.events = selectors.EVENT_WRITE

    def on_ready(self):
        """The events it waits for now; 0: none."""
        self.rest = self.rest[self.socket.send(self.rest[:SLICE_BYTES]):]
        return self.events if self.rest else 0


class NeverReads(HalfFrame):
    """Asks for large values and takes none."""

    HALF = memoryview(b"".join(
        smile.frame(10 + i, smile.GET,
                    smile.key(smile.USERS,
                              smile.number_key(LARGE_USERS[i % len(LARGE_USERS)]), LARGE))
        for i in range(GETS)))

    def __init__(self, client):
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        super().__init__(client)


class Walks:
    """Keeps scans of deleted records in flight."""

    SCAN = (smile.u8(smile.USERS) + smile.counted(smile.number_key(DELETED_USER)) +
            smile.u32(100) + smile.u32(0) + smile.u8(0))

    def __init__(self, client):
        self.socket = client.socket
        self.received = bytearray()
        for request_id in range(1, 1 + IN_FLIGHT):
            self.socket.sendall(self.request(request_id))
        self.events = selectors.EVENT_READ

    def request(self, request_id):
        return smile.frame(request_id, smile.SCAN, self.SCAN)

    def on_ready(self):
        received = self.socket.recv(SLICE_BYTES)
        if not received:
            return 0
        self.received += received
        while len(self.received) >= smile.HEADER.size:
            _, length, request_id, status, _, _ = smile.HEADER.unpack_from(self.received)
            if len(self.received) < length:
                break
            if smile.STATUS[status] == "invalid":
                raise ValueError("a request is invalid, so it costs nothing")
            del self.received[:length]
            self.socket.send(self.request(request_id))
        return self.events


class ColdReads(Walks):
    """Keeps GETs of records that are not in memory in flight."""

    def request(self, request_id):
        return smile.frame(request_id, smile.GET, self.key())

    @staticmethod
    def key():
        return smile.key(smile.USERS, smile.number_key(random.choice(COLD_USERS)), COLD)


class ColdConditions(ColdReads):
    """Keeps PUTs in flight whose condition is about such a record, and is not met."""

    def request(self, request_id):
        body = (self.key() + smile.condition(smile.IF_ABSENT) + smile.u64(smile.checksum(b"v")) +
                smile.counted(b"v"))
        return smile.frame(request_id, smile.PUT, body)


ATTACKERS = {"half": HalfFrame, "unread": NeverReads, "walks": Walks, "cold-reads": ColdReads,
             "cold-conditions": ColdConditions}


def connect(host, port, bare):
    if bare:
        return types.SimpleNamespace(socket=socket.create_connection((host, port)))
    return smile.Client(host, port)


def attack(attacker, address, count, bare):
    host, port = address.split(":")
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        clients = []  # so that those that wait for nothing are not closed
        for _ in range(count):
            client = connect(host, int(port), bare)
            clients.append(client)
            hostile = attacker(client)
            client.socket.setblocking(False)
            selector.register(client.socket, hostile.events, hostile)
        print("connected", flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return  # it has ended
                try:
                    events = key.data.on_ready()
                except BlockingIOError:
                    continue
                except OSError:
                    events = 0  # closed by the server
                if events == 0:
                    selector.unregister(key.fileobj)


def main():
    kind, address, count, *bare = sys.argv[1:]
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    print("ready", flush=True)
    if sys.stdin.readline():
        attack(ATTACKERS[kind], address, int(count), bool(bare))


if __name__ == "__main__":
    main()
