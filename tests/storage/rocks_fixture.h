// A RocksEngine that a test opens, closes and opens again, over a file system with faults.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "storage/rocks/rocks_seams.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/fault_file_system.h"

namespace smile::testing {

class RocksTest : public ::testing::Test {
 protected:
  RocksTest()
      : faults_(std::make_shared<FaultFileSystem>()), env_(rocksdb::NewCompositeEnv(faults_)) {
    options_.directory = around_.directory / "data";
  }
  ~RocksTest() override { Close(); }

  Result<std::unique_ptr<RocksEngine>> TryOpen() {
    return RocksSeams::Open(options_, &around_.clock, &around_.log, env_.get());
  }
  // The words of a refusal; empty, and the engine is open, if there was none.
  std::string OpenWords() {
    Result<std::unique_ptr<RocksEngine>> opened = TryOpen();
    if (!opened.ok()) return opened.status().message();
    engine_ = std::move(opened).value();
    return "";
  }
  void Open() { ASSERT_EQ(OpenWords(), ""); }
  void Close() { engine_.reset(); }
  void Reopen() {
    Close();
    Open();
  }

  BlockingEngine engine() { return BlockingEngine(engine_.get()); }
  rocksdb::DB* db() { return RocksSeams::Database(engine_.get()); }
  rocksdb::ColumnFamilyHandle* family(Table table) {
    return RocksSeams::Family(engine_.get(), table);
  }
  void Flush(Table table) {
    const UseGate::Use use = RocksSeams::Enter(engine_.get());
    ASSERT_TRUE(use);
    ASSERT_TRUE(db()->Flush({}, family(table)).ok());
  }
  void Compact(Table table) {
    const UseGate::Use use = RocksSeams::Enter(engine_.get());
    ASSERT_TRUE(use);
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(db()->CompactRange(options, family(table), nullptr, nullptr).ok());
  }
  // Of the files of a table, by their paths, which are in the order of their numbers.
  std::map<std::string, rocksdb::TableProperties> PropertiesOf(Table table) {
    rocksdb::TablePropertiesCollection found;
    EXPECT_TRUE(db()->GetPropertiesOfAllTables(family(table), &found).ok());
    std::map<std::string, rocksdb::TableProperties> files;
    for (const auto& [path, properties] : found) files.emplace(path, *properties);
    return files;
  }
  // Whether a write after a full disk was refused because RocksDB has to be opened again (no_space)
  // or is being opened (overloaded).
  static bool IsUntilOpened(Code code) {
    return code == Code::kNoSpace || code == Code::kOverloaded;
  }
  WriteReply PutOnceWritable(const Key& key, ByteView value) {
    for (;;) {
      WriteReply reply = engine().Put(key, value);
      if (!IsUntilOpened(reply.status.code())) return reply;
      std::this_thread::yield();
    }
  }
  // What a Peek says, and a PeekMany too.
  PeekResult Peek(const Key& key) {
    const KeyView view = key.view();
    PeekResult of_many = PeekResult::kUnknown;
    engine_->PeekMany({&view, 1}, [&](size_t, PeekResult result, const RecordView&) {
      of_many = result;
      return true;
    });
    const PeekResult result = engine_->Peek(view, [](const RecordView&) {});
    EXPECT_EQ(of_many, result);
    return result;
  }

  Surroundings around_;
  const std::shared_ptr<FaultFileSystem> faults_;
  const std::unique_ptr<rocksdb::Env> env_;
  RocksOptions options_;
  std::unique_ptr<RocksEngine> engine_;
};

}  // namespace smile::testing
