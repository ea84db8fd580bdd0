// The values that were used last, up to a number. Not for several threads at the same time.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <utility>

#include "base/check.h"

namespace smile {

template <class K, class V>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(size_t limit) : limit_(limit) { CHECK(limit > 0); }

  // Valid until the next call; null if it is not there.
  V* Find(const K& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    values_.splice(values_.begin(), values_, found->second);
    return &values_.front().second;
  }

  // The key is not there. Removes the value that was not used for the longest time.
  void Add(const K& key, V value) {
    values_.emplace_front(key, std::move(value));
    const bool is_new = index_.emplace(key, values_.begin()).second;
    CHECK(is_new);
    if (values_.size() > limit_) {
      index_.erase(values_.back().first);
      values_.pop_back();
    }
    CHECK(values_.size() == index_.size());
  }

  void Remove(const K& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    values_.erase(found->second);
    index_.erase(found);
  }

 private:
  using Values = std::list<std::pair<K, V>>;

  const size_t limit_;
  Values values_;  // the last used first
  std::map<K, typename Values::iterator> index_;
};

}  // namespace smile
