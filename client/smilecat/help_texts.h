// What --help says around the options.
#pragma once

#include <string>

namespace smile::cat {

inline constexpr const char* kRootUsage =
    "smilecat [OPTION...] REQUEST...\n"
    "       smilecat [OPTION...]              requests from standard input, one per line\n"
    "       smilecat load FILE [OPTION...]    import CSV or JSON lines\n"
    "       smilecat dump PATH [OPTION...]    export JSON lines\n"
    "       smilecat media COMMAND ...        photos and videos: put, get, list, ...\n"
    "       smilecat user COMMAND ...         all of a user: export, import\n"
    "       smilecat --send-hex HEX           send arbitrary bytes and show the replies\n"
    "       smilecat --listen PORT            forward connections and print the traffic\n"
    "       smilecat decode FILE              explain captured bytes\n"
    "       smilecat describe [OPERATION]     list the operations, or describe one\n"
    "       smilecat help NAME                print the help of an operation or a command";

inline constexpr const char* kRootSummary = "Client of smiled, the storage server of Smile.";

// Requests, derived from the operations table; examples; exit statuses.
std::string RootFooter();

inline constexpr const char* kLoadFooter =
    "The first line of a CSV file names its columns; the columns of a JSON line are the members "
    "of\n"
    "its object. {column} is replaced by the value of a column; in a key it is one part of the\n"
    "path, whatever it contains. {{ and }} are braces. Equal keys of one row make one record.\n"
    "Without --key, lines are expected in the format of `smilecat dump`. JSON numbers keep their\n"
    "digits.\n"
    "\n"
    "Rows take effect in input order: of several rows with the same key the last one wins, or "
    "with\n"
    "--if-absent the first one, and the others count as already there. An interrupted load\n"
    "continues from --resume POSITION, which is never ahead of what the server has acknowledged;\n"
    "rows after it are written again, with the same result (with --if-absent they count as "
    "already\n"
    "there). The file may have grown. If it was changed before the position, nothing is loaded.\n"
    "\n"
    "  smilecat load people.csv --key 'users/{id}/profile' --json-value name,town\n"
    "  smilecat load people.csv --key 'logins/{mail}' --value '{id}' --if-absent\n"
    "  smilecat load links.csv --table links --key '{a}/friend/{b}' --key '{b}/friend/{a}' \\\n"
    "      --value '' --resume links.position\n"
    "  smilecat load users.jsonl          the output of `smilecat dump users -o users.jsonl`\n"
    "\n"
    "Exit status, of this run: 0 every record was written or was already there, 9 rows were bad "
    "or\n"
    "rejected, 130 interrupted; others as for requests (smilecat --help).";

inline constexpr const char* kMediaPutFooter =
    "A put that was interrupted continues where it was when it is repeated, or with `media "
    "resume`.\n"
    "Each stored file has one line on standard output: its name (OWNER/ID), size, content type, "
    "time\n"
    "and name. Content that is stored already takes no further space.\n"
    "\n"
    "  smilecat media put cat.jpg --owner 42\n"
    "  smilecat media put holiday/ --owner 42 --jobs 8\n"
    "  ffmpeg ... | smilecat media put - --owner 42 --content-type video/webm --name film.webm\n";

inline constexpr const char* kMediaGetFooter =
    "  smilecat media get 42/7311 -o cat.jpg\n"
    "  smilecat media get 42/7311 42/7312 -o photos/\n"
    "  smilecat media get 42/7311 --range 0-99 | xxd\n";

inline constexpr const char* kMediaListFooter = "  smilecat media list 42\n";
inline constexpr const char* kMediaStatFooter = "  smilecat media stat 42/7311 --json\n";
inline constexpr const char* kMediaDeleteFooter =
    "  smilecat media delete 42/7311\n"
    "  smilecat media delete --all 42 --yes\n";
inline constexpr const char* kMediaResumeFooter =
    "  smilecat media resume --list\n"
    "  smilecat media resume\n";
inline constexpr const char* kMediaCheckFooter = "  smilecat media check --bytes\n";

inline constexpr const char* kMediaStatuses =
    "Exit status: as for requests (smilecat --help); 8 a local file cannot be read or written, "
    "130\n"
    "interrupted.";

inline constexpr const char* kUserFooter =
    "An export is a folder with user.json, one file of JSON lines per kind (records, posts, "
    "links,\n"
    "logins, media) and the content in media/ID. It becomes visible when it is complete; only its "
    "owner\n"
    "can read it. It is not a snapshot: see `smilecat dump --help`. Of links it has the user's own "
    "side.\n"
    "Logins have no credentials unless --with-credentials is given. Sessions are not exported.\n"
    "\n"
    "An import verifies the whole folder before it writes. It is rejected if the user has "
    "anything\n"
    "already, unless --merge is given: then records, posts and links of the folder replace those "
    "of the\n"
    "same name, logins that the user has keep their passwords, and all else stays. Repeat an "
    "interrupted\n"
    "import with --merge. Ids, and the times of links, stay the same; versions, and the times of "
    "media\n"
    "and logins, are new. The other sides of links are made again. Logins without credentials are "
    "left\n"
    "out: add them again (LOGIN_ADD).\n"
    "\n"
    "  smilecat user export 42 user-42\n"
    "  smilecat user export 42 user-42 --with-credentials\n"
    "  smilecat user import user-42\n"
    "  smilecat user import user-42 --as 43\n"
    "  smilecat user import user-42 --merge\n"
    "\n"
    "Exit status: 0 complete, 4 export: there is no such user, 5 import: the user has something\n"
    "already, 8 a local file cannot be read or written, or is damaged, 9 a part could not be read "
    "or\n"
    "was rejected, 130 interrupted; others as for requests (smilecat --help).";

inline constexpr const char* kDumpFooter =
    "Each line is {\"key\":PATH,\"value\":TEXT,\"version\":N}. A value that is not UTF-8 is in\n"
    "\"value_base64\" instead; \"expires_ms\" is present if the record expires. A record that is\n"
    "loaded again has the same bytes and remaining TTL, and a new version.\n"
    "\n"
    "A dump is not a snapshot: each record is in the state that it had at some moment during the\n"
    "dump. A record that is not written meanwhile is in the dump exactly once; an overwritten one "
    "is\n"
    "in it once, in one of its states; one that is created or deleted may or may not be in it.\n"
    "Related writes, also of one batch, may be in it in part. For a consistent dump stop the\n"
    "writers first.\n"
    "\n"
    "  smilecat dump users -o users.jsonl\n"
    "  smilecat dump --all -o everything.jsonl\n"
    "  smilecat dump links/42 | wc -l\n"
    "\n"
    "Records that the server cannot read because of damage are omitted and named on standard "
    "error:\n"
    "a known record by its path, unknown ones by the paths before and after them.\n"
    "\n"
    "Exit status: 0 complete, 9 a part could not be read, 130 interrupted; others as for requests\n"
    "(smilecat --help).";

}  // namespace smile::cat
