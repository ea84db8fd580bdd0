"""Watches, for smile_client.Client, from docs/PROTOCOL.md."""

from smile_client import HEADER, Reader, SmileError, counted, parse_frame, u8, u32, u64, varint

WATCH, CANCEL = 80, 81
EVENTS = ["started", "put", "delete", "gap", "progress", "ended"]
MORE = 2


def watch(client, partitions, values=False, after=0):
    """Partitions: pairs of table and id. The id of the request; its messages follow."""
    body = varint(len(partitions)) + b"".join(u8(table) + counted(id) for table, id in partitions)
    return client.send(WATCH, body + u8(values) + u64(after))


def message(client):
    """The next message: (id of the request, a dict, whether others follow)."""
    head = client.receive(HEADER.size)
    header, body = parse_frame(head + client.receive(HEADER.unpack(head)[1] - HEADER.size))
    if header["flags"] & ~MORE != 1:
        raise ValueError(f"no reply: {header}")
    if header["code"] != 0:
        raise SmileError(header["code"], body)
    reader = Reader(body)
    fields = {"event": EVENTS[reader.number(1)], "version": reader.number(8),
              "expires_ms": reader.number(8), "with_value": reader.number(1) == 1,
              "checksum": reader.number(8), "value": reader.bytes()}
    optional = reader.optional_fields()
    if 2 in optional:
        key = Reader(optional[2])
        fields["key"] = (key.number(1), key.bytes(), key.bytes())
    if 4 in optional:
        gap = Reader(optional[4])
        fields["gap"] = (gap.number(1), gap.bytes())
    return header["id"], fields, header["flags"] & MORE != 0


def cancel(client, request_id):
    """Sends it; the id of the CANCEL."""
    return client.send(CANCEL, u32(request_id))
