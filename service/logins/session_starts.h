// Where the sessions of a user begin that have not ended, so that scans need not pass the others
// again: expired records are kept for hours (limits::kExpiredRecordKeptMillis), in the order in
// which the sessions were made, and deleted ones until a compaction.
//
// Known for at most kMaxUsers users; about 200 bytes each. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/bytes.h"
#include "storage/engine.h"

namespace smile {

class SessionStarts {
 public:
  static constexpr size_t kMaxUsers = 20'000;

  // As `from` of a scan of the user's sessions.
  Bytes Of(uint64_t user) const;
  // The first page, or one that continues pages without entries, of such a scan. No session is made
  // with a time before those that are there: the user's lock is held.
  void Learn(uint64_t user, const ScanPage& page);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Bytes> starts_;
};

}  // namespace smile
