"""`smilecat user` as it is run: all of a user into a folder, and back.

Usage: user_end_to_end.py SMILECAT SMILED [unittest arguments]
"""

import hashlib
import json
import os
import shutil

from smilecat_case import run_tests
from user_case import UserTest, contents_of, rows_of


class ExportAndImport(UserTest):
    def test_all_of_a_user_comes_back(self):
        self.fill(films=2)  # the same one twice
        done = self.export()
        self.assertEqual([done[kind] for kind in ("records", "posts", "links", "media")],
                         [3, 29, 3, 4])
        self.assertEqual((done["media_bytes"], done["unreadable"]), ((6 << 20) + 8, 0))
        self.assertEqual(os.stat(self.folder).st_mode & 0o777, 0o700)
        self.assertEqual({row["key"] for row in rows_of(self.folder, "links.jsonl")},
                         {"links/%d/%s" % (self.user, rest % (self.user + other))
                          for rest, other in (("friend/%d", 1), ("follow/%d", 2), ("78/%d", 3))})
        for row in rows_of(self.folder, "media.jsonl"):
            with open(os.path.join(self.folder, "media", str(row["media"])), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), row["sha256"])
        with open(os.path.join(self.folder, "user.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        self.assertEqual((manifest["user"], manifest["counts"]["posts"]), (self.user, 29))
        before = contents_of(self.folder)

        self.fails(5, "has records, posts, links and media already", "user", "import", self.folder)
        self.clear()
        done = self.cat.run("user", "export", str(self.user), self.path("none"))
        self.assertEqual((done.returncode, os.path.exists(self.path("none"))), (4, False), done)
        self.assertIn(b"there is no user", done.stderr)

        line = self.ok("user", "import", self.folder).decode()
        self.assertRegex(line, r"^%d: 3 records, 29 posts, 3 links, 4 media records of 6,291,464 "
                               r"bytes, 0 logins imported from .*; \d+\.\d s\n$" % self.user)
        again = self.path("again-%d" % self.user)
        self.export(folder=again)
        after = contents_of(again)
        # A TTL is in whole seconds and starts when the record is written.
        expiries = [[row.pop("expires_ms") for row in contents["records.jsonl"]
                     if "expires_ms" in row] for contents in (before, after)]
        self.assertEqual([len(times) for times in expiries], [1, 1])
        self.assertAlmostEqual(expiries[0][0], expiries[1][0], delta=60_000)
        self.assertEqual(before, after)
        # The other sides of links are there, too.
        page = json.loads(self.ok("--json", "link_list", str(self.user + 2), "follower"))
        self.assertEqual([(entry["other"], entry["time_ms"]) for entry in page["entries"]],
                         [(self.user, 1600000000000)])

        # Repeated, and onto what has changed meanwhile.
        self.ok("put", "users/%d/profile" % self.user, "changed")
        self.ok("put", "users/%d/other" % self.user, "stays")
        self.ok("media_set", str(self.user), "1", "--name", "changed")
        self.ok("media_delete", str(self.user), "2")
        done = json.loads(self.ok("user", "import", self.folder, "--merge", "--json"))
        self.assertEqual((done["records"], done["media"], done["present"], done["rejected"]),
                         (3, 1, 3, 0))
        shutil.rmtree(again)
        self.export(folder=again)
        merged = contents_of(again)
        self.assertEqual(len(merged["records.jsonl"]), 4)
        self.assertEqual(merged["media.jsonl"], before["media.jsonl"])

    def test_logins_are_listed_without_credentials(self):
        self.ok("put", "users/%d/x" % self.user, "y")
        login = "ada-%d@example.org" % self.user
        self.ok("login_import", login, str(self.user), "@" + self.path("none-yet", b""))
        with_login = self.path("login-%d" % self.user)
        done = self.fails(0, "1 login exported without credentials", "user", "export",
                          str(self.user), with_login, "--json")
        summary = json.loads(done.stdout)
        self.assertEqual((summary["logins"], summary["credentials"]), (1, False))
        with open(os.path.join(with_login, "user.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        self.assertEqual((manifest["credentials"], manifest["sessions"]), (False, False))
        (row,) = rows_of(with_login, "logins.jsonl")
        self.assertEqual((row["login"], row["form"]), (login, "none"))
        self.assertNotIn("credential", row)
        self.fails(5, "records and logins already", "user", "import", with_login)
        self.ok("login_remove", login)
        self.clear()
        self.assertIn("1 login without credentials left out",
                      self.ok("user", "import", with_login).decode())
        self.assertEqual(json.loads(self.ok("--json", "login_list", str(self.user))),
                         {"logins": []})
        # Without the right nothing is exported.
        self.fails(1, "runs without --allow-credential-export", "user", "export", str(self.user),
                   self.folder, "--with-credentials")
        self.assertFalse(os.path.exists(self.folder))

    def test_import_as_another_user(self):
        self.fill()
        self.export()
        other = self.user + 7
        self.ok("user", "import", self.folder, "--as", str(other))
        copy = self.path("as-%d" % other)
        self.export(user=other, folder=copy)
        expected = json.loads(json.dumps({name: rows for name, rows in contents_of(self.folder)
                              .items() if name in ("posts.jsonl", "links.jsonl")})
                              .replace("/%d/" % self.user, "/%d/" % other))
        contents = contents_of(copy)
        self.assertEqual({name: contents[name] for name in expected}, expected)
        self.assertEqual(contents["media.jsonl"], contents_of(self.folder)["media.jsonl"])
        # Linking to oneself is rejected, all else is there.
        self.clear(other)
        friend = self.user + 1
        self.clear(friend)
        self.ok("link", str(self.user), "friend", str(friend))
        shutil.rmtree(self.folder)
        self.export()
        done = self.cat.run("user", "import", self.folder, "--as", str(friend), "--merge", "--json")
        self.assertEqual(done.returncode, 9, done)
        self.assertIn(b"links.jsonl: line", done.stderr)
        self.assertEqual(json.loads(done.stdout)["rejected"], 1)

    def test_other_content_of_the_same_id_is_reported(self):
        self.fill()
        self.export()
        self.ok("media_delete", str(self.user), "1")
        self.ok("media_put", str(self.user), "--media", "1", "other")
        done = self.cat.run("user", "import", self.folder, "--merge")
        self.assertEqual(done.returncode, 9, done)
        self.assertIn(b"%d/1: " % self.user, done.stderr)
        self.assertIn(b"1 rejected", done.stdout)


class Folders(UserTest):
    def test_only_new_and_empty_folders(self):
        self.ok("put", "users/%d/x" % self.user, "y")
        os.mkdir(self.folder)
        self.export()
        words = "exists and is not an empty folder"
        self.fails(8, words, "user", "export", str(self.user), self.folder)
        file = self.path("file", b"content")
        self.fails(8, words, "user", "export", str(self.user), file)
        self.fails(8, "cannot create", "user", "export", str(self.user), "/nonexistent/x")

    def test_usage(self):
        for words, arguments in (("needs a USER", ("export",)), ("export needs a FOLDER", ("export", "1")),
                                 ("USER", ("export", "ada", "x")),
                                 ("needs a FOLDER", ("import",)),
                                 ("--as", ("import", "x", "--as", "ada")),
                                 ("no command user", ("erase", "1"))):
            self.fails(2, words, "user", *arguments)
        self.assertIn(b"smilecat user import FOLDER", self.ok("user", "--help"))
        self.assertIn(b"USER FOLDER", self.ok("user", "export", "--help"))


class Credentials(UserTest):
    """With a server that exports them."""

    server_options = ("--allow-credential-export",)

    def test_logins_come_back_with_their_credentials(self):
        logins = ["ada-%d@example.org" % self.user, "+44 %d" % self.user]
        secret = self.path("password", b"correct horse\n")
        wrong = self.path("wrong", b"battery staple\n")
        first = self.ok("login_register", logins[0], "@" + secret, "--user", str(self.user))
        self.assertIn(b"%d" % self.user, first)
        self.ok("login_add", logins[1], "@" + secret, str(self.user))
        self.ok("put", "users/%d/x" % self.user, "y")
        summary = self.export("--with-credentials")
        self.assertEqual((summary["logins"], summary["credentials"]), (2, True))
        rows = rows_of(self.folder, "logins.jsonl")
        self.assertEqual({row["login"]: row["credential"][:10] for row in rows},
                         dict.fromkeys(logins, "$argon2id$"))
        self.assertEqual(os.stat(os.path.join(self.folder, "logins.jsonl")).st_mode & 0o077, 0)

        for login in logins:
            self.ok("login_remove", login)
        self.clear()
        done = json.loads(self.ok("user", "import", self.folder, "--json"))
        self.assertEqual((done["logins"], done["logins_left_out"]), (2, 0))
        for login in logins:
            self.assertIn(b"%d" % self.user, self.ok("login_verify", login, "@" + secret))
            self.fails(4, "password is wrong", "login_verify", login, "@" + wrong)
        again = self.path("again-%d" % self.user)
        self.export("--with-credentials", folder=again)
        without_times = [[{name: row[name] for name in ("login", "form", "credential")}
                          for row in rows_of(folder, "logins.jsonl")]
                         for folder in (self.folder, again)]
        self.assertEqual(without_times[0], without_times[1])

        # A password that was set meanwhile stays; a login that is another user's is rejected.
        self.ok("login_reset", logins[0], "@" + wrong)
        done = json.loads(self.ok("user", "import", self.folder, "--merge", "--json"))
        self.assertEqual((done["logins"], done["present"], done["rejected"]), (1, 1, 0))
        self.ok("login_verify", logins[0], "@" + wrong)
        done = self.cat.run("user", "import", self.folder, "--as", str(self.user + 1), "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["rejected"]), (9, 2), done)
        self.assertIn(b"the login is taken", done.stderr)
        self.assertNotIn(b"argon2id", done.stderr)

        # Neither in a message about a line that is damaged.
        for change in (lambda text: text.replace(b'"credential":', b'"credential";'),
                       lambda text: text.replace(b'"credential":"$', b'"credential":"\\'),
                       lambda text: text.replace(b'"credential":', b'"other":'),
                       lambda text: text.replace(b'"credential":', b'"credential_base64":')):
            done = self.fails(8, "logins.jsonl: line 1: the row", "user", "import",
                              self.damaged("logins.jsonl", change))
            self.assertNotIn(b"argon2id", done.stderr)


if __name__ == "__main__":
    run_tests()
