#include "bench/network/notifications.h"

#include <utility>

#include "bench/smilebench/random.h"

namespace smile::bench {

size_t Notifications::NoticeHash::operator()(const Notice& notice) const {
  const uint64_t kind = static_cast<uint64_t>(notice.kind);
  return Random(notice.of * 3 + kind).Next() ^ Random(notice.by).Next();
}

void Notifications::Add(uint64_t person, const std::vector<uint64_t>& posts) {
  concerned_.insert(person);
  concerned_.insert(posts.begin(), posts.end());
  interests_.push_back({person, posts});
}

void Notifications::Begin(std::function<void(const Status&)> done) {
  store_.Watch(
      std::exchange(interests_, {}), [this](const Notice& notice) { OnNotice(notice); },
      [this, done = std::move(done)](const Status& status, uint64_t watched) {
        watched_ = watched;
        done(status);
      });
}

void Notifications::Expect(const Notice& notice) {
  if (concerned_.contains(notice.of)) expected_[notice] = clock_.MonotonicNanos();
}

void Notifications::OnNotice(const Notice& notice) {
  const auto expected = expected_.find(notice);
  if (expected == expected_.end()) return;
  told_.Add(clock_.MonotonicNanos() - expected->second);
  expected_.erase(expected);
}

}  // namespace smile::bench
