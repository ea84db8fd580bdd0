#!/usr/bin/python3
"""server_test.py SMILED: starts it in a fresh directory and tests it with the client written from
docs/PROTOCOL.md.  server_test.py HOST PORT: tests a running server."""

import re
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

import smile_client as smile
import smile_links
import smile_numbers
import smile_watches
from media_cases import MediaTest
from smile_client import IF_ABSENT, IF_VERSION, LINKS, LOGINS, POSTS, USERS, key, number_key

PROFILE = key(USERS, number_key(42), b"profile")


class ServerTest(unittest.TestCase):
    address = None

    def setUp(self):
        self.client = smile.Client(*self.address)
        self.addCleanup(self.client.close)

    def refused(self, status, call, *arguments, **named):
        with self.assertRaises(smile.SmileError) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.status, status)
        return caught.exception

    # --- Connection -----------------------------------------------------------------------------

    def test_hello_returns_version_and_limits(self):
        self.assertEqual((self.client.version, self.client.features), (1, 0))
        self.assertEqual(self.client.max_frame_bytes, 4 << 20)
        self.assertEqual(self.client.max_value_bytes, 1 << 20)
        self.assertEqual(self.client.max_in_flight, 1024)
        self.assertIn(b"smiled", self.client.server_name)

    def test_ping_answers_with_its_payload(self):
        self.assertEqual(self.client.ping(b"hello \x00\xff"), b"hello \x00\xff")
        self.refused("too_large", self.client.ping, bytes(1025))

    def test_replies_carry_the_ids_of_their_requests(self):
        ids = [self.client.send(smile.PING, smile.counted(str(i).encode())) for i in range(50)]
        replies = {}
        for _ in ids:
            reply_id, status, body = self.client.read_reply()
            self.assertEqual(status, 0)
            replies[reply_id] = smile.Reader(body).bytes()
        self.assertEqual(replies, {i: str(n).encode() for n, i in enumerate(ids)})

    def test_request_errors_keep_the_connection_open(self):
        self.refused("unsupported", self.client.call, 99, b"")
        self.refused("invalid", self.client.call, smile.GET, b"\x01\xff")
        self.refused("unsupported", self.client.call, smile.PING, b"\x00" + b"\x63\x00")
        self.assertEqual(smile.Reader(self.client.call(smile.PING, b"\x01a\x62\x00")).bytes(), b"a")

    def test_second_hello_is_invalid(self):
        body = smile.u32(smile.MAGIC) + b"\x01\x01" + smile.u64(0) + smile.u32(0)
        self.refused("invalid", self.client.call, smile.HELLO, body)
        self.client.ping()

    def answer_to(self, data):
        """The one reply to raw bytes, after which the server closes."""
        raw = socket.create_connection(self.address, timeout=60)
        self.addCleanup(raw.close)
        raw.sendall(data)
        reply = bytearray()
        while piece := raw.recv(65536):
            reply += piece
        header, body = smile.parse_frame(bytes(reply))
        self.assertEqual((header["id"], header["flags"]), (0, 1))
        return smile.SmileError(header["code"], body)

    def test_invalid_frames_are_answered_with_id_0_and_closed(self):
        hello = smile.u32(smile.MAGIC) + b"\x01\x01" + smile.u64(0) + smile.u32(0)
        damaged = bytearray(smile.frame(7, smile.HELLO, hello))
        damaged[-1] ^= 1
        old = smile.u32(smile.MAGIC) + b"\x02\x03" + smile.u64(0) + smile.u32(0)
        small = smile.u32(smile.MAGIC) + b"\x01\x01" + smile.u64(0) + smile.u32(100)
        for data, status in (
                (b"GET / HTTP/1.1\r\n\r\n", "too_large"),
                (bytes(16), "protocol_error"),
                (bytes(damaged), "protocol_error"),
                (smile.frame(7, smile.PING, b"\x00"), "protocol_error"),
                (smile.frame(7, smile.HELLO, hello, flags=1), "protocol_error"),
                (smile.frame(7, smile.HELLO, b"X" + hello[1:]), "protocol_error"),
                (smile.frame(7, smile.HELLO, old), "unsupported"),
                (smile.frame(7, smile.HELLO, small), "invalid"),
                (smile.frame(7, smile.HELLO, bytes(600)), "too_large")):
            error = self.answer_to(data)
            self.assertEqual(error.status, status, data)
            self.assertEqual(error.error_class, "never")
            self.assertTrue(error.message)

    def test_requests_before_a_half_close_are_answered(self):
        self.client.send(smile.PUT, PROFILE + smile.condition(smile.ALWAYS) +
                         smile.u64(smile.checksum(b"last")) + smile.counted(b"last"))
        self.client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(self.client.read_reply()[1], 0)
        with self.assertRaises(EOFError):
            self.client.read_reply()

    # --- Records --------------------------------------------------------------------------------

    def test_get_returns_what_was_put(self):
        for value in (b"", b"Ada", bytes(range(256)) * 100, b"x" * (1 << 20)):
            version = self.client.put(PROFILE, value)
            record = self.client.get(PROFILE)
            self.assertEqual(record["value"], value)
            self.assertEqual((record["version"], record["expires_ms"]), (version, 0))
        self.refused("too_large", self.client.put, PROFILE, b"x" * ((1 << 20) + 1))

    def test_absent_record_is_not_found(self):
        self.refused("not_found", self.client.get, key(USERS, number_key(9), b"nothing"))

    def test_checksum_mismatch_is_not_written(self):
        where = key(USERS, number_key(1), b"damaged")
        error = self.refused("damaged_in_transit", self.client.put, where, b"a", value_checksum=1)
        self.assertEqual(error.error_class, "retry_now")
        self.refused("not_found", self.client.get, where)

    def test_failed_condition_writes_nothing(self):
        where = key(USERS, number_key(1), b"claimed")
        first = self.client.put(where, b"42", IF_ABSENT)
        error = self.refused("condition_failed", self.client.put, where, b"43", IF_ABSENT)
        self.assertEqual(error.version, first)
        second = self.client.put(where, b"44", (IF_VERSION, first))
        self.assertGreater(second, first)
        self.refused("condition_failed", self.client.delete, where, (IF_VERSION, first))
        self.assertEqual(self.client.get(where)["value"], b"44")
        self.client.delete(where, (IF_VERSION, second))
        error = self.refused("condition_failed", self.client.put, where, b"45", (IF_VERSION, second))
        self.assertEqual(error.version, 0)
        self.assertGreater(self.client.put(where, b"46", IF_ABSENT), second)

    def test_an_addition_with_a_token_is_made_once(self):
        where = key(USERS, number_key(77), b"likes")
        token = bytes(range(16))
        value, version, repeated = smile_numbers.add(self.client, where, -5, token=token)
        self.assertEqual((value, repeated), (-5, False))
        self.assertEqual(smile_numbers.add(self.client, where, -5, token=token), (-5, version, True))
        self.assertEqual(smile_numbers.add(self.client, where, 2**63 - 1)[0], 2**63 - 6)
        self.assertEqual(smile_numbers.add(self.client, where, 2**63 - 1, saturate=True)[0], 2**63 - 1)
        self.assertEqual(self.client.get(where)["value"], b"9223372036854775807")
        self.refused("condition_failed", smile_numbers.add, self.client, where, 1)

    def test_delete_of_an_absent_record_succeeds(self):
        self.client.delete(key(USERS, number_key(9), b"nothing"))

    def test_expiry_is_returned_as_a_time(self):
        self.client.put(PROFILE, b"soon gone", expire_seconds=3600)
        self.assertGreater(self.client.get(PROFILE)["expires_ms"], 1_700_000_000_000)
        self.refused("invalid", self.client.put, PROFILE, b"", expire_seconds=0)
        self.client.put(PROFILE, b"stays")
        self.assertEqual(self.client.get(PROFILE)["expires_ms"], 0)

    def test_invalid_keys_are_rejected(self):
        for where in (key(USERS, b"42", b"profile"), key(USERS, number_key(42), b""),
                      key(LOGINS, b"ada"), key(LINKS, number_key(42), b"\x01"),
                      key(USERS, number_key(42), b"x" * 256)):
            self.refused("invalid", self.client.get, where)

    def test_batch_is_atomic(self):
        user = number_key(77)
        versions = self.client.batch(USERS, user, [("put", b"a", b"1", IF_ABSENT),
                                                   ("put", b"b", b"2", smile.ALWAYS),
                                                   ("delete", b"c", smile.ALWAYS)])
        self.assertEqual(versions, sorted(set(versions)))
        self.assertGreater(versions[0], 0)
        error = self.refused("condition_failed", self.client.batch, USERS, user,
                             [("put", b"b", b"3", smile.ALWAYS), ("put", b"a", b"4", IF_ABSENT)])
        self.assertEqual((error.index, error.version, error.met_index), (1, versions[0], None))
        self.assertEqual(self.client.get(key(USERS, user, b"b"))["value"], b"2")

    def test_condition_failed_by_its_own_batch_has_no_version(self):
        user = number_key(78)
        error = self.refused("condition_failed", self.client.batch, USERS, user,
                             [("put", b"z", b"1", smile.ALWAYS), ("put", b"z", b"2", IF_ABSENT)])
        self.assertEqual((error.index, error.version, error.met_index), (1, 0, 0))
        self.refused("not_found", self.client.get, key(USERS, user, b"z"))

    def test_versions_grow_with_every_write(self):
        versions = [self.client.put(PROFILE, b"1"), self.client.put(key(USERS, number_key(9), b"eve"), b"2"),
                    self.client.delete(PROFILE), self.client.delete(PROFILE)]
        self.assertEqual(versions, sorted(set(versions)))

    # --- Many -----------------------------------------------------------------------------------

    def test_mget_answers_in_the_order_of_its_keys(self):
        self.client.put(PROFILE, b"here")
        results = self.client.mget([key(USERS, number_key(9), b"nothing"), PROFILE])
        self.assertEqual([outcome for outcome, _ in results], ["not_found", "found"])
        self.assertEqual(results[1][1]["value"], b"here")
        self.refused("invalid", self.client.mget, [])

    def test_scan_in_pages_within_bounds(self):
        user = number_key(1000)
        sorts = [kind + name for kind in (b"a", b"b") for name in (b"", b"x", b"\xff")]
        for sort in reversed(sorts):
            self.client.put(key(USERS, user, sort), b"since " + sort)
        found = self.client.scan(USERS, user, limit=2)
        self.assertEqual([sort for sort, _ in found], sorts)
        self.assertEqual([record["value"] for _, record in found], [b"since " + s for s in sorts])
        first = self.client.scan(USERS, user, limit=2, start=b"a", stop=b"b")
        self.assertEqual([sort for sort, _ in first], sorts[:3])
        middle = self.client.scan(USERS, user, limit=1, start=sorts[1], stop=sorts[4])
        self.assertEqual([sort for sort, _ in middle], sorts[1:4])
        names = self.client.scan(USERS, user, limit=9, keys_only=True)
        self.assertEqual([record["value"] for _, record in names], [b""] * 6)
        self.assertEqual(names[0][1]["checksum"], smile.checksum(b"since " + sorts[0]))
        self.assertEqual(self.client.scan(USERS, number_key(1001), limit=9), [])
        self.refused("invalid", self.client.scan, USERS, user, limit=0)

    def test_scan_of_posts_is_newest_first(self):
        author = number_key(5)
        for post in (10, 300, 20):
            self.client.put(key(POSTS, author, number_key(post)), b"post")
        found = self.client.scan(POSTS, author, limit=2)
        self.assertEqual([struct.unpack(">Q", sort)[0] for sort, _ in found], [300, 20, 10])
        found = self.client.scan(POSTS, author, limit=2, start=number_key(20), stop=number_key(10))
        self.assertEqual([struct.unpack(">Q", sort)[0] for sort, _ in found], [20])

    def test_scan_page_is_limited_in_bytes(self):
        user = number_key(2000)
        for i in range(5):
            self.client.put(key(USERS, user, b"%d" % i), b"x" * 600_000)
        entries, continuation = self.client.scan_page(USERS, user, 100)
        self.assertLess(len(entries), 5)
        self.assertTrue(continuation)
        self.assertEqual(len(self.client.scan(USERS, user, limit=100)), 5)

    def test_small_max_frame_bytes_give_more_pages(self):
        short = smile.Client(*self.address, max_frame_bytes=32_768)
        self.addCleanup(short.close)
        self.assertEqual(short.max_frame_bytes, 32_768)
        user = number_key(2001)
        names = [b"%03d" % i for i in range(80)]
        for name in names:
            short.put(key(USERS, user, name), b"x" * 1000)
        entries, continuation = short.scan_page(USERS, user, 100)
        self.assertTrue(20 < len(entries) < 40 and continuation)
        self.assertEqual([sort for sort, _ in short.scan(USERS, user, limit=100)], names)
        keys = [key(USERS, user, name) for name in names]
        found = []
        while keys:
            results = short.mget(keys)
            found += [record for outcome, record in results if outcome == "found"]
            keys = [k for k, (outcome, _) in zip(keys, results) if outcome == "retry"]
        self.assertEqual(len(found), 80)
        large = key(USERS, user, b"large")
        short.put(large, b"x" * 40_000)
        self.assertEqual([o for o, _ in short.mget([large, large])], ["too_large"] * 2)
        self.refused("too_large", short.get, large)
        short.put(key(USERS, user, b"last"), b"x")
        found = short.scan(USERS, user, limit=1, start=b"079")
        self.assertEqual([(sort, record["outcome"], len(record["value"])) for sort, record in found],
                         [(b"079", "found", 1000), (b"large", "too_large", 0), (b"last", "found", 1)])
        self.assertEqual(short.ping(b"alive"), b"alive")

    def test_small_max_frame_bytes_give_part_of_a_link_check(self):
        short = smile.Client(*self.address, max_frame_bytes=32_768)
        self.addCleanup(short.close)
        others = list(range(3101, 3151))
        for other in others[:40]:
            smile_links.link(short, 3100, 1, other, b"x" * 1024, time_ms=7)
        checked = smile_links.link_check(short, 3100, 1, others)
        self.assertEqual([entry[1] for entry in checked], others[:40])
        again = [entry[1] for entry in checked if entry[0] == "retry"]
        self.assertTrue(5 < len(again) < 20)
        self.assertEqual({entry for entry in checked if entry[0] == "retry"},
                         {("retry", other, 0, 0, b"") for other in again})
        self.assertEqual(smile_links.link_check(short, 3100, 1, again),
                         [("found", other, 7, 1, b"x" * 1024) for other in again])

    def test_an_empty_upper_bound_is_invalid(self):
        self.refused("invalid", self.client.scan, USERS, number_key(1), limit=1, stop=b"")
        self.client.scan(USERS, number_key(1), limit=1, start=b"")

    def test_links_have_both_sides_and_no_records(self):
        self.assertEqual(smile_links.link(self.client, 3000, 5, 3001, b"own", time_ms=7), (True, 7))
        self.assertEqual(smile_links.link_count(self.client, 3001, 133), 1)
        self.assertEqual(smile_links.link_list(self.client, 3001, 133), [("found", 3000, 7, 5, b"own")])
        self.assertEqual(self.client.list(LINKS, limit=3).count(number_key(3001)), 1)
        where = key(LINKS, number_key(3000), b"\x05\x02" + number_key(3001) + number_key(0))
        self.refused("invalid", self.client.get, where)
        self.refused("invalid", self.client.put, where, b"x")
        self.refused("invalid", smile_links.link, self.client, 3000, 5, 3000, b"")
        self.assertTrue(smile_links.unlink(self.client, 3001, 133, 3000))
        self.assertFalse(smile_links.unlink(self.client, 3000, 5, 3001))

    def test_list_returns_every_partition_once(self):
        for i in range(7):
            self.client.put(key(USERS, number_key(7000 + i), b"walker"), b"")
        walkers = [number_key(7000 + i) for i in range(7)]
        found = [p for p in self.client.list(USERS, limit=3) if p in walkers]
        self.assertEqual(sorted(found), walkers)

    def test_a_watch_is_told_of_each_change_until_it_is_cancelled(self):
        user = smile.number_key(4711)
        theme = smile.key(smile.USERS, user, b"theme")
        writer = smile.Client(*self.address)
        self.addCleanup(writer.close)
        watch = smile_watches.watch(self.client, [(smile.USERS, user)], values=True)
        request, started, more = smile_watches.message(self.client)
        self.assertEqual((request, started["event"], more), (watch, "started", True))
        version = writer.put(theme, b"dark")
        request, told, more = smile_watches.message(self.client)
        self.assertEqual((request, told["event"], told["version"], more), (watch, "put", version, True))
        self.assertEqual((told["key"], told["value"]), ((smile.USERS, user, b"theme"), b"dark"))
        self.assertEqual(told["checksum"], smile.checksum(b"dark"))
        deleted = writer.delete(theme)
        self.assertEqual(smile_watches.message(self.client)[1]["version"], deleted)
        cancel = smile_watches.cancel(self.client, watch)
        request, ended, more = smile_watches.message(self.client)
        self.assertEqual((request, ended["event"], ended["version"], more),
                         (watch, "ended", deleted, False))
        self.assertEqual(self.client.read_reply(), (cancel, 0, b"\1"))
        # What happened is told to a watch that begins after an earlier version.
        smile_watches.watch(self.client, [(smile.USERS, user)], after=version)
        smile_watches.message(self.client)
        self.assertEqual(smile_watches.message(self.client)[1]["version"], deleted)

    def test_stats_are_names_with_numbers(self):
        self.assertGreater(len(self.client.stats()), 5)


def main():
    if len(sys.argv) > 2:
        ServerTest.address = MediaTest.address = (sys.argv.pop(1), int(sys.argv.pop(1)))
        unittest.main()
    smiled = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as data:
        with subprocess.Popen([smiled, "--listen", "127.0.0.1:0", "--data", data],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                line = server.stdout.readline()
                found = re.search(r"listens on (\S+):(\d+)", line)
                if found is None:
                    sys.exit(f"smiled said: {line!r}")
                ServerTest.address = MediaTest.address = (found[1], int(found[2]))
                passed = unittest.main(exit=False).result.wasSuccessful()
            finally:
                server.terminate()
            stopped = server.wait(60)
    sys.exit(0 if passed and stopped == 0 else 1)


if __name__ == "__main__":
    main()
