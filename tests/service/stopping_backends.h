// For tests: an Engine and a ContentStore that stop after a number of calls, as a process that
// crashes does: further calls have no effect and are answered kShuttingDown. A new pair on the same
// backends is the process after its restart.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "storage/engine.h"
#include "tests/service/forwarding_engine.h"
#include "tests/service/intercepting_content_store.h"

namespace smile::testing {

// Calls that are still allowed. Shared by the backends of a process.
class CallBudget {
 public:
  explicit CallBudget(int64_t calls) : calls_(calls), left_(calls) {}
  bool Take() { return left_.fetch_sub(1) > 0; }
  int64_t used() const { return calls_ - left_.load(); }
  // Whether a call was refused.
  bool stopped() const { return left_.load() < 0; }

 private:
  const int64_t calls_;
  std::atomic<int64_t> left_;
};

inline Status Stopped() {
  return {Code::kShuttingDown, "stopped by the test"};
}

class StoppingEngine final : public ForwardingEngine {
 public:
  StoppingEngine(Engine* engine, CallBudget* budget, bool writes_together)
      : ForwardingEngine(engine), budget_(budget), writes_together_(writes_together) {}

  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override {
    if (!budget_->Take()) return done(Stopped());
    engine().Read(std::move(request), std::move(done));
  }
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override {
    if (!budget_->Take()) return done({.status = Stopped(), .versions = {}});
    engine().Write(std::move(request), std::move(done));
  }
  bool can_write_together() const override { return writes_together_; }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    if (!budget_->Take()) return done(Stopped());
    engine().Scan(std::move(request), std::move(done));
  }

 private:
  CallBudget* const budget_;
  const bool writes_together_;
};

class StoppingContentStore final : public InterceptingContentStore {
 public:
  StoppingContentStore(ContentStore* store, CallBudget* budget)
      : InterceptingContentStore(store), budget_(budget) {}

  void Settle(const ContentId& id, bool kept) override {
    if (budget_->Take()) store().Settle(id, kept);
  }

 private:
  Verdict Decide() override { return {.answer = budget_->Take() ? Status() : Stopped()}; }

  CallBudget* const budget_;
};

}  // namespace smile::testing
