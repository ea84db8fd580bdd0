#!/usr/bin/python3
"""A client of smiled, written from docs/PROTOCOL.md alone, to keep that page true.

Blocking, one connection, standard library and python3-xxhash only.
"""

import socket
import struct
import time

import xxhash

HEADER = struct.Struct("<IIIBBH")
MAGIC = int.from_bytes(b"SMIL", "little")

HELLO, PING, GET, MGET, PUT, DELETE, BATCH, SCAN, LIST, STATS = range(1, 11)
(MEDIA_BEGIN, MEDIA_APPEND, MEDIA_PROGRESS, MEDIA_COMMIT, MEDIA_CANCEL, MEDIA_PUT, MEDIA_STAT,
 MEDIA_READ, MEDIA_LIST, MEDIA_SET, MEDIA_DELETE) = range(11, 22)
USERS, LOGINS, POSTS, LINKS, MEDIA, BLOBS = range(1, 7)
ALWAYS, IF_ABSENT, IF_VERSION = (0, 0), (1, 0), 2
STATUS = ["ok", "not_found", "condition_failed", "invalid", "unsupported", "too_large",
          "protocol_error", "corrupt", "damaged_in_transit", "overloaded", "deadline_exceeded",
          "no_space", "shutting_down", "storage_failed", "outcome_unknown", "unavailable"]
CLASS = ["none", "retry_now", "retry_after", "never", "outcome_unknown"]


class SmileError(Exception):
    """A reply whose status is not ok."""

    def __init__(self, status, body):
        reader = Reader(body)
        self.status = STATUS[status] if status < len(STATUS) else str(status)
        self.error_class = CLASS[reader.number(1)]
        self.retry_after_ms = reader.number(4)
        self.message = reader.bytes().decode()
        optional = reader.optional_fields()
        self.index = int.from_bytes(optional[2], "little") if 2 in optional else None
        self.version = int.from_bytes(optional[4], "little") if 4 in optional else None
        self.met_index = int.from_bytes(optional[6], "little") if 6 in optional else None
        super().__init__(f"{self.status}: {self.message}")


def u8(value):
    return struct.pack("<B", value)


def u32(value):
    return struct.pack("<I", value)


def u64(value):
    return struct.pack("<Q", value)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def counted(value):
    return varint(len(value)) + value


def optional(tag, value):
    return b"" if value is None else u8(tag) + counted(value)


def checksum(value):
    return xxhash.xxh3_64_intdigest(value)


def frame(request_id, code, body, deadline_ms=0, flags=0):
    rest = HEADER.pack(0, HEADER.size + len(body), request_id, code, flags, deadline_ms)[4:] + body
    return u32(checksum(rest) & 0xFFFFFFFF) + rest


def number_key(number):
    """A u64 inside a key."""
    return struct.pack(">Q", number)


def key(table, partition, sort=b""):
    return u8(table) + counted(partition) + counted(sort)


def condition(kind_and_version):
    kind, version = kind_and_version
    return u8(kind) + u64(version)


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError("the message ends too early")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def bytes(self):
        return self.take(self.varint())

    def record(self):
        version, value_checksum, expires_ms = (self.number(8) for _ in range(3))
        value = self.bytes()
        return {"version": version, "checksum": value_checksum, "expires_ms": expires_ms,
                "value": value}

    def entry(self):
        """(sort key, record) of a SCAN; the record says what its outcome is."""
        outcome = ["found", "corrupt", "gap", "too_large"][self.number(1)]
        sort = self.bytes()
        return sort, {"outcome": outcome, **self.record()}

    def media_info(self):
        info = {"media": self.number(8), "size": self.number(8), "sha256": self.bytes(),
                "created_ms": self.number(8)}
        info |= {name: self.bytes() for name in ("content_type", "name", "custom")}
        return info

    def optional_fields(self):
        fields = {}
        while self.at < len(self.data):
            tag = self.number(1)
            fields[tag] = self.bytes()
        return fields

    def end(self):
        if self.at != len(self.data):
            raise ValueError("bytes are left over behind the last field")


def parse_frame(data):
    """(header fields, body) of one whole frame, verified."""
    stored, length, request_id, code, flags, deadline_ms = HEADER.unpack_from(data)
    if length != len(data):
        raise ValueError(f"the frame says {length} bytes and has {len(data)}")
    if stored != checksum(data[4:deadline_ms if flags & 4 else length]) & 0xFFFFFFFF:
        raise ValueError("the frame's checksum does not match")
    return {"id": request_id, "code": code, "flags": flags, "deadline": deadline_ms}, data[16:]


