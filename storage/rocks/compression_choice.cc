#include "storage/rocks/compression_choice.h"

namespace smile {
namespace {

// zstd stays in use while it saves so much of what LZ4 leaves, and is used again from the second
// on: a table between them keeps what it has.
constexpr uint64_t kLeastSavedPercent = 20;
constexpr uint64_t kSavedPercentAgain = 25;

// When the estimates of a table are so many bytes, they count half from then on.
constexpr uint64_t kRemembered = 64 * CompressionChoice::kLeastBytes;

class FileListener final : public rocksdb::EventListener {
 public:
  explicit FileListener(CompressionChoice* choice) : choice_(choice) {}

  void OnTableFileCreated(const rocksdb::TableFileCreationInfo& info) override {
    const TableInfo* const table = FindTable(info.cf_name);
    if (table == nullptr || !info.status.ok()) return;
    const uint64_t lz4 = info.table_properties.fast_compression_estimated_data_size;
    const uint64_t zstd = info.table_properties.slow_compression_estimated_data_size;
    if (lz4 != zstd) choice_->Add(table->table, lz4, zstd);  // equal: no block was sampled
  }

 private:
  CompressionChoice* const choice_;
};

}  // namespace

std::shared_ptr<rocksdb::EventListener> CompressionChoice::MakeListener() {
  return std::make_shared<FileListener>(this);
}

void CompressionChoice::Add(Table table, uint64_t lz4_bytes, uint64_t zstd_bytes) {
  const std::lock_guard lock(mutex_);
  Estimate& estimate = estimates_[static_cast<size_t>(table)];
  if (estimate.lz4_bytes >= kRemembered) {
    estimate.lz4_bytes /= 2;
    estimate.zstd_bytes /= 2;
  }
  estimate.lz4_bytes += lz4_bytes;
  estimate.zstd_bytes += zstd_bytes;
}

bool CompressionChoice::PrefersLz4(Table table, bool is_lz4) const {
  const std::lock_guard lock(mutex_);
  const Estimate& estimate = estimates_[static_cast<size_t>(table)];
  const uint64_t least_saved = is_lz4 ? kSavedPercentAgain : kLeastSavedPercent;
  return estimate.lz4_bytes >= kLeastBytes &&
         estimate.zstd_bytes > estimate.lz4_bytes / 100 * (100 - least_saved);
}

void CompressionChoice::Update(rocksdb::DB* db,
                               std::span<rocksdb::ColumnFamilyHandle* const> families) const {
  for (const TableInfo& info : kTables) {
    rocksdb::ColumnFamilyHandle* const family = families[static_cast<size_t>(info.table)];
    const rocksdb::Options now = db->GetOptions(family);
    if (now.sample_for_compression == 0) continue;
    const bool is_lz4 = now.bottommost_compression == rocksdb::kLZ4Compression;
    const bool lz4 = PrefersLz4(info.table, is_lz4);
    if (lz4 == is_lz4) continue;
    (void)db->SetOptions(family, {{"bottommost_compression", lz4 ? "kLZ4Compression" : "kZSTD"}});
  }
}

}  // namespace smile
