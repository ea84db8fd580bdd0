#include "storage/rocks/index_format.h"

#include <utility>

#include "base/check.h"

namespace smile {
namespace {

rocksdb::BlockBasedTableOptions Partitioned(rocksdb::BlockBasedTableOptions options) {
  options.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  options.partition_filters = true;
  return options;
}

// To RocksDB it is a factory of block-based tables: GetOptions returns those of whole indexes,
// which are not what RocksDB writes to its OPTIONS files. Its name is that of another class, to
// which nothing may cast it.
class IndexFormatFactory final : public rocksdb::TableFactory {
 public:
  IndexFormatFactory(const rocksdb::BlockBasedTableOptions& options, const IndexFormat* format)
      : format_(format),
        whole_(rocksdb::NewBlockBasedTableFactory(options)),
        partitioned_(rocksdb::NewBlockBasedTableFactory(Partitioned(options))) {}

  const char* Name() const override { return kBlockBasedTableName(); }
  const rocksdb::Customizable* Inner() const override { return whole_.get(); }
  std::string GetPrintableOptions() const override { return whole_->GetPrintableOptions(); }
  bool IsDeleteRangeSupported() const override { return whole_->IsDeleteRangeSupported(); }

  rocksdb::Status PrepareOptions(const rocksdb::ConfigOptions& options) override {
    rocksdb::Status status = whole_->PrepareOptions(options);
    return status.ok() ? partitioned_->PrepareOptions(options) : status;
  }
  rocksdb::Status ValidateOptions(const rocksdb::DBOptions& database,
                                  const rocksdb::ColumnFamilyOptions& family) const override {
    rocksdb::Status status = whole_->ValidateOptions(database, family);
    return status.ok() ? partitioned_->ValidateOptions(database, family) : status;
  }

  using TableFactory::NewTableReader;
  // A file says itself which kind it is, except for rebuilt ones, which are whole. RocksDB would
  // read all partitions of a file when it opens it.
  rocksdb::Status NewTableReader(const rocksdb::ReadOptions& read,
                                 const rocksdb::TableReaderOptions& options,
                                 std::unique_ptr<rocksdb::RandomAccessFileReader>&& file,
                                 uint64_t size, std::unique_ptr<rocksdb::TableReader>* table,
                                 bool prefetch) const override {
    return whole_->NewTableReader(read, options, std::move(file), size, table,
                                  prefetch && !format_->partitioned());
  }
  rocksdb::TableBuilder* NewTableBuilder(const rocksdb::TableBuilderOptions& options,
                                         rocksdb::WritableFileWriter* file) const override {
    const auto& factory = format_->partitioned() ? partitioned_ : whole_;
    return factory->NewTableBuilder(options, file);
  }

 private:
  const IndexFormat* const format_;
  const std::unique_ptr<rocksdb::TableFactory> whole_;
  const std::unique_ptr<rocksdb::TableFactory> partitioned_;
};

}  // namespace

void IndexFormat::Update(rocksdb::DB* db) {
  uint64_t bytes = 0;
  CHECK(db->GetAggregatedIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &bytes),
        "RocksDB knows the size of its files");
  partitioned_.store(bytes / kLargeData > block_cache_bytes_, std::memory_order_relaxed);
}

std::shared_ptr<rocksdb::TableFactory> MakeTableFactory(
    const rocksdb::BlockBasedTableOptions& options, const IndexFormat* format) {
  return std::make_shared<IndexFormatFactory>(options, format);
}

}  // namespace smile
