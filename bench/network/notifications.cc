#include "bench/network/notifications.h"

#include <algorithm>
#include <utility>

namespace smile::bench {
namespace {

constexpr size_t kPartitionsPerWatch = 1'000;  // the most of one request

}  // namespace

void Notifications::Add(uint64_t person, const std::vector<uint64_t>& posts) {
  partitions_.emplace_back(Table::kLinks, PartitionOf(person), ByteView());
  for (const uint64_t post : posts) {
    partitions_.emplace_back(Table::kLinks, PartitionOf(post), ByteView());
    partitions_.emplace_back(Table::kPosts, PartitionOf(post), ByteView());
  }
}

void Notifications::Begin(std::function<void()> done) {
  all_begun_ = std::move(done);
  watched_.insert(partitions_.begin(), partitions_.end());
  watches_ = (partitions_.size() + kPartitionsPerWatch - 1) / kPartitionsPerWatch;
  for (size_t i = 0; i < watches_; ++i) {
    op::Watch::Request request;
    const size_t end = std::min(partitions_.size(), (i + 1) * kPartitionsPerWatch);
    for (size_t at = i * kPartitionsPerWatch; at < end; ++at) {
      request.partitions.push_back(partitions_[at].view().partition_view());
    }
    connections_.Watch(request, [this](const Answer<op::Watch>& answer) { OnMessage(*answer); });
  }
  partitions_.clear();
  if (watches_ == 0) all_begun_();
}

void Notifications::Expect(const Key& record) {
  if (!watched_.contains(Key(record.table, record.partition, ByteView()))) return;
  expected_[record] = clock_.MonotonicNanos();
}

void Notifications::OnMessage(const op::Watch::Response& message) {
  if (message.event == WatchedEvent::kStarted && ++begun_ == watches_) return all_begun_();
  if (message.event != WatchedEvent::kPut) return;
  const auto expected = expected_.find(Key(*message.key));
  if (expected == expected_.end()) return;
  told_.Add(clock_.MonotonicNanos() - expected->second);
  expected_.erase(expected);
}

}  // namespace smile::bench
