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
};

// Runs all lines of `in`. Empty ones and those that begin with '#' are skipped; one that is no
// request is reported on stderr with its number. One line of answer for each request, on `out`.
// kConnection as soon as the server cannot be reached; else kRefused if a line was no request or
// any was refused.
ExitStatus RunLines(const LineOptions& options, InputFile* in, std::FILE* out);

}  // namespace smile::cat
