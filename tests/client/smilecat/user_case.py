"""What the tests of `smilecat user` share: a user with something of each kind, and its export."""

import json
import os
import random
import shutil

from smilecat_case import SmilecatTest

FILES = ("records.jsonl", "posts.jsonl", "links.jsonl", "media.jsonl", "logins.jsonl")


def rows_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def contents_of(folder):
    """All but user.json, whose time differs, and without versions, which a server gives."""
    contents = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            relative = os.path.relpath(path, folder)
            if name in FILES:
                contents[relative] = rows_of(folder, name)
                for row in contents[relative]:
                    for member in ("version", "created_ms"):
                        row.pop(member, None)
            elif name != "user.json":
                with open(path, "rb") as file:
                    contents[relative] = file.read()
    return contents


class UserTest(SmilecatTest):
    users = 1000

    def setUp(self):
        UserTest.users += 10
        self.user = UserTest.users
        self.folder = self.path("export-%d" % self.user)

    def fill(self, films=1):
        """Something of each kind, with bytes that are no text."""
        user = self.user
        files = {"cat.jpg": b"\xff\xd8 a cat", "empty": b"", "film.webm": None}
        files["film.webm"] = random.Random(user).randbytes(3 << 20)
        requests = [
            "put users/%d/profile 'Ada Lovelace'" % user,
            "put users/%d/bytes \"\\xff\\x00\"" % user,
            "put users/%d/a%%2Fb '' --expire-seconds 3600" % user,
            "link %d friend %d --value met" % (user, user + 1),
            "link %d follow %d --time-ms 1600000000000" % (user, user + 2),
            "link %d 77 %d --inverse 78" % (user + 3, user),
        ]
        requests += ["put posts/%d/%d 'post %d'" % (user, post, post) for post in range(1, 30)]
        self.ok(stdin="\n".join(requests).encode())
        for number, (name, content) in enumerate(files.items(), 1):
            if content is not None and len(content) < 1 << 20:
                self.ok("media_put", str(user), "--media", str(number), "--name", name,
                        "--content-type", "a/b", "--custom", "c", "@" + self.path("m", content))
            else:
                for i in range(films):
                    self.ok("media", "put", self.path("film", content), "--owner", str(user))

    def clear(self, user=None):
        user = user or self.user
        for table in ("users", "posts"):
            scan = self.ok("--json", "scan", "%s/%d" % (table, user), "--all", "--keys-only")
            names = [json.loads(line)["sort"] for line in scan.splitlines()]
            if names:
                self.ok(stdin="\n".join("delete %s/%d/%s" % (table, user, name)
                                        for name in names).encode())
        counts = json.loads(self.ok("--json", "link_counts", str(user)))["counts"]
        for kind in [count["kind"] for count in counts]:
            page = json.loads(self.ok("--json", "link_list", str(user), str(kind)))
            for entry in page["entries"]:
                self.ok("unlink", str(user), str(kind), str(entry["other"]))
        self.ok("media", "delete", "--all", str(user), "--yes")

    def export(self, *arguments, user=None, folder=None):
        done = self.ok("user", "export", str(user or self.user), folder or self.folder,
                       "--json", *arguments)
        return json.loads(done)

    def damaged(self, name, change):
        """A copy of the export in which `change` has changed the bytes of a file."""
        copy = self.path("damaged")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        path = os.path.join(copy, name)
        with open(path, "rb") as file:
            content = file.read()
        with open(path, "wb") as file:
            file.write(change(content))
        return copy
