// The disk space that open uploads will need. Content leaves some space free for records
// (limits::kContentFreeDiskBytes, on a small disk a fraction of it). Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "base/result.h"
#include "storage/content/disk_file.h"
#include "storage/content_store.h"

namespace smile {

class SpaceReservations {
 public:
  using Look = std::function<Result<DiskSize>()>;

  // `look` may block.
  explicit SpaceReservations(Look look) : look_(std::move(look)) {}

  // For a new upload. kNoSpace if that many bytes do not fit beside what is reserved.
  Status Reserve(const ContentId& id, uint64_t bytes);
  // Before `bytes` are written for an upload: kNoSpace if they do not fit. An upload that has
  // reserved nothing has reserved these until Set().
  Status Claim(const ContentId& id, uint64_t bytes);
  // Before `bytes` are written for content that has reserved nothing: kNoSpace if they do not fit.
  Status CheckFits(uint64_t bytes);
  // What the upload still needs; 0: nothing. Does not check that it fits.
  void Set(const ContentId& id, uint64_t bytes);

  uint64_t reserved_bytes() const;

 private:
  Status CheckLocked(uint64_t bytes, uint64_t reserved);
  Status ReserveLocked(const ContentId& id, uint64_t bytes);

  const Look look_;
  mutable std::mutex mutex_;
  std::map<ContentId, uint64_t> reserved_;
  uint64_t total_ = 0;
};

}  // namespace smile
