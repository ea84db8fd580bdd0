#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "storage/rocks/rebuilt_table.h"

namespace smile {
namespace {

// Of a cache through which partitions only pass.
constexpr size_t kOwnCacheBytes = 1 << 20;

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class RebuiltFile final : public rocksdb::FSRandomAccessFile {
 public:
  // `file`: null if it is missing.
  RebuiltFile(std::shared_ptr<const RebuiltTable> table, LostRecords lost,
              std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : table_(std::move(table)),
        pieces_(table_->Pieces(lost == LostRecords::kGivenUp)),
        file_(std::move(file)) {}

  IOStatus Read(uint64_t offset, size_t size, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    std::fill_n(scratch, size, '\0');
    *result = Slice(scratch, size);
    if (file_ != nullptr && offset < table_->data_end()) {
      Slice read;
      const size_t of_data = std::min<uint64_t>(size, table_->data_end() - offset);
      IOStatus status = file_->Read(offset, of_data, options, &read, scratch, debug);
      if (!status.ok()) return status;
      CHECK(read.size() <= of_data);
      if (read.data() != scratch) std::copy_n(read.data(), read.size(), scratch);
    }
    ApplyOverlays(pieces_, offset, size, scratch);
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<const RebuiltTable> table_;
  const std::vector<FileOverlay> pieces_;
  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
};

class RebuiltFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  RebuiltFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base,
                    std::shared_ptr<const RebuiltTables> tables, LostRecords lost)
      : FileSystemWrapper(base), tables_(std::move(tables)), lost_(lost) {}

  const char* Name() const override { return "smile.RebuiltFileSystem"; }

  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext* debug) override {
    IOStatus status = target()->NewRandomAccessFile(path, options, file, debug);
    std::shared_ptr<const RebuiltTable> table = tables_->Find(path);
    if (table == nullptr) return status;
    if (!status.ok()) file->reset();
    *file = std::make_unique<RebuiltFile>(std::move(table), lost_, std::move(*file));
    return IOStatus::OK();
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    const std::shared_ptr<const RebuiltTable> table = tables_->Find(path);
    if (table == nullptr) return target()->GetFileSize(path, options, size, debug);
    *size = table->size();
    return IOStatus::OK();
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    IOStatus status = target()->DeleteFile(path, options, debug);
    const bool was_missing = status.IsNotFound() || status.IsPathNotFound();
    return was_missing && tables_->Find(path) != nullptr ? IOStatus::OK() : status;
  }

 private:
  const std::shared_ptr<const RebuiltTables> tables_;
  const LostRecords lost_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> MakeRebuiltFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, std::shared_ptr<const RebuiltTables> tables,
    LostRecords lost) {
  return std::make_shared<RebuiltFileSystem>(base, std::move(tables), lost);
}

rocksdb::Status OpensWhole(const rocksdb::LiveFileMetaData& file, const rocksdb::Options& options) {
  uint64_t size = 0;
  rocksdb::Status status = options.env->GetFileSize(PathOf(file), &size);
  if (!status.ok()) return status;
  if (size != file.size) {
    return rocksdb::Status::Corruption(
        fmt::format("its size is {} bytes instead of {}", size, file.size));
  }
  // Whole ones are read when the file is opened because they are not cached, partitions because
  // they are.
  rocksdb::BlockBasedTableOptions own_cache;
  if (const auto* const used =
          options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>()) {
    own_cache = *used;
  }
  own_cache.block_cache = rocksdb::NewLRUCache(kOwnCacheBytes);
  own_cache.cache_index_and_filter_blocks = false;
  rocksdb::Options whole = options;
  whole.table_factory.reset(rocksdb::NewBlockBasedTableFactory(own_cache));
  rocksdb::SstFileReader reader(whole);
  status = reader.Open(PathOf(file));
  if (status.ok() && (reader.GetTableProperties() == nullptr ||
                      reader.GetTableProperties()->num_data_blocks == 0)) {
    status = rocksdb::Status::Corruption("its properties cannot be read");
  }
  return status;
}

}  // namespace smile
