// Requests from a pipe: one a line, many under way at a time, answers printed in the order of the
// lines.
//
// Requests take effect as if each had been answered before the next was sent, as far as one
// connection can tell: reads overlap with reads and writes with writes, but where the effect
// changes, what is under way is waited for. (Writes in one partition keep their order anyway.)
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
};

// Runs all lines of `in`. Empty ones and those that begin with '#' are skipped. For each other line
// one line of answer on `out`, in their order; that of a failure names the line and, if the line is
// no request, says why. How many failed is said on stderr. Ends as soon as the server cannot be
// reached. The status is that of the worst failure.
ExitStatus RunLines(const LineOptions& options, InputFile* in, std::FILE* out);

}  // namespace smile::cat
