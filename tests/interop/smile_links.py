"""The operations on links, for smile_client.Client."""

from smile_client import Reader, counted, optional, u8, u32, u64, varint

LINK, UNLINK, LINK_COUNT, LINK_LIST, LINK_CHECK = range(30, 35)


def link(client, user, kind, other, value, time_ms=None):
    body = u64(user) + u8(kind) + u64(other) + counted(value)
    reader = Reader(client.call(LINK, body + (optional(3, u64(time_ms)) if time_ms else b"")))
    return reader.number(1) == 1, reader.number(8)


def unlink(client, user, kind, other):
    return Reader(client.call(UNLINK, u64(user) + u8(kind) + u64(other))).number(1) == 1


def link_count(client, user, kind):
    return Reader(client.call(LINK_COUNT, u64(user) + u8(kind))).number(8)


def entries(reader):
    outcomes = ("found", "corrupt", "gap", "too_large", "retry")
    return [(outcomes[reader.number(1)], reader.number(8), reader.number(8), reader.number(1),
             reader.bytes()) for _ in range(reader.varint())]


def link_list(client, user, kind, limit=100):
    reader = Reader(client.call(LINK_LIST, u64(user) + u8(kind) + u32(limit)))
    found = entries(reader)
    reader.bytes()
    return found


def link_check(client, user, kind, others):
    body = u64(user) + u8(kind) + varint(len(others)) + b"".join(u64(other) for other in others)
    return entries(Reader(client.call(LINK_CHECK, body)))
