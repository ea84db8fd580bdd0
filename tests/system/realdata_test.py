"""Round trip of the real data set through smilecat and smiled.

Loads every page as users/<id>/profile and as a unique logins/<facebook_id>, and every edge as a
mutual link; reads all back and compares it with the files, which Python reads by itself; counts and
lists the links of the best-connected page; starts the server again and compares again.

Usage: realdata_test.py SMILECAT SMILED DATA_DIRECTORY
The environment variable SMILE_DATA_DIR, if it is set, names the directory instead. Without the data
set the test is skipped.
"""

import collections
import csv
import json
import os
import sys
import time

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "client", "smilecat")
)
from smile_process import Cat, Directory, Server  # noqa: E402

SKIPPED = 77  # as cmake/SmileBuild.cmake says
COLUMNS = ["facebook_id", "page_name", "page_type"]


def check(truth, words):
    if not truth:
        raise AssertionError(words)


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Expected:
    """The expected content of the tables, computed from the files only."""

    def __init__(self, pages, edges):
        self.profiles = {}
        self.logins = {}
        for page in pages:
            self.profiles["users/%s/profile" % page["id"]] = {c: page[c] for c in COLUMNS}
            self.logins.setdefault("logins/" + page["facebook_id"], page["id"])
        self.neighbours = collections.defaultdict(set)
        self.repeated = 0
        self.self_loops = 0
        for edge in edges:
            one, other = int(edge["id_1"]), int(edge["id_2"])
            self.repeated += other in self.neighbours[one]
            self.self_loops += one == other
            if one == other:  # not a link
                continue
            self.neighbours[one].add(other)
            self.neighbours[other].add(one)
        self.links = {
            "links/%d/friend/%d" % (one, other)
            for one, others in self.neighbours.items()
            for other in others
        }
        self.best = max(self.neighbours, key=lambda page: len(self.neighbours[page]))


def load(cat, path, *arguments, status=0):
    done = cat.run("load", path, "--json", *arguments)
    check(done.returncode == status, "load %s: %r" % (path, done))
    summary = json.loads(done.stdout)
    check(summary["whole"], summary)
    print("load %s %s\n  %s" % (os.path.basename(path), " ".join(arguments), summary))
    return summary


def dump(cat, table, *options):
    start = time.monotonic()
    done = cat.run("dump", table, *options)
    check(done.returncode == 0, "dump %s: %r" % (table, done.stderr))
    records = [json.loads(line) for line in done.stdout.splitlines()]
    values = {record["key"]: record["value"] for record in records}
    check(len(values) == len(records), "%s: a record was dumped twice" % table)
    print("dump %s: %d records, %.1f s" % (table, len(records), time.monotonic() - start))
    return values


def load_all(cat, pages_file, edges_file, pages, edges, expected):
    profiles = load(
        cat, pages_file, "--key", "users/{id}/profile", "--json-value", ",".join(COLUMNS)
    )
    check(profiles["rows"] == profiles["written"] == len(pages), profiles)
    claim = ["--key", "logins/{facebook_id}", "--value", "{id}", "--if-absent"]
    logins = load(cat, pages_file, *claim)
    check(logins["written"] == len(expected.logins), logins)
    check(logins["already_there"] == len(pages) - len(expected.logins), logins)
    again = load(cat, pages_file, *claim)
    # To claim a login again for the same user is not a conflict.
    check(again["written"] + again["already_there"] == len(pages), again)
    check(again["already_there"] == len(pages) - len(expected.logins), again)
    links = load(
        cat,
        edges_file,
        "--key",
        "links/{id_1}/friend/{id_2}",
        "--value",
        "",
        "--max-errors",
        str(expected.self_loops),
        status=9,
    )
    wanted = (len(edges), len(edges) - expected.self_loops, expected.self_loops)
    check((links["rows"], links["written"], links["refused"]) == wanted, links)


def compare_all(cat, expected):
    users = {key: json.loads(value) for key, value in dump(cat, "users").items()}
    check(users == expected.profiles, "users are not as in the file")
    check(dump(cat, "logins", "--with-credentials") == expected.logins, "logins are not as in the file")
    links = dump(cat, "links")
    check(set(links) == expected.links, "links are not as in the file")
    check(set(links.values()) == {""}, "a link has a value")
    best = str(expected.best)
    wanted = expected.neighbours[expected.best]
    done = cat.run("link_count", best, "friend", "--json")
    check(json.loads(done.stdout) == {"count": len(wanted)}, done)
    done = cat.run("link_list", best, "friend", "--limit", "10000", "--json")
    listed = [entry["other"] for entry in json.loads(done.stdout)["entries"]]
    check(len(listed) == len(wanted) and set(listed) == wanted, "the links of the best page")
    print("link_list %s: %d links of the best-connected page" % (best, len(listed)))


def main():
    cat_program, server_program, usual_directory = sys.argv[1:]
    directory = os.environ.get("SMILE_DATA_DIR", usual_directory)
    pages_file = os.path.join(directory, "facebook_target.csv")
    edges_file = os.path.join(directory, "facebook_edges.csv")
    if not os.path.exists(pages_file) or not os.path.exists(edges_file):
        print("skipped: no data set in %s; SMILE_DATA_DIR names another directory" % directory)
        sys.exit(SKIPPED)
    pages, edges = read_csv(pages_file), read_csv(edges_file)
    check(pages and edges, "the files are empty")
    expected = Expected(pages, edges)
    print(
        "%d pages with %d logins; %d edges, %d of them self-loops, %d repeated"
        % (len(pages), len(expected.logins), len(edges), expected.self_loops, expected.repeated)
    )
    with Directory() as temporary:
        server = Server(server_program, temporary, "--allow-credential-export")
        cat = Cat(cat_program, server)
        try:
            server.start()
            load_all(cat, pages_file, edges_file, pages, edges, expected)
            compare_all(cat, expected)
            server.stop()
            server.start()
            print("the server was started again")
            compare_all(cat, expected)
        finally:
            server.stop()
    print("all is as in the files")


if __name__ == "__main__":
    main()
