#!/usr/bin/python3
"""document_test.py PROTOCOL.md: the examples of the document, byte for byte, are what a client that
was written from the document sends, and what it understands."""

import re
import sys
import unittest
from pathlib import Path

import smile_client as smile
from smile_client import Reader, counted, key, number_key, optional, u32, u64, u8

PROFILE = key(smile.USERS, number_key(42), b"profile")
FRIEND_7 = b"\x01" + number_key(7)
LINKS_42 = u8(smile.LINKS) + counted(number_key(42))


def examples(document):
    text = Path(document).read_text(encoding="utf-8")
    found = re.findall(r"^### (.*)\n\n```hex\n([0-9a-f \n]+)```", text, re.MULTILINE)
    return {title: bytes.fromhex(digits) for title, digits in found}


class DocumentTest(unittest.TestCase):
    document = None

    def setUp(self):
        self.examples = examples(self.document)

    def body(self, title):
        return smile.parse_frame(self.examples[title])[1]

    def is_sent(self, title, *request):
        self.assertEqual(smile.frame(*request), self.examples[title], title)

    def test_every_example_is_a_whole_frame_with_the_right_checksum(self):
        self.assertGreater(len(self.examples), 15)
        for title, data in self.examples.items():
            header, _ = smile.parse_frame(data)
            is_reply = " reply" in title or "answer" in title
            self.assertEqual(header["flags"], 1 if is_reply else 0, title)

    def test_requests_are_made_as_the_document_shows(self):
        hello = u32(smile.MAGIC) + u8(1) + u8(1) + u64(0) + u32(0) + optional(2, counted(b"example"))
        self.is_sent("HELLO", 1, smile.HELLO, hello)
        self.is_sent("PING", 2, smile.PING, counted(b"hello"))
        value = b"Ada Lovelace"
        put = PROFILE + smile.condition(smile.IF_ABSENT) + u64(smile.checksum(value))
        self.is_sent("PUT if absent, to expire in an hour, with 500 ms left", 3, smile.PUT,
                     put + counted(value) + optional(1, u32(3600)), 500)
        self.is_sent("GET", 4, smile.GET, PROFILE)
        self.is_sent("DELETE if the version is 7", 5, smile.DELETE,
                     PROFILE + smile.condition((smile.IF_VERSION, 7)))
        scan = LINKS_42 + u32(1) + u32(0) + u8(0)
        scan += optional(1, counted(b"\x01")) + optional(3, counted(b"\x02"))
        self.is_sent("SCAN of the friends of user 42, one at a time", 6, smile.SCAN, scan)
        self.is_sent("SCAN, going on", 7, smile.SCAN,
                     scan + optional(5, counted(b"\x01" + FRIEND_7)))

    def test_replies_are_read_as_the_document_explains(self):
        self.assertEqual(Reader(self.body("PING's reply")).bytes(), b"hello")
        self.assertEqual(self.body("PUT's reply"), u64(7))
        record = Reader(self.body("GET's reply")).record()
        self.assertEqual(record["value"], b"Ada Lovelace")
        self.assertEqual(record["checksum"], smile.checksum(b"Ada Lovelace"))
        self.assertEqual(self.body("DELETE's reply"), b"")
        reader = Reader(self.body("SCAN's reply, with a continuation"))
        self.assertEqual(reader.varint(), 1)
        self.assertEqual(reader.bytes(), FRIEND_7)
        self.assertEqual(reader.record()["value"], b"since 1842")
        self.assertEqual(reader.bytes(), b"\x01" + FRIEND_7)
        reader.end()

    def test_errors_are_read_as_the_document_explains(self):
        failed = smile.SmileError(2, self.body("PUT's reply when the record was there"))
        self.assertEqual((failed.status, failed.error_class), ("condition_failed", "never"))
        self.assertEqual((failed.version, failed.index), (5, None))
        title = "The answer to bytes that are not the protocol"
        header, body = smile.parse_frame(self.examples[title])
        self.assertEqual(header["id"], 0)
        self.assertEqual(smile.SmileError(header["code"], body).status, "protocol_error")

    def test_varints_are_as_the_document_shows(self):
        for value, digits in ((0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"),
                              (2**64 - 1, "ffffffffffffffffff01")):
            self.assertEqual(smile.varint(value).hex(), digits)
            self.assertEqual(Reader(bytes.fromhex(digits)).varint(), value)


if __name__ == "__main__":
    DocumentTest.document = sys.argv.pop(1)
    unittest.main()
