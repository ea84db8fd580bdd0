"""smiled stops in order while clients keep it busy with scans of deleted records.

Usage: hostile_walks_test.py SMILECAT SMILED [TEST...]
"""

import signal
import threading

from process_case import TIMEOUT_SECONDS, ProcessTest, main, smile

CONNECTIONS = 4
IN_FLIGHT = 32
DELETED = 50_000
BATCH = 1000


class HostileWalksTest(ProcessTest):
    def delete_many(self, client):
        """Fills one partition with deleted records."""
        partition = smile.number_key(1)
        for first in range(0, DELETED, BATCH):
            names = [b"%08d" % number for number in range(first, first + BATCH)]
            client.batch(smile.USERS, partition,
                         [("put", name, b"", smile.ALWAYS) for name in names])
            client.batch(smile.USERS, partition,
                         [("delete", name, smile.ALWAYS) for name in names])

    def walk_for_ever(self, client, has_walked, ended):
        """Keeps scans in flight until the server is shutting down or closes the connection."""
        body = smile.u8(smile.USERS) + smile.counted(smile.number_key(1))
        body += smile.u32(100) + smile.u32(0) + smile.u8(0)
        try:
            for _ in range(IN_FLIGHT):
                client.send(smile.SCAN, body)
            while True:
                _, status, _ = client.read_reply()
                if smile.STATUS[status] == "ok":
                    has_walked.set()
                client.send(smile.SCAN, body)
        except (EOFError, OSError):
            ended.append(client)

    def test_stop_ends_during_walks(self):
        process, port = self.serving("--drain-seconds", "1", "--readers", "2")
        self.delete_many(self.client(port))
        ended, threads, walked = [], [], []
        for _ in range(CONNECTIONS):
            walked.append(threading.Event())
            threads.append(threading.Thread(target=self.walk_for_ever,
                                            args=(self.client(port), walked[-1], ended)))
            threads[-1].start()
        for has_walked in walked:
            self.assertTrue(has_walked.wait(TIMEOUT_SECONDS))
        process.send_signal(signal.SIGTERM)
        # It has to end, not to be fast: TIMEOUT_SECONDS is many times --drain-seconds.
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0, self.log())
        for thread in threads:
            thread.join()
        self.assertEqual(len(ended), CONNECTIONS)
        # Acknowledged writes are there.
        process, port = self.serving()
        client = self.client(port)
        self.assertEqual(client.scan(smile.USERS, smile.number_key(1), 100), [])
        self.stop(process)


if __name__ == "__main__":
    main()
