// Finds where data can be read again after a damaged block. RocksDB does not report how far a block
// reaches, but every seek to a key inside it fails, and a seek to a key after it does not.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "model/tables.h"

namespace smile {

// Returns the first key at or after `from`; an empty key if there is none; `from` itself where
// other damage begins; nothing if it cannot be read because of the same damage.
using Probe = FunctionRef<std::optional<Bytes>(ByteView from)>;

// The first key after `from` that can be read, where `from` cannot; empty if there is none below
// `upper` (empty: unbounded). Calls `probe` at most limits::kMaxGapProbes times; then returns the
// first key that it knows to be readable, which may skip some before it.
Bytes FindGapEnd(Table table, ByteView from, ByteView upper, Probe probe);

}  // namespace smile
