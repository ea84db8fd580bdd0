// A change of a link, and its effect on both sides.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "service/links/link_state.h"
#include "storage/call_context.h"

namespace smile {

struct LinkChange {
  enum class Kind : uint8_t { kLink, kUnlink };

  Kind kind = Kind::kLink;
  LinkSide side;
  // Of kLink:
  Bytes value;
  std::optional<LinkKind> inverse;
  std::optional<uint64_t> time_ms;
  CallContext call = {};  // its deadline and source
};

struct LinkChanged {
  bool changed = false;  // kLink: there was no link; kUnlink: there was one
  uint64_t time_ms = 0;  // of the link
};

// Reads into the state what these changes need. The first does so without waiting; false: the
// second has to read the rest.
bool LoadNowFor(std::span<const LinkChange* const> changes, LinkState* state);
Task<Status> LoadFor(std::vector<const LinkChange*> changes, LinkState* state);

// The effect of a change, after those that were applied before. A failure has no effect.
Result<LinkChanged> ApplyChange(const LinkChange& change, uint64_t now_ms, LinkState* state);

}  // namespace smile
