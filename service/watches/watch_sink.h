// What a watch is, and what its owner is told.
//
// A watch has targets, each of which is a partition. Every put and delete of a record of a target
// is an event, after it is durable, in the order of the versions: across all targets of a watch, so
// one version says what it was told. Expiry is no event. What cannot be told as events is a gap of
// a target: its owner reads the partition and goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "model/key.h"
#include "model/record.h"
#include "model/tables.h"

namespace smile {

struct HistoryBatch;

// Which changes of a table are told.
enum class Watching : uint8_t {
  kNever,     // none: the table cannot be watched
  kWithout,   // without their values, which are the server's own; of links, one for each link
  kComplete,  // all
};

constexpr Watching WatchingOf(Table table) {
  if (!InfoOf(table).internal) return Watching::kComplete;
  const bool of_interest = table == Table::kLinks || table == Table::kMedia;
  return of_interest ? Watching::kWithout : Watching::kNever;
}

struct WatchTarget {
  Table table = Table::kUsers;
  Bytes partition;  // its id
  // The events begin with the first change whose version is greater. Not set: with the next change.
  std::optional<uint64_t> after;
};

struct WatchRequest {
  uint64_t owner = 0;  // any number that identifies the connection; see WatchGroup::CancelAll
  bool values = false;
  // 1 to limits::kMaxWatchTargets. Of the same partition twice, each is told.
  std::vector<WatchTarget> targets;
};

// Borrows its bytes for the duration of the call.
struct WatchEvent {
  uint32_t target = 0;  // index in WatchRequest::targets
  MutationKind kind = MutationKind::kPut;
  ByteView sort;
  uint64_t version = 0;
  // Of a put, as in RecordView, even if there is no value; 0 in `links`.
  uint64_t checksum = 0;
  uint64_t expires_ms = 0;  // likewise
  // Of a put, if the watch wants values and this one was kept: at most limits::kMaxWatchValueBytes.
  // Otherwise it has to be read.
  std::optional<ByteView> value;
  // A copy of it keeps the bytes valid for longer, with those of all changes committed together.
  const std::shared_ptr<const HistoryBatch>& batch;
};

struct WatchGap {
  std::optional<uint32_t> target;  // not set: of all targets
  // All later changes are events, unless another gap follows. Who reads the partition now misses
  // none.
  uint64_t after = 0;
};

enum class SinkAnswer : uint8_t {
  kTaken,
  kTooSlow,  // the watch ends: its owner does not take what it is told
};

// The receiver of one watch. It is called on the thread of its WatchGroup, outlives the watch, does
// not block, and may cancel and add watches, its own included; it does not call WatchGroup::Run. It
// is not called after the watch was cancelled or OnEnd, so either may be followed by its
// destruction, even inside a call of its own.
class WatchSink {
 public:
  virtual ~WatchSink() = default;

  // First. All changes of targets without `after` whose versions are greater than `newest` will be
  // events; so will be those of the others, after their own version.
  virtual void OnStart(uint64_t watch, uint64_t newest) = 0;
  virtual SinkAnswer OnEvent(const WatchEvent& event) = 0;
  virtual SinkAnswer OnGap(const WatchGap& gap) = 0;
  // Last, unless the watch was cancelled. kOverloaded: the sink was too slow.
  virtual void OnEnd(const Status& status) = 0;
};

}  // namespace smile
