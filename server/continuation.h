// What a SCAN or a LIST gives its client to go on with. The bytes mean nothing to the client.
//
// First byte: what follows, so that a later format can differ.
//   1  a sort key (SCAN) or a partition (LIST): it goes on after that
//   2  SCAN: a sort key; LIST: the size of a partition (u8), the partition, and a sort key in it:
//   it
//      goes on there. The client need never have seen that record.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "model/tables.h"
#include "storage/engine.h"

namespace smile {

// `last`: the sort key or partition at the end of a page.
Bytes ContinuationAfter(ByteView last);
// `next`: the sort key where a SCAN goes on.
Bytes ContinuationFrom(ByteView next);
// Empty: that was all.
Bytes ContinuationOf(const ScanPage& page);
Bytes ContinuationOf(const ListPage& page);

// Whether a client's continuation, possibly absent or empty, is one that a server may have given.
Status CheckScanContinuation(Table table, const std::optional<ByteView>& continuation);
Status CheckListContinuation(Table table, const std::optional<ByteView>& continuation);

// Whether there is one: then whatever the request says of its beginning counts for nothing.
inline bool GoesOn(const std::optional<ByteView>& continuation) {
  return continuation.has_value() && !continuation->empty();
}
// What follows the first byte, if the continuation is of that kind.
std::optional<ByteView> GoesOnAfter(const std::optional<ByteView>& continuation);
std::optional<ByteView> GoesOnFrom(const std::optional<ByteView>& continuation);

// The place in what GoesOnFrom gives for a LIST; possibly nonsense, if it was not checked.
ListPlace ListPlaceOf(ByteView bytes);

}  // namespace smile
