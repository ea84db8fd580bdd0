#!/usr/bin/python3
"""What hostile clients cost others at least: plain_receiver.py [--keep MIB] [--send].

Receives what hostile clients send, and keeps it in memory: all of it, or so much, after which it reads
no more. With --send it sends each of them bytes until its socket takes no more, as a server does that
answers requests. Prints its port. It knows no protocol and does nothing else.
"""

import argparse
import mmap
import selectors
import socket

ROOM_BYTES = 5 << 20  # of one client
READ_BYTES = 32 << 10  # as smiled
REPLY = memoryview(bytes(1 << 20))


class Received:
    """A client, and what it has sent."""

    def __init__(self, connection):
        connection.setblocking(False)
        self.socket = connection
        self.kept = memoryview(mmap.mmap(-1, ROOM_BYTES))
        self.size = 0

    def read(self):
        """The number of bytes; 0: it has ended."""
        try:
            size = self.socket.recv_into(self.kept[self.size:self.size + READ_BYTES])
        except OSError:
            return 0
        self.size += size
        return size

    def send(self):
        try:
            while True:
                self.socket.send(REPLY)
        except OSError:
            return  # it takes no more, or has gone


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=int, default=1 << 20, metavar="MIB")
    parser.add_argument("--send", action="store_true")
    options = parser.parse_args()
    left = options.keep << 20
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener, \
            selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        print(listener.getsockname()[1], flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    client = Received(listener.accept()[0])
                    selector.register(client.socket, selectors.EVENT_READ, client)
                    continue
                size = key.data.read()
                left -= size
                if size == 0 or left <= 0:
                    selector.unregister(key.fileobj)
                if size == 0:
                    key.fileobj.close()
                elif options.send:
                    key.data.send()


if __name__ == "__main__":
    main()
