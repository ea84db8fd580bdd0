#!/usr/bin/python3
"""document_test.py PROTOCOL.md: the examples of the page, byte for byte, are what a client written
from the page sends and understands."""

import re
import sys
import unittest
from pathlib import Path

import smile_client as smile
import smile_links
from smile_client import Reader, counted, key, number_key, optional, u32, u64, u8

PROFILE = key(smile.USERS, number_key(42), b"profile")
NEWER, OLDEST = number_key(9 << 22), number_key(3 << 22)
FIRST = (1_700_000_000_000 << 21) + 1  # the version of the first write
POSTS_42 = u8(smile.POSTS) + counted(number_key(42))


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
            if "checksum is off" in title:
                self.assertRaises(ValueError, smile.parse_frame, data)
                continue
            header, _ = smile.parse_frame(data)
            is_reply = " reply" in title or "The reply" in title
            more = title in ("WATCH's first reply", "WATCH's next reply")
            starts = title.endswith("covers its start")
            flags = 5 if starts else 3 if more else 1 if is_reply else 0
            self.assertEqual(header["flags"], flags, title)

    def test_requests_are_made_as_the_document_shows(self):
        hello = u32(smile.MAGIC) + u8(1) + u8(1) + u64(0) + u32(0) + optional(2, counted(b"example"))
        self.is_sent("HELLO", 1, smile.HELLO, hello)
        self.is_sent("PING", 2, smile.PING, counted(b"hello"))
        value = b"Ada Lovelace"
        put = PROFILE + smile.condition(smile.IF_ABSENT) + u64(smile.checksum(value))
        put += counted(value) + optional(1, u32(3600))
        self.is_sent("PUT if absent, with a TTL of an hour and a deadline of 500 ms", 3, smile.PUT, put, 500)
        self.is_sent("The same PUT again", 4, smile.PUT, put, 500)
        self.is_sent("GET", 5, smile.GET, PROFILE)
        theme = key(smile.USERS, number_key(42), b"theme")
        self.is_sent("MGET of two records", 6, smile.MGET, smile.varint(2) + PROFILE + theme)
        self.is_sent("DELETE if it still has that version", 7, smile.DELETE,
                     PROFILE + smile.condition((smile.IF_VERSION, FIRST)))
        scan = POSTS_42 + u32(1) + u32(0) + u8(0)
        scan += optional(3, counted(OLDEST))
        self.is_sent("SCAN of the posts of user 42 down to one, one per page", 11, smile.SCAN, scan)
        self.is_sent("SCAN of the next page", 12, smile.SCAN,
                     scan + optional(5, counted(b"\x01" + NEWER)))
        self.is_sent("LIST of the users that have posts", 13, smile.LIST,
                     u8(smile.POSTS) + u32(100))
        link = u64(42) + u8(1) + u64(7)
        self.is_sent("LINK of users 42 and 7 as friends, with a time", 22, smile_links.LINK,
                     link + counted(b"met in 1833") + optional(3, u64(1_700_000_000_000)))
        self.is_sent("LINK_CHECK: which of users 7 and 8 are friends of user 42?", 25,
                     smile_links.LINK_CHECK, u64(42) + u8(1) + smile.varint(2) + u64(7) + u64(8))
        self.is_sent("STATS", 14, smile.STATS, b"")

    def test_replies_are_read_as_the_document_explains(self):
        self.assertEqual(Reader(self.body("PING's reply")).bytes(), b"hello")
        self.assertEqual(self.body("PUT's reply"), u64(FIRST))
        record = Reader(self.body("GET's reply")).record()
        self.assertEqual(record["value"], b"Ada Lovelace")
        self.assertEqual(record["checksum"], smile.checksum(b"Ada Lovelace"))
        self.assertEqual(self.body("DELETE's reply"), u64(FIRST + 1))
        reader = Reader(self.body("SCAN's reply, with a continuation token"))
        self.assertEqual(reader.varint(), 1)
        sort, found = reader.entry()
        self.assertEqual((sort, found["outcome"]), (NEWER, "found"))
        self.assertEqual(found["value"], b"better")
        self.assertEqual(reader.bytes(), b"\x01" + NEWER)
        reader.end()
        reader = Reader(self.body("MGET's reply when the second is absent"))
        self.assertEqual([reader.varint(), reader.number(1)], [2, 0])
        self.assertEqual(reader.record(), record)
        self.assertEqual([reader.number(1), reader.record()["version"]], [1, 0])
        reader.end()
        self.assertEqual(self.body("LIST's reply"),
                         smile.varint(1) + counted(number_key(42)) + u8(0) + counted(b""))

    def test_errors_are_read_as_the_document_explains(self):
        failed = smile.SmileError(2, self.body("PUT's reply when the record exists"))
        self.assertEqual((failed.status, failed.error_class), ("condition_failed", "never"))
        self.assertEqual((failed.version, failed.index), (FIRST, None))
        title = "BATCH's reply when a condition fails because of an earlier item"
        failed = smile.SmileError(2, self.body(title))
        self.assertEqual((failed.version, failed.index, failed.met_index), (0, 1, 0))
        title = "The reply to that, before the connection closes"
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
