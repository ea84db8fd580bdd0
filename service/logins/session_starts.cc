#include "service/logins/session_starts.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "service/logins/login_records.h"

namespace smile {

Bytes SessionStarts::Of(uint64_t user) const {
  const std::lock_guard lock(mutex_);
  const auto known = starts_.find(user);
  return known == starts_.end() ? FirstAccountSort(AccountPart::kSession) : known->second;
}

void SessionStarts::Learn(uint64_t user, const ScanPage& page) {
  Bytes start;
  if (page.size() > 0) {
    start = page[0].sort;  // empty: what is there cannot be read
  } else if (page.resume_from) {
    start = *page.resume_from;
  }
  if (start.empty()) return;
  // Of sessions that are made in the same millisecond, a later one may have the smaller key.
  const size_t up_to_time = FirstAccountSort(AccountPart::kSession).size() + sizeof(uint64_t);
  start.resize(std::min(start.size(), up_to_time));
  const std::lock_guard lock(mutex_);
  if (starts_.size() == kMaxUsers && !starts_.contains(user)) starts_.clear();
  starts_[user] = std::move(start);
  CHECK(starts_.size() <= kMaxUsers);
}

}  // namespace smile
