"""Tests of the operations on media, with the client written from docs/PROTOCOL.md."""

import hashlib
import random
import unittest

import smile_client as smile

CHUNK = 64 << 10


def pieces_of(content, chunk=CHUNK):
    return [(at, content[at:at + chunk]) for at in range(0, len(content), chunk)]


class MediaTest(unittest.TestCase):
    address = None
    owners = iter(range(5000, 6000))

    def setUp(self):
        self.client = smile.Client(*self.address)
        self.addCleanup(self.client.close)
        self.owner = next(self.owners)
        self.content = random.Random(self.owner).randbytes(5 * CHUNK + 17)

    def refused(self, status, call, *arguments, **named):
        with self.assertRaises(smile.SmileError) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.status, status)
        return caught.exception

    def test_upload_is_resumed_on_another_connection(self):
        digest = hashlib.sha256(self.content).digest()
        fields = (b"video/mp4", b"film.mp4", b"\0\xff")
        first = smile.Client(*self.address)
        upload, media, expires_ms = first.media_begin(
            self.owner, chunk_bytes=CHUNK, fields=fields, size=len(self.content), sha256=digest)
        self.assertEqual(len(upload), 16)
        self.assertTrue(media > 0 and expires_ms > 1_700_000_000_000)
        pieces = pieces_of(self.content)
        first.media_append_all(upload, [pieces[4], pieces[0], pieces[1]])
        first.close()
        progress = self.client.media_progress(self.owner, upload)
        self.assertEqual(progress["contiguous"], 2 * CHUNK)
        self.assertEqual(progress["received"], 3 * CHUNK)
        self.assertEqual(progress["missing"], [(2 * CHUNK, 2 * CHUNK), (5 * CHUNK, 17)])
        self.assertEqual((progress["chunk_bytes"], progress["size"]), (CHUNK, len(self.content)))
        self.refused("condition_failed", self.client.media_commit, self.owner, upload)
        self.client.media_append_all(upload, reversed(pieces))
        self.refused("not_found", self.client.media_stat, self.owner, media)
        info = self.client.media_commit(self.owner, upload)
        self.assertEqual((info["media"], info["size"], info["sha256"]),
                         (media, len(self.content), digest))
        self.assertEqual((info["content_type"], info["name"], info["custom"]), fields)
        self.assertEqual(self.client.media_commit(self.owner, upload), info)
        self.assertEqual(self.client.media_stat(self.owner, media), info)
        self.assertEqual(self.client.media_content(self.owner, media), self.content)
        self.refused("condition_failed", self.client.media_cancel, self.owner, upload)

    def test_upload_of_unknown_size_ends_with_a_short_piece(self):
        upload, media, _ = self.client.media_begin(self.owner, chunk_bytes=CHUNK)
        pieces = pieces_of(self.content)
        self.client.media_append_all(upload, pieces[:2])
        self.assertIsNone(self.client.media_progress(self.owner, upload)["size"])
        self.client.media_append_all(upload, pieces[2:])
        self.assertEqual(self.client.media_progress(self.owner, upload)["size"], len(self.content))
        self.assertEqual(self.client.media_commit(self.owner, upload)["size"], len(self.content))
        self.assertEqual(self.client.media_content(self.owner, media, 10_000), self.content)

    def test_pieces_have_the_answers_of_the_page(self):
        upload, _, _ = self.client.media_begin(self.owner, chunk_bytes=CHUNK, size=CHUNK + 3)
        append = self.client.media_append
        whole = b"a" * CHUNK
        append(upload, 0, whole)
        append(upload, 0, whole)
        self.refused("condition_failed", append, upload, 0, b"b" * CHUNK)
        self.refused("invalid", append, upload, 1, b"a")
        self.refused("invalid", append, upload, CHUNK, b"")
        self.refused("invalid", append, upload, CHUNK, b"four")
        self.refused("invalid", append, upload, CHUNK, b"x")
        self.refused("invalid", append, upload, 2 * CHUNK, b"x")
        self.refused("too_large", append, upload, 1 << 63, whole)
        self.refused("too_large", append, upload, 2**64 - CHUNK, whole)
        self.refused("too_large", append, upload, CHUNK, b"x" * ((1 << 20) + 1))
        error = self.refused("damaged_in_transit", append, upload, CHUNK, b"end", 1)
        self.assertEqual(error.error_class, "retry_now")
        self.refused("not_found", append, b"u" * 16, 0, whole)
        self.refused("invalid", append, b"u" * 15, 0, whole)
        self.client.media_cancel(self.owner, upload)
        self.client.media_cancel(self.owner, upload)
        self.refused("not_found", append, upload, CHUNK, b"end")
        self.refused("not_found", self.client.media_progress, self.owner, upload)
        self.refused("not_found", self.client.media_commit, self.owner, upload)

    def test_uploads_belong_to_their_owner(self):
        upload, media, _ = self.client.media_begin(self.owner)
        self.client.media_append(upload, 0, b"photo")
        self.refused("not_found", self.client.media_progress, self.owner + 1, upload)
        self.refused("not_found", self.client.media_commit, self.owner + 1, upload)
        self.client.media_cancel(self.owner + 1, upload)
        self.client.media_commit(self.owner, upload)
        self.refused("not_found", self.client.media_stat, self.owner + 1, media)
        self.refused("not_found", self.client.media_read, self.owner + 1, media)

    def test_declared_digest_is_verified(self):
        upload, _, _ = self.client.media_begin(self.owner, sha256=hashlib.sha256(b"dog").digest())
        self.client.media_append(upload, 0, b"cat")
        error = self.refused("condition_failed", self.client.media_commit, self.owner, upload)
        self.assertIn(hashlib.sha256(b"cat").hexdigest(), error.message)
        self.refused("condition_failed", self.client.media_put, self.owner, b"cat",
                     sha256=hashlib.sha256(b"dog").digest())

    def test_ranges_of_the_content(self):
        info = self.client.media_put(self.owner, self.content)
        for at, size in ((0, 1), (CHUNK - 1, 2), (3, 200_000), (len(self.content) - 5, 100)):
            piece, whole = self.client.media_read(self.owner, info["media"], at, size)
            self.assertEqual(piece, self.content[at:at + size])
            self.assertEqual(whole, len(self.content))
        # What is in the server's memory is sent without being read.
        self.assertEqual(self.client.media_read(self.owner, info["media"]),
                         (self.content, len(self.content)))
        self.assertEqual(self.client.last_flags, 5)
        read = self.client.media_read
        self.assertEqual(read(self.owner, info["media"], len(self.content))[0], b"")
        self.refused("invalid", read, self.owner, info["media"], len(self.content) + 1)
        self.refused("invalid", read, self.owner, info["media"], 2**64 - 1)
        self.refused("invalid", read, self.owner, info["media"], 0, 0)
        self.refused("invalid", read, self.owner, info["media"], 0, (1 << 20) + 1)

    def test_put_is_found_listed_changed_and_deleted(self):
        client = self.client
        for media in range(1, 6):
            client.media_put(self.owner, b"photo", media, (b"image/png", b"%d.png" % media, b""))
        entries, continuation = client.media_list_page(self.owner, 2)
        self.assertEqual([info["media"] for _, info in entries], [5, 4])
        self.assertNotEqual(continuation, b"")
        entries = client.media_list(self.owner, 2)
        self.assertEqual([info["name"] for _, info in entries],
                         [b"%d.png" % media for media in range(5, 0, -1)])
        self.assertEqual({outcome for outcome, _ in entries}, {"found"})
        client.media_set(self.owner, 3, (b"image/jpeg", b"new", b"custom"))
        self.assertEqual(client.media_stat(self.owner, 3)["name"], b"new")
        client.media_delete(self.owner, 3)
        self.refused("not_found", client.media_delete, self.owner, 3)
        self.refused("not_found", client.media_set, self.owner, 3, (b"", b"", b""))
        self.assertEqual(len(client.media_list(self.owner)), 4)
        self.assertEqual(client.media_read(self.owner, 4), (b"photo", 5))
        self.refused("invalid", client.media_list_page, self.owner, 0)
        self.refused("invalid", client.media_list_page, self.owner, 1, b"x")

    def test_fields_and_sizes_over_their_limits_are_rejected(self):
        long = (b"t" * 4000, b"n" * 90, b"custom")
        self.client.media_begin(self.owner, fields=long)
        self.refused("too_large", self.client.media_begin, self.owner, fields=(b"", b"", b"x" * 4097))
        self.refused("too_large", self.client.media_begin, self.owner, size=2**64 - 1)
        self.refused("invalid", self.client.media_begin, self.owner, chunk_bytes=CHUNK - 1)
        self.refused("invalid", self.client.media_begin, self.owner, chunk_bytes=(1 << 20) + 1)
        self.refused("too_large", self.client.media_put, self.owner, b"x" * ((1 << 20) + 1))
        self.refused("damaged_in_transit", self.client.media_put, self.owner, b"x", content_checksum=1)
        self.assertEqual(self.client.media_list(self.owner), [])

    def test_content_of_zero_bytes(self):
        upload, media, _ = self.client.media_begin(self.owner, size=0)
        self.client.media_commit(self.owner, upload)
        self.assertEqual(self.client.media_read(self.owner, media), (b"", 0))
        self.assertEqual(self.client.media_put(self.owner, b"")["size"], 0)
