#include "storage/rocks/expiry_filter.h"

#include "storage/record_format.h"

namespace smile {
namespace {

// One compaction's; it sees one time from its beginning to its end.
class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  explicit ExpiryFilter(int64_t now_millis) : now_millis_(now_millis) {}

  const char* Name() const override { return "smile.ExpiryFilter"; }

  // What cannot be parsed is kept: to report it is the readers' part.
  Decision FilterV2(int /*level*/, const rocksdb::Slice& /*key*/, ValueType type,
                    const rocksdb::Slice& value, std::string* /*new_value*/,
                    std::string* /*skip_until*/) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const Result<RecordView> record = ParseRecord({value.data(), value.size()});
    return record.ok() && record->ExpiredAt(now_millis_) ? Decision::kRemove : Decision::kKeep;
  }

 private:
  const int64_t now_millis_;
};

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> ExpiryFilterFactory::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context& /*context*/) {
  return std::make_unique<ExpiryFilter>(clock_->WallMillis());
}

}  // namespace smile
