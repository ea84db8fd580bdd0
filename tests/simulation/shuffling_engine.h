// A memory engine that delays calls and executes them in a seeded random order, within the contract
// of Engine: writes to one partition keep their order.
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

  // Executes one waiting call. False if there is none.
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
