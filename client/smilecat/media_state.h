// Uploads that were interrupted, as small files in $XDG_STATE_HOME/smile/uploads (default
// ~/.local/state/smile/uploads), one for each: `smilecat media put` of the same file goes on with
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace smile::cat {

struct InterruptedUpload {
  std::string server;  // as in Endpoint::ToString
  uint64_t owner = 0;
  std::string path;      // absolute
  uint64_t size = 0;     // of the file
  int64_t mtime_ns = 0;  // likewise
  Bytes upload;          // its id; empty: none was interrupted
};

// Fills in `upload` if an upload of this server, owner, path, size and time was interrupted.
void FindInterrupted(InterruptedUpload* upload);

// Keeps or replaces it. Not durable: after a power cut the upload begins again.
Status SaveInterrupted(const InterruptedUpload& upload);
// Without an error if there is none.
void ForgetInterrupted(const InterruptedUpload& upload);

// Removes what processes left that were killed while they saved one: not the files of others, nor
// those of the last minute, whose process may run on another machine with this folder.
void RemoveUnfinishedStates();

// All, by path.
std::vector<InterruptedUpload> AllInterrupted();

}  // namespace smile::cat
