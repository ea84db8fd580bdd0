// Continuation tokens of SCAN and LIST. They are opaque to clients.
//
// The first byte is the kind, so that a later format can differ:
//   1  a sort key (SCAN) or a partition (LIST): the next page starts after it
//   2  SCAN: a sort key; LIST: the size of a partition (u8), the partition, and a sort key in it.
//   The
//      next page starts there. The client need not have seen that record.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "model/tables.h"
#include "storage/engine.h"

namespace smile {

// `last`: the sort key or partition at the end of a page.
Bytes ContinuationAfter(ByteView last);
// `next`: the sort key at which the SCAN continues.
Bytes ContinuationFrom(ByteView next);
// Empty if complete.
Bytes ContinuationOf(const ScanPage& page);
Bytes ContinuationOf(const ListPage& page);

// kInvalid unless a client's token, possibly absent or empty, can be one of a server's.
Status CheckScanContinuation(Table table, const std::optional<ByteView>& continuation);
Status CheckListContinuation(Table table, const std::optional<ByteView>& continuation);

// Whether there is a token: then the start of the request's range is ignored.
inline bool GoesOn(const std::optional<ByteView>& continuation) {
  return continuation.has_value() && !continuation->empty();
}
// What follows the first byte, if the token is of that kind.
std::optional<ByteView> GoesOnAfter(const std::optional<ByteView>& continuation);
std::optional<ByteView> GoesOnFrom(const std::optional<ByteView>& continuation);

// The place in a LIST's GoesOnFrom(); possibly an invalid one if the token was not checked.
ListPlace ListPlaceOf(ByteView bytes);

}  // namespace smile
