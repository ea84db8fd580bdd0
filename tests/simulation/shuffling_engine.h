// A memory engine that keeps its callers waiting and does what they asked in a seeded random order,
// as far as the contract of Engine lets it: only writes to one partition keep theirs.
#pragma once

#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "storage/memory_engine.h"

namespace smile {

class ShufflingEngine final : public Engine {
 public:
  ShufflingEngine(const Clock* clock, uint64_t seed)
      : random_(seed), engine_(clock, MemoryEngine::Answers::kInline) {}

  // Does one thing that waits. False: nothing does.
  bool Step();

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override;
  bool PeekScan(const ScanRequest& request, FoundPage found) override;
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override;
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override;
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override;
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override;
  void Stats(std::function<void(EngineStats)> done) override { engine_.Stats(std::move(done)); }
  void Close() override { engine_.Close(); }

 private:
  struct Waiting {
    bool is_write = false;
    uint64_t partition = 0;  // of a write
    std::function<void()> task;
  };

  std::mt19937_64 random_;
  MemoryEngine engine_;
  std::vector<Waiting> waiting_;
};

}  // namespace smile
