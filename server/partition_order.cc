#include "server/partition_order.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"

namespace smile {
namespace {

// Number of entries that have left after which they are removed from the front of a lane.
constexpr size_t kCompactAt = 64;

}  // namespace

bool PartitionOrder::NextMayRun(const Lane& lane) {
  CHECK(lane.granted < lane.entries.size());
  if (lane.running == 0) return true;
  CHECK(lane.granted > lane.first, "what runs was granted and has not left");
  return lane.entries[lane.granted - 1]->access == Access::kWrite &&
         lane.entries[lane.granted]->access == Access::kWrite;
}

bool PartitionOrder::Enter(Entry* entry, Access access, std::vector<uint64_t> partitions) {
  entry->access = access;
  entry->finished = false;
  entry->lanes_not_granted = 0;
  entry->lanes_not_first = 0;
  entry->partitions = std::move(partitions);
  if (kExpensiveChecks) {
    CHECK(std::is_sorted(entry->partitions.begin(), entry->partitions.end(), std::less_equal<>()),
          "sorted and unique");
  }
  for (const uint64_t partition : entry->partitions) {
    Lane& lane = lanes_[partition];
    if (lane.first < lane.entries.size()) ++entry->lanes_not_first;
    lane.entries.push_back(entry);
    if (lane.granted == lane.entries.size() - 1 && NextMayRun(lane)) {
      ++lane.granted;
      ++lane.running;
    } else {
      ++entry->lanes_not_granted;
    }
    CHECK(lane.first <= lane.granted && lane.granted <= lane.entries.size());
    CHECK(lane.running <= lane.granted - lane.first, "what runs was granted and has not left");
  }
  CHECK(entry->lanes_not_first <= entry->partitions.size() &&
        entry->lanes_not_granted <= entry->partitions.size());
  return entry->lanes_not_granted == 0;
}

const PartitionOrder::Freed& PartitionOrder::Finish(Entry* entry) {
  CHECK(entry->lanes_not_granted == 0 && !entry->finished);
  entry->finished = true;
  freed_.leave.clear();
  freed_.run.clear();
  for (const uint64_t partition : entry->partitions) {
    Lane& lane = lanes_.at(partition);
    CHECK(lane.running > 0, "an entry runs before it is finished");
    --lane.running;
    GrantFrom(&lane, &freed_.run);
  }
  if (entry->lanes_not_first == 0) Leave(entry, &freed_);
  return freed_;
}

void PartitionOrder::GrantFrom(Lane* lane, std::vector<Entry*>* run) {
  while (lane->granted < lane->entries.size()) {
    if (!NextMayRun(*lane)) return;
    Entry* const next = lane->entries[lane->granted];
    ++lane->granted;
    ++lane->running;
    CHECK(next->lanes_not_granted > 0 && !next->finished);
    if (--next->lanes_not_granted == 0) run->push_back(next);
  }
}

// Removes `entry` from its lanes, and the entries that only waited for it to leave.
void PartitionOrder::Leave(Entry* entry, Freed* freed) {
  freed->leave.push_back(entry);
  for (size_t i = freed->leave.size() - 1; i < freed->leave.size(); ++i) {
    for (const uint64_t partition : freed->leave[i]->partitions) {
      const auto found = lanes_.find(partition);
      CHECK(found != lanes_.end());
      Lane& lane = found->second;
      CHECK(lane.entries[lane.first] == freed->leave[i], "entries leave in their order");
      CHECK(lane.first < lane.granted, "an entry that leaves was granted");
      if (++lane.first == lane.entries.size()) {
        CHECK(lane.running == 0 && lane.granted == lane.entries.size(), "an empty lane is idle");
        lanes_.erase(found);
        continue;
      }
      Entry* const next = lane.entries[lane.first];
      CHECK(next->lanes_not_first > 0);
      if (--next->lanes_not_first == 0 && next->finished) freed->leave.push_back(next);
      if (lane.first == kCompactAt) {
        lane.entries.erase(lane.entries.begin(), lane.entries.begin() + kCompactAt);
        CHECK(lane.granted >= kCompactAt);
        lane.granted -= kCompactAt;
        lane.first = 0;
      }
    }
  }
}

}  // namespace smile
