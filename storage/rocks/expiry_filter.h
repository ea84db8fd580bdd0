// Lets compactions drop records whose time is over.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <memory>

#include "base/clock.h"

namespace smile {

// The clock outlives the database that uses this.
class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ExpiryFilterFactory(const Clock* clock) : clock_(clock) {}

  const char* Name() const override { return "smile.ExpiryFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;

 private:
  const Clock* const clock_;
};

}  // namespace smile
