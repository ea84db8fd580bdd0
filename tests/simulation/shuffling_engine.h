// A memory engine that delays calls, executes them in a seeded random order and may fail them,
// within the contract of Engine: writes to one partition keep their order.
#pragma once

#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "storage/memory_engine.h"

namespace smile {

class ShufflingEngine final : public Engine {
 public:
  // Of the calls, so many fail: kOverloaded without an effect, and half of those that are writes
  // kOutcomeUnknown, with an effect or without.
  ShufflingEngine(const Clock* clock, uint64_t seed, double fault_probability)
      : random_(seed),
        fault_probability_(fault_probability),
        engine_(clock, MemoryEngine::Answers::kInline) {}

  // What is stored, with calls that are answered inline and do not fail.
  MemoryEngine& stored() { return engine_; }

  // Executes one waiting call. False if there is none.
  bool Step();

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override;
  bool PeekScan(const ScanRequest& request, FoundPage found) override;
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override;
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override;
  bool can_write_together() const override { return engine_.can_write_together(); }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override;
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override;
  void Stats(std::function<void(EngineStats)> done) override { engine_.Stats(std::move(done)); }
  uint64_t Observe(ChangeObserver* observer) override { return engine_.Observe(observer); }
  void Close() override { engine_.Close(); }

 private:
  struct Waiting {
    bool is_write = false;
    uint64_t partition = 0;  // of a write
    std::function<void()> task;
  };

  bool Fails() { return std::bernoulli_distribution(fault_probability_)(random_); }
  void Write(WriteRequest request, const std::function<void(WriteReply)>& done, bool fails);

  std::mt19937_64 random_;
  const double fault_probability_;
  MemoryEngine engine_;
  std::vector<Waiting> waiting_;
};

}  // namespace smile
