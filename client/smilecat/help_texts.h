// What --help says around the options.
#pragma once

#include <string>

namespace smile::cat {

inline constexpr const char* kRootUsage =
    "smilecat [OPTION...] REQUEST...\n"
    "       smilecat [OPTION...]              requests from standard input, one per line\n"
    "       smilecat load FILE [OPTION...]    import CSV or JSON lines\n"
    "       smilecat dump PATH [OPTION...]    export JSON lines\n"
    "       smilecat --send-hex HEX           any bytes, and what comes back\n"
    "       smilecat --listen PORT            print the conversation of others\n"
    "       smilecat decode FILE              explain captured bytes\n"
    "       smilecat describe [OPERATION]     the operations\n"
    "       smilecat help NAME                the help of an operation or a command";

inline constexpr const char* kRootSummary = "Talks to smiled, the storage server of Smile.";

// Requests, derived from the operations table; examples; exit statuses.
std::string RootFooter();

inline constexpr const char* kLoadFooter =
    "Columns are those that a CSV file's first line names, or the members of each JSON object.\n"
    "{column} stands for one; in a key it becomes one part of the path whatever is in it; {{ and\n"
    "}} stand for braces. A row whose keys are the same makes one record. Without --key the lines\n"
    "are taken as `smilecat dump` writes them. Numbers of JSON stay as they are written.\n"
    "\n"
    "Rows take effect in their order: of several with the same key the last one wins, or with\n"
    "--if-absent the first one, and the others count as already there. A load that was stopped\n"
    "goes on from --resume POSITION, which is never ahead of what the server has acknowledged;\n"
    "rows after it are written again, with the same result (with --if-absent they then count as\n"
    "already there). The file may have grown; if it was changed before the position, it is "
    "refused.\n"
    "\n"
    "  smilecat load people.csv --key 'users/{id}/profile' --json-value name,town\n"
    "  smilecat load people.csv --key 'logins/{mail}' --value '{id}' --if-absent\n"
    "  smilecat load links.csv --table links --key '{a}/friend/{b}' --key '{b}/friend/{a}' \\\n"
    "      --value '' --resume links.position\n"
    "  smilecat load users.jsonl          what `smilecat dump users -o users.jsonl` wrote\n"
    "\n"
    "Exit status, of this run: 0 everything is written or was already there, 9 rows were bad or\n"
    "refused, 130 it was interrupted; the others as for requests (smilecat --help).";

inline constexpr const char* kDumpFooter =
    "Each line is {\"key\":PATH,\"value\":TEXT,\"version\":N}; \"value_base64\" stands instead of\n"
    "\"value\" where that is not UTF-8, \"expires_ms\" where the record expires. Loaded again, a\n"
    "record has the same bytes and what is left of its time, and a version of its own.\n"
    "\n"
    "A dump is no snapshot: each record is as it was at some moment of the dump. One that nobody\n"
    "writes meanwhile is in it exactly once, another in one of its states, or not at all; writes\n"
    "that belong together, a batch too, may be in it in part. For a dump that fits together, stop\n"
    "the writers.\n"
    "\n"
    "  smilecat dump users -o users.jsonl\n"
    "  smilecat dump --all -o everything.jsonl\n"
    "  smilecat dump links/42 | wc -l\n"
    "\n"
    "Stored data that the server cannot read, because it is damaged, is left out and named on\n"
    "standard error: a record by its path, unknown ones by the paths around them.\n"
    "\n"
    "Exit status: 0 everything is there, 9 a part could not be read, 130 it was interrupted; the\n"
    "others as for requests (smilecat --help).";

}  // namespace smile::cat
