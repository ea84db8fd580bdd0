"""Real photographs, a film and a folder of thousands of files through smilecat media and smiled.

Puts them, reads them back and compares every byte; kills the server in the middle of the film and of
the folder, starts it again and lets the same put go on; starts it once more and compares again; then
deletes everything and checks that nothing is left.

Usage: media_real_test.py SMILECAT SMILED
Needs the Debian packages mate-backgrounds, ffmpeg and libstdc++-12-doc; without them the test is
skipped.
"""

import filecmp
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "client", "smilecat")
)
from smile_process import Cat, Directory, Server  # noqa: E402

SKIPPED = 77  # as cmake/SmileBuild.cmake says
PICTURES = "/usr/share/backgrounds/mate"
PAGES = "/usr/share/doc/libstdc++-12-doc"
FILM_SECONDS = 5
OWNER = 42


def check(truth, words):
    if not truth:
        raise AssertionError(words)


def files_in(folder):
    """Regular files, not links: as `media put` takes them."""
    found = []
    for place, _, names in os.walk(folder):
        paths = (os.path.join(place, name) for name in names)
        found += [path for path in paths if os.path.isfile(path) and not os.path.islink(path)]
    return sorted(found)


def copy_pages(folder):
    """Each third of the pages, with its folders: thousands, and a third of the time."""
    for path in files_in(PAGES)[::3]:
        copy = os.path.join(folder, os.path.relpath(path, PAGES))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(path, copy)


def make_film(path):
    """A picture with the noise of a camera, about 20 MB a second."""
    picture = [path for path in files_in(PICTURES) if path.endswith(".jpg")][0]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-loop", "1", "-framerate", "12", "-i", picture,
         "-t", str(FILM_SECONDS), "-vf", "scale=1920:1080,noise=alls=60:allf=t,format=yuvj420p",
         "-c:v", "mjpeg", "-q:v", "2", "-f", "matroska", path],
        check=True,
    )


class Round:
    def __init__(self, cat, server, directory):
        self.cat = cat
        self.server = server
        self.directory = directory

    def media(self, *arguments):
        done = self.cat.run("media", *arguments)
        check(done.returncode == 0, (arguments, done.returncode, done.stderr))
        return done.stdout.decode()

    def put(self, *arguments):
        """The stored records, by name."""
        lines = self.media("put", *arguments, "--owner", str(OWNER), "--json").splitlines()
        return [json.loads(line) for line in lines]

    def restart(self):
        self.server.process.kill()
        self.server.process.wait()
        self.server.process.stdout.close()
        self.server.start_at(self.server.address)

    def put_with_kills(self, path, waits):
        """A put during which the server is killed after each of the waits."""
        process = subprocess.Popen(
            self.cat.command("media", "put", path, "--owner", str(OWNER)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        kills = 0
        for seconds in waits:
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                self.restart()
                kills += 1
        output, complaints = process.communicate(timeout=300)
        check(process.returncode == 0, (process.returncode, complaints))
        return len(output.splitlines()), kills

    def compare(self, expected):
        """Every record of the owner with the file of its name; each file at least once."""
        names = set()
        for line in self.media("list", str(OWNER), "--json").splitlines():
            record = json.loads(line)
            names.add(record["name"])
            check(record["name"] in expected, record)
        check(names == set(expected), sorted(set(expected) - names)[:5])
        back = os.path.join(self.directory, "back")
        shutil.rmtree(back, ignore_errors=True)
        os.mkdir(back)
        ids = ["%d/%d" % (OWNER, json.loads(line)["media"])
               for line in self.media("list", str(OWNER), "--json").splitlines()]
        for first in range(0, len(ids), 500):
            self.media("get", *ids[first:first + 500], "-o", back + "/")
        for name, path in expected.items():
            check(filecmp.cmp(path, os.path.join(back, name), shallow=False), name)

    def delete_all(self):
        self.media("delete", "--all", str(OWNER), "--yes")
        checked = self.cat.run("media", "check", "--bytes", "--fast")
        check(checked.returncode == 0, checked)
        check(b"0 media records, 0 references, 0 contents, 0 files" in checked.stderr, checked)


def run(cat, server, directory):
    film = os.path.join(directory, "film.mkv")
    make_film(film)
    size = os.path.getsize(film)
    check(size > 32 << 20, "the film is too small to be interrupted: %d" % size)
    pictures = {os.path.relpath(path, PICTURES): path for path in files_in(PICTURES)}
    folder = os.path.join(directory, "pages")
    copy_pages(folder)
    pages = {os.path.relpath(path, folder): path for path in files_in(folder)}
    check(len(pages) > 2000, "the folder has only %d files" % len(pages))

    media = Round(cat, server, directory)
    begin = time.monotonic()
    stored = media.put(PICTURES)
    check(len(stored) == len(pictures), (len(stored), len(pictures)))
    media.compare(pictures)

    lines, film_kills = media.put_with_kills(film, [0.05, 0.1, 0.1])
    check(lines == 1, lines)
    lines, page_kills = media.put_with_kills(folder, [0.1, 0.2, 0.3])
    check(lines == len(pages), (lines, len(pages)))
    check(film_kills + page_kills > 0, "nothing was interrupted")
    media.restart()
    media.compare({**pictures, **pages, "film.mkv": film})
    media.delete_all()
    print("%d pictures, a film of %d MB, %d pages; %d + %d kills; %.1f s"
          % (len(pictures), size >> 20, len(pages), film_kills, page_kills,
             time.monotonic() - begin))


def main():
    smilecat, smiled = sys.argv[1:3]
    if shutil.which("ffmpeg") is None or not os.path.isdir(PICTURES) or not os.path.isdir(PAGES):
        print("skipped: needs mate-backgrounds, ffmpeg and libstdc++-12-doc")
        return SKIPPED
    with Directory() as directory:
        os.environ["XDG_STATE_HOME"] = os.path.join(directory, "state")
        server = Server(smiled, directory)
        server.start()
        try:
            run(Cat(smilecat, server), server, directory)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
