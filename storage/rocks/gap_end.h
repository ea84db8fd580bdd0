// Where data can be read again after a block that cannot. RocksDB does not say how far a damaged
// block reaches, but every question for a key inside it fails and the next one after it does not.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "model/tables.h"

namespace smile {

// What stands first at or after a key. Nothing: that cannot be read, because of the same damage. An
// empty key: nothing does. Where another damage begins, the key itself.
using Probe = FunctionRef<std::optional<Bytes>(ByteView from)>;

// The first key that can be read after `from`, which cannot; empty: there is none below `upper` (if
// that is not empty). Asks at most limits::kMaxGapProbes times, then answers with the first key it
// knows to be readable, which may leave out some before it.
Bytes FindGapEnd(Table table, ByteView from, ByteView upper, Probe probe);

}  // namespace smile
