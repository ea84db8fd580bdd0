#include "storage/content/space_reservations.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace smile {

Status SpaceReservations::CheckLocked(uint64_t bytes, uint64_t reserved) {
  const auto disk = look_();
  if (!disk.ok()) return disk.status();
  const uint64_t kept = std::min(limits::kContentFreeDiskBytes, disk->bytes / limits::kDiskShare);
  // No sum: a size may be any number.
  const uint64_t taken = kept + reserved;
  if (taken <= disk->free_bytes && bytes <= disk->free_bytes - taken) return {};
  return {Code::kNoSpace, "the content does not fit on the server's disk",
          limits::kNoSpaceRetryMillis};
}

Status SpaceReservations::ReserveLocked(const ContentId& id, uint64_t bytes) {
  SMILE_TRY(CheckLocked(bytes, total_));
  if (bytes == 0) return {};
  const bool is_new = reserved_.try_emplace(id, bytes).second;
  CHECK(is_new, "an upload reserves once");
  total_ += bytes;
  return {};
}

Status SpaceReservations::Reserve(const ContentId& id, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  return ReserveLocked(id, bytes);
}

Status SpaceReservations::Claim(const ContentId& id, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  // Whoever has reserved needs no room for the others.
  return reserved_.contains(id) ? CheckLocked(bytes, 0) : ReserveLocked(id, bytes);
}

Status SpaceReservations::CheckFits(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  return CheckLocked(bytes, total_);
}

void SpaceReservations::Set(const ContentId& id, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = reserved_.find(id);
  if (found != reserved_.end()) {
    CHECK(found->second <= total_);
    total_ -= found->second;
    reserved_.erase(found);
  }
  if (bytes == 0) return;
  reserved_.emplace(id, bytes);
  total_ += bytes;
}

uint64_t SpaceReservations::reserved_bytes() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace smile
