// The links that two users have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_list.h"
#include "storage/call_context.h"

namespace smile {

struct CommonLinksRequest {
  LinksOf of;
  uint64_t other = 0;
  uint32_t limit = 0;
  uint64_t from = 0;  // start at this id
  CallContext call;
};

struct CommonLinks {
  std::vector<uint64_t> ids;            // ascending
  bool gap = false;                     // there may be others, which cannot be read
  std::optional<uint64_t> resume_from;  // there may be more
};

// The engine outlives the task. A page costs bounded work: it may be short, even empty, although
// there are more. Costs at most as many lookups as the user with fewer links has.
Task<Result<CommonLinks>> FindCommonLinks(const EngineCalls& engine, CommonLinksRequest request);

}  // namespace smile
