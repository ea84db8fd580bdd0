// `smilecat load --resume FILE`: the position from which a load that was stopped goes on.
//
// One JSON object. It is replaced as a whole, so that a crash leaves the old or the new one, and
// says for which input and which mapping it holds, so that it is not taken for another's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/smilecat/load_tracker.h"
#include "client/smilecat/row.h"

namespace smile::cat {

// Which load a position belongs to.
struct LoadIdentity {
  std::string input;        // path as given
  uint64_t head_bytes = 0;  // how many bytes at the input's start ...
  uint64_t head_hash = 0;   // ... have this XXH3-64
  std::string mapping;      // the options that say what is written where

  bool operator==(const LoadIdentity&) const = default;
};

struct ResumePoint {
  LoadIdentity identity;
  Position position;
  LoadCounts counts;
};

// Hashes up to the first 4 KiB of the file, which is a regular one; with `head_bytes`, as many.
Result<LoadIdentity> IdentifyLoad(const std::string& input, const std::string& mapping,
                                  std::optional<uint64_t> head_bytes);

// None if there is no such file; kInvalid, in words, if it is not a position.
Result<std::optional<ResumePoint>> ReadResumeFile(const std::string& path);

Status WriteResumeFile(const std::string& path, const ResumePoint& point);

}  // namespace smile::cat
