"""Additions to number records, for smile_client.Client, from docs/PROTOCOL.md."""

from smile_client import Reader, counted, optional, u8

ADD = 90


def add(client, where, amount, saturate=False, token=None):
    """The new number, the version, and whether the addition had been made before."""
    body = where + amount.to_bytes(8, "little", signed=True) + u8(saturate)
    body += optional(1, None if token is None else counted(token))
    reader = Reader(client.call(ADD, body))
    value = int.from_bytes(reader.take(8), "little", signed=True)
    return value, reader.number(8), reader.number(1) == 1
