// `smilecat dump`: exports a table or a partition as JSON lines that `smilecat load` takes back.
#pragma once

#include <string>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/session.h"

namespace smile::cat {

struct DumpOptions {
  ServerOptions server;
  std::string path;               // of a table or a partition; empty: every table
  bool with_credentials = false;  // of `logins`, which are left out without it
  std::string output_file;        // empty: standard output; else it appears when it is whole
};

// The lines of one partition are in the table's order, those of different ones are mixed, tables
// come one after the other. It is no snapshot: each record is as it was at some moment of the dump.
// Progress, complaints and a summary on stderr. kIncomplete if a part was refused, or is stored
// data that cannot be read.
ExitStatus RunDump(const DumpOptions& options);

}  // namespace smile::cat
