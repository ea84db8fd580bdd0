"""smiled as a process: its descriptors, signals, permissions, port and log.

Usage: process_test.py SMILECAT SMILED [TEST...]
"""

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from process_case import SMILECAT, SMILED, TIMEOUT_SECONDS, ProcessTest, free_port, main, smile


@contextlib.contextmanager
def full_pipe():
    """The write end of a full pipe without a reader."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    os.set_blocking(writer, True)
    try:
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


class StreamTest(ProcessTest):
    def test_closed_standard_streams_do_not_corrupt_files(self):
        port = free_port()
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", SMILED, "--listen",
             "127.0.0.1:%d" % port, "--data", self.path("data"), "--log-level", "debug"])
        self.addCleanup(self.end, process)
        self.wait_until_it_serves(port)
        with open(self.path("data/LOCK")) as lock:
            self.assertEqual(lock.read(), "process %d\n" % process.pid)
        for stream in range(3):
            self.assertEqual(os.readlink("/proc/%d/fd/%d" % (process.pid, stream)), "/dev/null")
        self.stop(process)

    def test_tools_work_with_closed_standard_streams(self):
        process, port = self.serving()
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", SMILECAT, "-s",
             "127.0.0.1:%d" % port, "put", "users/1/profile", "x"], timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0)
        profile = smile.key(smile.USERS, smile.number_key(1), b"profile")
        self.assertEqual(self.client(port).get(profile)["value"], b"x")
        self.stop(process)

    def test_unread_log_and_stdout_do_not_block(self):
        for stream in ["stderr", "stdout"]:
            port = free_port()
            with full_pipe() as pipe:
                other = {"stdout": subprocess.DEVNULL} if stream == "stderr" else {}
                process = self.start("--log-level", "debug", port=port, **{stream: pipe}, **other)
                self.wait_until_it_serves(port)
                self.stop(process)

    def test_failing_start_ends_with_an_unread_log(self):
        with full_pipe() as pipe:
            process = self.start("--workers", "no", stderr=pipe, stdout=subprocess.DEVNULL)
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 2)

    def test_log_errors_do_not_stop_the_server(self):
        with open("/dev/full", "wb") as full:
            process, _ = self.serving("--log-level", "debug", stderr=full)
            self.stop(process)
        reader, writer = os.pipe()
        os.close(reader)
        process, _ = self.serving("--log-level", "debug", stderr=writer)
        os.close(writer)
        self.stop(process)


class SignalTest(ProcessTest):
    def slow_client(self, port):
        """A client that requested 100 MiB and received one."""
        writer = self.client(port)
        profile = smile.key(smile.USERS, smile.number_key(1), b"profile")
        writer.put(profile, b"v" * (1 << 20))
        client = self.client(port)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        for _ in range(100):
            client.send(smile.GET, profile)
        client.read_reply()
        return client

    def test_signal_pair_is_one_request(self):
        process, port = self.serving("--drain-seconds", "600")
        client = self.slow_client(port)
        # Two numbers, as a signal that is pending is not sent again; without a pause between them.
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        self.wait_for_log("too soon after the first signal to count as a second")
        while client.socket.recv(1 << 20):
            pass  # to its end, and not to a reset
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assertNotIn("dropped", self.log())

    def test_later_signal_ends_the_drain(self):
        process, port = self.serving("--drain-seconds", "3600")
        self.slow_client(port)
        process.send_signal(signal.SIGTERM)
        self.wait_for_log("draining: ")
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        self.assertEqual(process.returncode, 0)
        self.assertIn("in flight: second signal to stop", self.log())
        self.assertRegex(self.log(), "draining: [12] connections")

    def test_signal_during_the_start_ends_it(self):
        for _ in range(20):
            process = self.start()
            process.send_signal(signal.SIGTERM)
            self.assertIn(process.wait(TIMEOUT_SECONDS), [0, -signal.SIGTERM])
            process.stdout.close()
        process, _ = self.serving()
        self.stop(process)

    def test_other_signals_are_logged_and_ignored(self):
        process, port = self.serving()
        client = self.client(port)
        for number in [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM]:
            process.send_signal(number)
            self.wait_for_log("ignoring %s from process %d" % (number.name, os.getpid()))
        client.ping()
        client.close()
        self.stop(process)


class FullTest(ProcessTest):
    def test_full_server_advice_is_to_retry(self):
        process, port = self.serving("--max-connections", "1", "--workers", "1")
        self.client(port).ping()
        done = subprocess.run([SMILECAT, "-s", "127.0.0.1:%d" % port, "ping"],
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 6, done)
        self.assertIn(b"smilecat: overloaded: ", done.stderr)
        self.assertIn(b"retry after", done.stderr)
        self.assertNotIn(b"smiled runs there", done.stderr)
        self.stop(process)


class FileTest(ProcessTest):
    def test_data_directory_is_private(self):
        os.mkdir(self.path("loose"), 0o755)
        for data in ["data", "loose"]:
            process, port = self.serving(data=data)
            self.client(port).put(smile.key(smile.USERS, smile.number_key(1), b"profile"), b"x")
            self.stop(process)
            for directory, _, files in os.walk(self.path(data)):
                self.assertEqual(os.stat(directory).st_mode & 0o7777, 0o700, directory)
                for name in files:
                    mode = os.stat(os.path.join(directory, name)).st_mode & 0o7777
                    self.assertEqual(mode, 0o600, name)
        self.assertIn("were 0755", self.log())

    def test_wider_permissions_are_removed_at_the_start(self):
        process, port = self.serving()
        self.client(port).put(smile.key(smile.USERS, smile.number_key(1), b"profile"), b"x")
        self.stop(process)
        outside = self.path("outside")
        os.mkdir(outside, 0o755)
        os.makedirs(self.path("data/content/ab"), exist_ok=True)
        with open(self.path("data/content/ab/cdef"), "wb") as content:
            content.write(b"x")
        os.symlink(outside, self.path("data/content/link"))
        for directory, _, files in os.walk(self.path("data")):
            os.chmod(directory, 0o755)
            for name in files:
                os.chmod(os.path.join(directory, name), 0o644)
        process, _ = self.serving()
        for directory, _, files in os.walk(self.path("data")):
            self.assertEqual(os.stat(directory).st_mode & 0o7777, 0o700, directory)
            for name in files:
                mode = os.stat(os.path.join(directory, name)).st_mode & 0o7777
                self.assertEqual(mode, 0o600, name)
        self.assertEqual(os.stat(outside).st_mode & 0o7777, 0o755)
        self.assertRegex(self.log(), r"removed the access of other users to [0-9]+ files and "
                                     r"directories below \S*data, such as \S+\n")
        self.stop(process)

    # Else it grows while connections are accepted, and the kernel lets the event loop wait for that.
    def test_descriptor_table_has_its_size_from_the_start(self):
        connections = 700
        process, _ = self.serving("--max-connections", str(connections))
        with open("/proc/%d/status" % process.pid, encoding="ascii") as status:
            size = re.search(r"FDSize:\s+(\d+)", status.read())[1]
        self.assertGreaterEqual(int(size), connections)

    def test_connections_need_memory(self):
        self.refused(2, "give --connection-memory-mib 1954 or more, or at most 32768 connections",
                     "--max-connections", "1000000", "--connection-memory-mib", "64")

    def test_configuration_must_be_a_file(self):
        os.mkfifo(self.path("fifo"))
        with open(self.path("large"), "wb") as large:
            large.truncate(2 << 20)
        for name, words in [(self.directory, "not a regular file"),
                            (self.path("fifo"), "not a regular file"),
                            ("/dev/zero", "not a regular file"),
                            (self.path("large"), "larger than"),
                            (self.path("missing"), "No such file")]:
            self.refused(2, words, "--config", name)
        self.assertFalse(os.path.exists(self.path("data")))

    def test_invalid_address_is_invalid_usage(self):
        self.refused(2, '"7645" is not an IP address; write the address as 127.0.0.1:7645',
                     "--listen", "7645")
        self.assertFalse(os.path.exists(self.path("data")))

    def test_listening_on_all_addresses_is_warned_of(self):
        warning = "warning listening on all addresses (0.0.0.0:"
        process, _ = self.serving()
        self.stop(process)
        self.assertNotIn(warning, self.log())
        with open(self.log_path, "ab") as log:
            process = subprocess.Popen([SMILED, "--listen", "0.0.0.0:0", "--data", self.path("data")],
                                       stdout=subprocess.PIPE, stderr=log)
        self.addCleanup(self.end, process)
        self.wait_for_log(warning)
        self.wait_for_log("serving on")
        self.stop(process)

    def test_check_works_on_a_read_only_file_system(self):
        process, port = self.serving()
        self.client(port).put(smile.key(smile.USERS, smile.number_key(1), b"profile"), b"x")
        self.stop(process)

        def read_only(*command):
            data = self.path("data")
            script = ('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 77; "$@"; '
                      'status=$?; umount "$0"; exit $status')
            return subprocess.run(["unshare", "--mount", "sh", "-c", script, data, *command],
                                  capture_output=True, timeout=TIMEOUT_SECONDS)

        done = read_only(SMILED, "check", self.path("data"))
        if done.returncode == 77 or b"unshare" in done.stderr:
            self.skipTest("needs the right to mount: %r" % done.stderr)
        self.assertEqual((done.returncode, done.stdout.decode()),
                         (0, "checked 1 records, 1 table files: nothing is damaged\n"), done)
        done = read_only(SMILED, "--listen", "127.0.0.1:0", "--data", self.path("data"))
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(b"LOCK cannot be written: Read-only file system", done.stderr)

    def test_second_server_on_a_directory_names_the_first(self):
        process, _ = self.serving()
        self.refused(1, "is in use by another smiled (process %d)" % process.pid,
                     "--listen", "127.0.0.1:0")
        self.stop(process)


class PortTest(ProcessTest):
    def test_port_in_use_is_detected_before_the_data_is_touched(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            self.refused(1, "127.0.0.1:%d: in use" % port, "--listen", "127.0.0.1:%d" % port)
        self.assertFalse(os.path.exists(self.path("data")))

    def test_one_of_two_concurrent_starts_gets_the_port(self):
        for turn in range(5):
            port = free_port()
            ready = []

            def run(data):
                process = self.start("--workers", "4", port=port, data=data)
                ready.append((process, process.stdout.readline()))

            names = ["%d_%d" % (turn, i) for i in range(3)]
            threads = [threading.Thread(target=run, args=(name,)) for name in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            serving = [process for process, line in ready if line]
            self.assertEqual(len(serving), 1, self.log())
            self.assertEqual(sum(os.path.exists(self.path(name)) for name in names), 1)
            self.stop(serving[0])


class LogTest(ProcessTest):
    def test_log_has_version_options_and_clients(self):
        process, port = self.serving("--log-level", "debug", "--workers", "1")
        client = smile.Client("127.0.0.1", port, name=b"who \n I am")
        where = "127.0.0.1:%d" % client.socket.getsockname()[1]
        client.close()
        self.wait_for_log("disconnected")
        self.stop(process)
        log = self.log()
        for line in log.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning) ")
        self.assertRegex(log, r"info smiled [0-9.]+ starting, process %d; non-default options: "
                              r".*workers = 1" % process.pid)
        for words in ["connected", r'is "who \x0a I am"',
                      r'"who \x0a I am" disconnected: closed by the client']:
            self.assertIn("debug client %s %s" % (where, words), log)

    def test_log_has_the_replay(self):
        process, port = self.serving()
        self.wait_for_log("nothing to replay")
        client = self.client(port)
        for number in range(7):
            client.put(smile.key(smile.USERS, smile.number_key(number), b"profile"), b"x" * 1000)
        process.kill()
        process.wait()
        process, _ = self.serving()
        self.wait_for_log("replayed 7 writes")
        self.assertRegex(self.log(), r"info opened the database in [0-9.]+ s: replayed 7 writes "
                                     r"\([0-9]{4} bytes in 1 write-ahead logs\)")
        self.stop(process)

    def test_log_level_is_obeyed(self):
        process, port = self.serving("--log-level", "error")
        self.client(port).ping()
        self.stop(process)
        self.assertEqual(self.log(), "")

    def test_rejected_connections_are_rate_limited_in_the_log(self):
        process, port = self.serving("--max-connections", "1", "--workers", "1")
        self.client(port).ping()
        for _ in range(30):
            with socket.create_connection(("127.0.0.1", port)) as refused:
                while refused.recv(4096):
                    pass
        self.stop(process)
        self.assertEqual(self.log().count("rejected: connection limit reached (--max-connections)"), 5)


if __name__ == "__main__":
    main()
