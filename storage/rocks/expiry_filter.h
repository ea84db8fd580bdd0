// Drops expired records in compactions, limits::kExpiredRecordKeptMillis after they expired. Until
// then reads only hide them, so that a clock that was wrong for a while deletes nothing.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <memory>

#include "base/clock.h"
#include "storage/rocks/expiring_blobs.h"

namespace smile {

// The clock and `blobs` outlive the database that uses this.
class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  ExpiryFilterFactory(const Clock* clock, const ExpiringBlobs* blobs)
      : clock_(clock), blobs_(blobs) {}

  const char* Name() const override { return "smile.ExpiryFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;

 private:
  const Clock* const clock_;
  const ExpiringBlobs* const blobs_;
};

}  // namespace smile
