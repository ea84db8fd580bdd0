#include "bench/smilebench/rocks_driver.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/coding.h"
#include "bench/smilebench/process.h"
#include "bench/smilebench/workload.h"
#include "storage/rocks/rocks_engine.h"

namespace smile::bench {
namespace {

constexpr double kBitsPerKey = 10;  // of the filters

rocksdb::Options DatabaseOptions() {
  const RocksOptions smiled;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(smiled.block_cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBitsPerKey));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = smiled.write_buffer_bytes / 2;
  options.level_compaction_dynamic_level_bytes = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// Adds to *seconds what its thread uses while this lives.
class CpuMeter {
 public:
  explicit CpuMeter(double* seconds) : seconds_(seconds), start_(OwnThreadCpuSeconds()) {}
  ~CpuMeter() { *seconds_ += OwnThreadCpuSeconds() - start_; }
  CpuMeter(const CpuMeter&) = delete;
  CpuMeter& operator=(const CpuMeter&) = delete;

 private:
  double* const seconds_;
  const double start_;
};

Bytes PrefixOf(uint64_t author) {
  Bytes prefix("p:");
  AppendBig(&prefix, author);
  return prefix;
}

Status StatusOf(const rocksdb::Status& status) {
  if (status.ok()) return {};
  return {status.IsNotFound() ? Code::kNotFound : Code::kStorageFailed, status.ToString()};
}

}  // namespace

void RocksDriver::Due::Clear() {
  pings.clear();
  gets.clear();
  keys.clear();
  puts.clear();
  batch.Clear();
  scans.clear();
}

Result<std::unique_ptr<Driver>> RocksDriver::Open(const BenchOptions& options,
                                                  const DriverParts& parts) {
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(DatabaseOptions(), options.target.directory, &opened);
  std::unique_ptr<rocksdb::DB> database(opened);
  if (!status.ok()) return StatusOf(status);
  return std::unique_ptr<Driver>(new RocksDriver(options, parts, std::move(database)));
}

RocksDriver::RocksDriver(const BenchOptions& options, const DriverParts& parts,
                         std::unique_ptr<rocksdb::DB> database)
    : posts_per_author_(InfoOf(options.workload).posts_per_author),
      loop_(parts.loop),
      events_(parts.events),
      database_(std::move(database)) {}

std::string RocksDriver::KeyOf(uint64_t number) const {
  if (posts_per_author_ == 0) return fmt::format("u:{:014}", number);
  Bytes key = PrefixOf(number / posts_per_author_);
  AppendBig(&key, ~(number % posts_per_author_));
  return key;
}

void RocksDriver::Start(uint32_t /*connection*/, uint32_t slot, const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kPing:
      due_.pings.push_back(slot);
      return;
    case OperationKind::kGet:
      due_.gets.push_back({slot, 1});
      due_.keys.push_back(KeyOf(operation.number));
      return;
    case OperationKind::kMGet:
      due_.gets.push_back({slot, operation.numbers.size()});
      for (const uint64_t number : operation.numbers) due_.keys.push_back(KeyOf(number));
      return;
    case OperationKind::kPut:
      due_.puts.push_back(slot);
      due_.batch.Put(KeyOf(operation.number), operation.value);
      return;
    case OperationKind::kScan:
      due_.scans.push_back({slot, operation.number, operation.limit});
      return;
  }
}

void RocksDriver::Flush() {
  if (due_.empty()) return;
  std::swap(due_, doing_);
  DoPings();
  DoPuts();
  DoGets();
  DoScans();
  doing_.Clear();
  // Nothing else would wake the loop for what the answers have started.
  if (!due_.empty()) loop_->Post([] {});
}

void RocksDriver::DoPings() {
  for (const uint32_t slot : doing_.pings) events_->OnAnswer(slot, {}, {});
}

void RocksDriver::DoPuts() {
  if (doing_.puts.empty()) return;
  rocksdb::WriteOptions options;
  options.sync = true;
  Status status;
  {
    const CpuMeter meter(&cpu_seconds_);
    status = StatusOf(database_->Write(options, &doing_.batch));
  }
  for (const uint32_t slot : doing_.puts) events_->OnAnswer(slot, status, {});
}

void RocksDriver::DoGets() {
  const size_t count = doing_.keys.size();
  if (count == 0) return;
  const std::vector<rocksdb::Slice> keys(doing_.keys.begin(), doing_.keys.end());
  std::vector<rocksdb::PinnableSlice> pinned(count);
  std::vector<rocksdb::Status> statuses(count);
  {
    const CpuMeter meter(&cpu_seconds_);
    database_->MultiGet({}, database_->DefaultColumnFamily(), count, keys.data(), pinned.data(),
                        statuses.data());
  }
  std::vector<ByteView> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = {pinned[i].data(), pinned[i].size()};
  size_t first = 0;
  for (const Get& get : doing_.gets) {
    Status status;
    for (size_t i = first; i < first + get.keys && status.ok(); ++i) status = StatusOf(statuses[i]);
    events_->OnAnswer(get.slot, status, {.values = std::span(values).subspan(first, get.keys)});
    first += get.keys;
  }
}

void RocksDriver::DoScans() {
  for (const Scan& scan : doing_.scans) DoScan(scan);
}

void RocksDriver::DoScan(const Scan& scan) {
  const Bytes prefix = PrefixOf(scan.author);
  std::vector<Bytes> found;
  std::vector<uint64_t> posts;
  auto meter = std::make_optional<CpuMeter>(&cpu_seconds_);
  const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator({}));
  for (iterator->Seek(prefix); iterator->Valid() && found.size() < scan.limit; iterator->Next()) {
    const ByteView key(iterator->key().data(), iterator->key().size());
    if (!key.starts_with(prefix) || key.size() != prefix.size() + sizeof(uint64_t)) break;
    posts.push_back(~LoadBig<uint64_t>(key.data() + prefix.size()));
    found.emplace_back(iterator->value().data(), iterator->value().size());
  }
  meter.reset();
  const std::vector<ByteView> values(found.begin(), found.end());
  events_->OnAnswer(scan.slot, StatusOf(iterator->status()), {.values = values, .posts = posts});
}

}  // namespace smile::bench
