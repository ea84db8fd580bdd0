// Requests from a pipe: one per line, many in flight, answers printed in the order of the lines.
//
// Requests take effect as if each had been answered before the next was sent, as far as one
// connection can tell: reads overlap with reads and writes with writes, but where the effect
// changes, the requests in flight are awaited. (Writes in one partition keep their order anyway.)
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/session.h"

namespace smile::cat {

struct LineOptions {
  ServerOptions server;
  bool json = false;
  bool raw_times = false;
  bool show_secrets = false;
};

// Runs all lines of `in`. Empty ones and those that begin with '#' are skipped. Each other line has
// one line of output on `out`, in input order; that of a failure names the line and, if it is not a
// request, says why. The number of failures goes to stderr. Ends as soon as the server cannot be
// reached. The status is that of the worst failure.
ExitStatus RunLines(const LineOptions& options, InputFile* in, std::FILE* out);

}  // namespace smile::cat
