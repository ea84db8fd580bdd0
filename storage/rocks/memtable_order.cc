#include "storage/rocks/memtable_order.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/prefetch.h"

namespace smile {
namespace {

using Partitions = std::vector<OrderedPartition>;

// Runs are merged until each is at least twice as long as the one after it.
void Settle(std::vector<MemtableOrder::Run>* runs) {
  while (runs->size() >= 2) {
    const MemtableOrder::Run last = runs->back(), before = (*runs)[runs->size() - 2];
    if (before->size() >= 2 * last->size()) return;
    Partitions merged;
    merged.reserve(before->size() + last->size());
    std::merge(before->begin(), before->end(), last->begin(), last->end(),
               std::back_inserter(merged));
    if (kExpensiveChecks) CHECK(std::is_sorted(merged.begin(), merged.end()));
    runs->pop_back();
    runs->back() = std::make_shared<const Partitions>(std::move(merged));
  }
}

// Whether all entries of a partition sort before the user key.
bool IsBefore(const MemtablePartition& partition, ByteView user_key) {
  const ByteView id = partition.id();
  return id < user_key && !user_key.starts_with(id);
}

}  // namespace

OrderedPartition::OrderedPartition(const MemtablePartition* of) : partition(of) {
  char bytes[sizeof(uint64_t)] = {};
  of->id().copy(bytes, sizeof(bytes));
  begin = LoadBig<uint64_t>(bytes);
}

std::shared_ptr<const MemtableOrder> MemtableOrderKeeper::UpTo(const MemtablePartition* newest) {
  const std::lock_guard lock(mutex_);
  // Another thread may have got further while this one waited for the lock.
  Partitions fresh;
  for (const MemtablePartition* partition = newest;
       partition != nullptr &&
       partition->number > (order_->newest == nullptr ? 0 : order_->newest->number);
       partition = partition->made_before) {
    const uint64_t before = partition->made_before == nullptr ? 0 : partition->made_before->number;
    CHECK(partition->number == before + 1, "partitions are numbered in the order of creation");
    fresh.emplace_back(partition);
  }
  if (fresh.empty()) return order_;
  std::sort(fresh.begin(), fresh.end());
  auto order = std::make_shared<MemtableOrder>(*order_);
  order->newest = newest;
  order->runs.push_back(std::make_shared<const Partitions>(std::move(fresh)));
  Settle(&order->runs);
  order_ = std::move(order);
  return order_;
}

OrderedWalk::OrderedWalk(std::shared_ptr<const MemtableOrder> order)
    : order_(std::move(order)), at_(order_->runs.size()) {}

void OrderedWalk::Seek(const InternalKey& key) {
  for (size_t i = 0; i < at_.size(); ++i) {
    const Partitions& run = *order_->runs[i];
    const auto found = std::partition_point(
        run.begin(), run.end(),
        [&key](const OrderedPartition& item) { return IsBefore(*item.partition, key.user_key); });
    at_[i] = static_cast<size_t>(found - run.begin());
  }
  FindFirst();
  if (node_ == nullptr) return;
  const EntryNode* const sought = (*order_->runs[run_])[at_[run_]].partition->list.Seek(key);
  node_ = sought;
  if (node_ != nullptr) return;
  ++at_[run_];
  FindFirst();
}

void OrderedWalk::Next() {
  CHECK(node_ != nullptr && run_ < at_.size());
  node_ = node_->next();
  if (node_ != nullptr) return;
  ++at_[run_];
  FindFirst();
}

// Moves to the first entry of the first partition that was not passed, if there is one.
void OrderedWalk::FindFirst() {
  constexpr size_t kAhead = 8;
  node_ = nullptr;
  const OrderedPartition* first = nullptr;
  for (size_t i = 0; i < at_.size(); ++i) {
    const Partitions& run = *order_->runs[i];
    if (at_[i] == run.size()) continue;
    const OrderedPartition& next = run[at_[i]];
    if (first != nullptr && !(next < *first)) continue;
    first = &next;
    run_ = i;
  }
  if (first == nullptr) return;
  const Partitions& run = *order_->runs[run_];
  if (at_[run_] + kAhead < run.size()) {
    Prefetch(run[at_[run_] + kAhead].partition, sizeof(MemtablePartition));
  }
  node_ = first->partition->list.First();
  CHECK(node_ != nullptr, "a partition is published with its first entry");
}

}  // namespace smile