class Client:
    def __init__(self, host, port, name=b"smile_client.py", max_frame_bytes=0):
        self.socket = socket.create_connection((host, port), timeout=60)
        self.next_id = 1
        body = u32(MAGIC) + u8(1) + u8(1) + u64(0) + u32(max_frame_bytes)
        body += optional(2, counted(name))
        reply = Reader(self.call(HELLO, body))
        self.version = reply.number(1)
        self.features = reply.number(8)
        self.max_frame_bytes, self.max_in_flight, self.max_value_bytes = (
            reply.number(4) for _ in range(3))
        self.server_name = Reader(reply.optional_fields().get(2, b"\0")).bytes()

    def close(self):
        self.socket.close()

    def receive(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise EOFError("the server closed the connection")
            data += piece
        return bytes(data)

    def send(self, code, body, deadline_ms=0):
        request_id, self.next_id = self.next_id, self.next_id + 1
        self.socket.sendall(frame(request_id, code, body, deadline_ms))
        return request_id

    def read_reply(self):
        """(id, status, body) of the next reply."""
        head = self.receive(HEADER.size)
        length = HEADER.unpack(head)[1]
        header, body = parse_frame(head + self.receive(length - HEADER.size))
        if (header["flags"], header["deadline"] > 0) not in ((1, False), (5, True)):
            raise ValueError(f"no reply: {header}")
        self.last_flags = header["flags"]  # for tests
        return header["id"], header["code"], body

    def call(self, code, body, deadline_ms=0):
        request_id = self.send(code, body, deadline_ms)
        reply_id, status, reply = self.read_reply()
        if status != 0:
            raise SmileError(status, reply)
        if reply_id != request_id:
            raise ValueError(f"asked {request_id}, answered {reply_id}")
        return reply

    def ping(self, payload=b""):
        return Reader(self.call(PING, counted(payload))).bytes()

    def get(self, where):
        reader = Reader(self.call(GET, where))
        record = reader.record()
        reader.end()
        if checksum(record["value"]) != record["checksum"]:
            raise ValueError("the value does not match its checksum")
        return record

    def mget(self, keys):
        reader = Reader(self.call(MGET, varint(len(keys)) + b"".join(keys)))
        outcomes = ["found", "not_found", "retry", "corrupt", "too_large"]
        return [(outcomes[reader.number(1)], reader.record()) for _ in range(reader.varint())]

    def put(self, where, value, when=ALWAYS, expire_seconds=None, value_checksum=None):
        if value_checksum is None:
            value_checksum = checksum(value)
        body = where + condition(when) + u64(value_checksum) + counted(value)
        if expire_seconds is not None:
            body += optional(1, u32(expire_seconds))
        return Reader(self.call(PUT, body)).number(8)

    def delete(self, where, when=ALWAYS):
        return Reader(self.call(DELETE, where + condition(when))).number(8)

    def batch(self, table, partition, items):
        """Items: ("put", sort, value, condition) and ("delete", sort, condition)."""
        body = u8(table) + counted(partition) + varint(len(items))
        for item in items:
            value = item[2] if item[0] == "put" else b""
            body += u8(1 if item[0] == "put" else 2) + counted(item[1]) + condition(item[-1])
            body += u32(0) + u64(checksum(value) if item[0] == "put" else 0) + counted(value)
        reader = Reader(self.call(BATCH, body))
        return [reader.number(8) for _ in range(reader.varint())]

    def scan_page(self, table, partition, limit, start=None, stop=None, continuation=None,
                  keys_only=False):
        body = u8(table) + counted(partition) + u32(limit) + u32(0) + u8(keys_only)
        for tag, value in ((1, start), (3, stop), (5, continuation)):
            body += optional(tag, None if value is None else counted(value))
        reader = Reader(self.call(SCAN, body))
        entries = [reader.entry() for _ in range(reader.varint())]
        continuation = reader.bytes()
        reader.end()
        return entries, continuation

    def scan(self, table, partition, limit, **bounds):
        """All entries, whatever their outcome, in pages of `limit`."""
        entries, continuation = self.scan_page(table, partition, limit, **bounds)
        while continuation:
            more, continuation = self.scan_page(table, partition, limit,
                                                continuation=continuation, **bounds)
            entries += more
        return entries

    def list_page(self, table, limit, continuation=None):
        """(partitions, whether some cannot be read, continuation)."""
        body = u8(table) + u32(limit)
        body += optional(1, None if continuation is None else counted(continuation))
        reader = Reader(self.call(LIST, body))
        partitions = [reader.bytes() for _ in range(reader.varint())]
        gap, continuation = bool(reader.number(1)), reader.bytes()
        reader.end()
        return partitions, gap, continuation

    def list(self, table, limit):
        """All partitions that can be read, in pages of `limit`."""
        partitions, continuation = [], None
        while continuation != b"":
            page, _, continuation = self.list_page(table, limit, continuation)
            partitions += page
        return partitions

    def stats(self):
        reader = Reader(self.call(STATS, b""))
        return {reader.bytes().decode(): reader.number(8) for _ in range(reader.varint())}

    def media_begin(self, owner, media=0, chunk_bytes=256 << 10, fields=(b"", b"", b""), size=None,
                    sha256=None):
        """(upload, media, expires_ms). Fields: content type, name, custom."""
        body = u64(owner) + u64(media) + u32(chunk_bytes) + b"".join(map(counted, fields))
        body += optional(1, None if size is None else u64(size))
        body += optional(3, None if sha256 is None else counted(sha256))
        reader = Reader(self.call(MEDIA_BEGIN, body))
        return reader.bytes(), reader.number(8), reader.number(8)

    @staticmethod
    def append_body(upload, offset, piece, piece_checksum=None):
        if piece_checksum is None:
            piece_checksum = checksum(piece)
        return counted(upload) + u64(offset) + u64(piece_checksum) + counted(piece)

    def media_append(self, upload, offset, piece, piece_checksum=None):
        self.call(MEDIA_APPEND, self.append_body(upload, offset, piece, piece_checksum))

    def media_append_all(self, upload, pieces, in_flight=4):
        """Sends (offset, bytes) ahead of their replies; repeats those that it may repeat."""
        waiting = {}
        pieces = iter(pieces)
        following = next(pieces, None)
        while waiting or following is not None:
            if following is not None and len(waiting) < in_flight:
                offset, piece = following
                waiting[self.send(MEDIA_APPEND, self.append_body(upload, offset, piece))] = following
                following = next(pieces, None)
                continue
            request_id, status, body = self.read_reply()
            offset, piece = waiting.pop(request_id)
            if status == 0:
                continue
            error = SmileError(status, body)
            if error.error_class not in ("retry_now", "retry_after"):
                raise error
            time.sleep(error.retry_after_ms / 1000)
            waiting[self.send(MEDIA_APPEND, self.append_body(upload, offset, piece))] = offset, piece

    def media_progress(self, owner, upload):
        reader = Reader(self.call(MEDIA_PROGRESS, u64(owner) + counted(upload)))
        progress = {"chunk_bytes": reader.number(4), "received": reader.number(8),
                    "contiguous": reader.number(8)}
        progress["missing"] = [(reader.number(8), reader.number(8)) for _ in range(reader.varint())]
        size = reader.optional_fields().get(2)
        progress["size"] = None if size is None else int.from_bytes(size, "little")
        return progress

    def media_commit(self, owner, upload):
        return self._info(MEDIA_COMMIT, u64(owner) + counted(upload))

    def media_cancel(self, owner, upload):
        self.call(MEDIA_CANCEL, u64(owner) + counted(upload))

    def media_put(self, owner, content, media=0, fields=(b"", b"", b""), content_checksum=None,
                  sha256=None):
        if content_checksum is None:
            content_checksum = checksum(content)
        body = u64(owner) + u64(media) + b"".join(map(counted, fields))
        body += u64(content_checksum) + counted(content)
        return self._info(MEDIA_PUT, body + optional(1, None if sha256 is None else counted(sha256)))

    def media_stat(self, owner, media):
        return self._info(MEDIA_STAT, u64(owner) + u64(media))

    def _info(self, code, body):
        reader = Reader(self.call(code, body))
        info = reader.media_info()
        reader.end()
        return info

    def media_read(self, owner, media, offset=0, size=1 << 20):
        """(bytes, length of the whole content)."""
        body = u64(owner) + u64(media) + u64(offset) + u32(size)
        reader = Reader(self.call(MEDIA_READ, body))
        content_bytes, piece_checksum, piece = reader.number(8), reader.number(8), reader.bytes()
        reader.end()
        if checksum(piece) != piece_checksum:
            raise ValueError("the range does not match its checksum")
        return piece, content_bytes

    def media_content(self, owner, media, size=1 << 20):
        content, whole = self.media_read(owner, media, 0, size)
        pieces, at = [content], len(content)
        while at < whole:
            pieces.append(self.media_read(owner, media, at, size)[0])
            at += len(pieces[-1])
        return b"".join(pieces)

    def media_list_page(self, owner, limit, continuation=None):
        """Of (outcome, info), newest first, and the continuation."""
        body = u64(owner) + u32(limit)
        body += optional(1, None if continuation is None else counted(continuation))
        reader = Reader(self.call(MEDIA_LIST, body))
        outcomes = ["found", "corrupt", "gap", "too_large"]
        entries = [(outcomes[reader.number(1)], reader.media_info()) for _ in range(reader.varint())]
        continuation = reader.bytes()
        reader.end()
        return entries, continuation

    def media_list(self, owner, limit=100):
        entries, continuation = [], None
        while continuation != b"":
            page, continuation = self.media_list_page(owner, limit, continuation)
            entries += page
        return entries

    def media_set(self, owner, media, fields):
        self.call(MEDIA_SET, u64(owner) + u64(media) + b"".join(map(counted, fields)))

    def media_delete(self, owner, media):
        self.call(MEDIA_DELETE, u64(owner) + u64(media))
