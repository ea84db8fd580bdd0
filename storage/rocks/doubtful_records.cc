#include "storage/rocks/doubtful_records.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "storage/key_encoding.h"

namespace smile {
namespace {

constexpr size_t kWriteBufferBytes = size_t{16} << 20;
constexpr int kMaxOpenFiles = 64;

Status Failed(const std::string& path, const std::string& why) {
  return {Code::kStorageFailed,
          fmt::format("{} cannot be used: {}; it holds records that may be outdated, until the "
                      "repair ends; if the disk is full, free some space",
                      path, why)};
}

}  // namespace

void DoubtfulRecords::RemoveLeftOver(const std::string& path) {
  std::error_code ignored;  // Make fails
  std::filesystem::remove_all(path, ignored);
}

Result<std::unique_ptr<DoubtfulRecords>> DoubtfulRecords::Make(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_open_files = kMaxOpenFiles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path, &db);
  if (!status.ok()) return Failed(path, status.ToString());
  return std::unique_ptr<DoubtfulRecords>(new DoubtfulRecords(path, db));
}

DoubtfulRecords::~DoubtfulRecords() {
  db_.reset();
  RemoveLeftOver(path_);
}

void DoubtfulRecords::Add(Table table, ByteView encoded, ByteView line) {
  if (!failure_.ok()) return;
  const Bytes key = KeyInTable(table, encoded);
  std::string found;
  rocksdb::Status status = db_->Get({}, key, &found);
  if (status.ok()) return;
  if (status.IsNotFound()) {
    rocksdb::WriteOptions without_log;
    without_log.disableWAL = true;
    status = db_->Put(without_log, key, line);
  }
  if (status.ok()) ++count_;
  failure_ = status;
}

Status DoubtfulRecords::ForEach(uint64_t limit, Use use) const {
  if (!failure_.ok()) return Failed(path_, failure_.ToString());
  const std::unique_ptr<rocksdb::Iterator> entry(db_->NewIterator({}));
  for (entry->SeekToFirst(); entry->Valid() && limit > 0; entry->Next(), --limit) {
    const ByteView key = entry->key().ToStringView();
    CHECK(!key.empty(), "a key begins with its table");
    SMILE_TRY(use(static_cast<Table>(key[0]), key.substr(1), entry->value().ToStringView()));
  }
  return entry->status().ok() ? Status() : Failed(path_, entry->status().ToString());
}

}  // namespace smile
