// A server of this process for users, on memory, whose engine remembers what it was asked.
#pragma once

#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/hash.h"
#include "bench/smilebench/users.h"
#include "bench/smilebench/users_options.h"
#include "model/path.h"
#include "server/server.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_server.h"

namespace smile::bench {

class WatchedEngine final : public Engine {
 public:
  explicit WatchedEngine(Engine* engine) : engine_(engine) {}

  // The first write of each record is answered `overloaded`.
  void RefuseFirst() { refuse_first_ = true; }

  // Paths, in the order in which they were asked for, then cleared.
  std::vector<std::string> TakeReads() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reads_, {});
  }
  std::vector<std::string> TakeWrites() {
    const std::lock_guard lock(mutex_);
    return std::exchange(writes_, {});
  }

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override {
    const std::lock_guard lock(mutex_);
    reads_.push_back(FormatKey(key));
    return engine_->Peek(key, found);
  }
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override {
    const PartitionView partition = request.partition();
    const std::string path =
        FormatKey({partition.table, partition.id, request.mutations()[0].sort});
    {
      const std::lock_guard lock(mutex_);
      if (!refuse_first_ || !refused_.insert(path).second) {
        writes_.push_back(path);
        return engine_->Write(std::move(request), std::move(done));
      }
    }
    WriteReply reply;
    reply.status = {Code::kOverloaded, "come back later", 1};
    done(std::move(reply));
  }
  bool can_write_together() const override { return engine_->can_write_together(); }
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override {
    engine_->Read(std::move(request), std::move(done));
  }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    engine_->Scan(std::move(request), std::move(done));
  }
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override {
    engine_->List(std::move(request), std::move(done));
  }
  void Stats(std::function<void(EngineStats)> done) override {
    engine_->Stats([done = std::move(done)](EngineStats stats) {
      stats.emplace_back("storage.users.disk_bytes", 3'000);
      stats.emplace_back("storage.logins.disk_bytes", 1'000);
      done(std::move(stats));
    });
  }
  void Close() override { engine_->Close(); }

 private:
  Engine* const engine_;
  bool refuse_first_ = false;
  std::mutex mutex_;
  std::set<std::string> refused_;
  std::vector<std::string> reads_;
  std::vector<std::string> writes_;
};

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() {
    server_ = ServeOnLoopback(engine_, services_, server_clock_, log_);
    options_.server = server_->listening_on();
    options_.users = 300;
    options_.connections = 3;
    options_.depth = 4;
    options_.seconds = 0.05;
  }
  ~UsersTest() override { StopServer(); }

  void StopServer() {
    if (server_ == nullptr) return;
    server_->BeginDrain();
    while (!server_->drained()) std::this_thread::yield();
    engine_.Close();
    server_.reset();
  }

  // The value at the key; empty if there is none.
  Bytes ValueAt(const Key& key) {
    Bytes value;
    memory_.Peek(key.view(), [&](const RecordView& record) { value = record.value; });
    return value;
  }
  bool HasAllOf(uint64_t user) {
    Bytes login;
    Bytes profile;
    MakeLoginRecord(user, &login);
    MakeProfile(user, &profile);
    return ValueAt(LoginKeyOf(user)) == login && ValueAt(ProfileKeyOf(user)) == profile;
  }
  void Put(const Key& key, const Bytes& value) {
    MutationView put;
    put.sort = key.sort;
    put.checksum = Hash64(value);
    put.value = value;
    std::promise<WriteReply> reply;
    memory_.Write(WriteRequest(key.view().partition_view(), {put}, 0),
                  [&](WriteReply answer) { reply.set_value(std::move(answer)); });
    EXPECT_TRUE(reply.get_future().get().status.ok());
  }

  const SystemClock server_clock_;
  const Logger log_{LogLevel::kOff};
  const SystemClock client_clock_;
  MemoryEngine memory_{&server_clock_, MemoryEngine::Answers::kOnThread};
  WatchedEngine engine_{&memory_};
  MemoryServices services_{engine_, server_clock_};
  std::unique_ptr<Server> server_;
  UsersOptions options_;
};

}  // namespace smile::bench
