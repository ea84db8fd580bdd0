#include "storage/rocks/expiry_filter.h"

#include "base/limits.h"
#include "storage/record_format.h"

namespace smile {
namespace {

// For one compaction, which uses the same time from its beginning to its end.
class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  ExpiryFilter(int64_t dropped_before, bool some_blobs_may_be_dropped)
      : dropped_before_(dropped_before), some_blobs_may_be_dropped_(some_blobs_may_be_dropped) {}

  const char* Name() const override { return "smile.ExpiryFilter"; }

  // For values in blob files. If undetermined, RocksDB reads the value and calls FilterV2.
  Decision FilterBlobByKey(int /*level*/, const rocksdb::Slice& /*key*/, std::string* /*new_value*/,
                           std::string* /*skip_until*/) const override {
    return some_blobs_may_be_dropped_ ? Decision::kUndetermined : Decision::kKeep;
  }

  // Records that cannot be parsed are kept; reads report them.
  Decision FilterV2(int /*level*/, const rocksdb::Slice& /*key*/, ValueType type,
                    const rocksdb::Slice& value, std::string* /*new_value*/,
                    std::string* /*skip_until*/) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const Result<RecordView> record = ParseRecord({value.data(), value.size()});
    return record.ok() && record->ExpiredAt(dropped_before_) ? Decision::kRemove : Decision::kKeep;
  }

 private:
  const int64_t dropped_before_;
  const bool some_blobs_may_be_dropped_;
};

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> ExpiryFilterFactory::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context& /*context*/) {
  const int64_t dropped_before = clock_->WallMillis() - limits::kExpiredRecordKeptMillis;
  return std::make_unique<ExpiryFilter>(dropped_before, blobs_->MayHaveExpiredBy(dropped_before));
}

}  // namespace smile
