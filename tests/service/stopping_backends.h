// For tests: an Engine and a ContentStore that stop after a number of calls, as a process that
// crashes does: further calls have no effect and are answered kShuttingDown. A new pair on the same
// backends is the process after its restart.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "storage/content_store.h"
#include "storage/engine.h"
#include "tests/service/forwarding_engine.h"

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

class StoppingContentStore final : public ContentStore {
 public:
  StoppingContentStore(ContentStore* store, CallBudget* budget) : store_(store), budget_(budget) {}

  void Begin(UploadSpec spec, Done<Status> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Begin(spec, std::move(done));
  }
  void Append(UploadPiece piece, Done<Status> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Append(std::move(piece), std::move(done));
  }
  void Progress(ContentId id, Done<Result<UploadProgress>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Progress(id, std::move(done));
  }
  void Digest(ContentId id, Done<Result<ContentInfo>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Digest(id, std::move(done));
  }
  void Seal(ContentId id, Done<Status> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Seal(id, std::move(done));
  }
  void Cancel(ContentId id, Done<Status> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Cancel(id, std::move(done));
  }
  void Put(ContentToPut content, Done<Result<ContentId>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Put(content, std::move(done));
  }
  void Settle(const ContentId& id, bool kept) override {
    if (budget_->Take()) store_->Settle(id, kept);
  }
  void FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->FindDoubtful(std::move(done));
  }
  void SettleDoubtful(uint32_t group, Done<Status> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->SettleDoubtful(group, std::move(done));
  }
  void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Hash(bytes, source, std::move(done));
  }
  void Read(ContentRange range, Done<Result<ContentPiece>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Read(range, std::move(done));
  }
  void Stat(ContentId id, Done<Result<ContentInfo>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Stat(id, std::move(done));
  }
  void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->List(after, limit, std::move(done));
  }
  void Delete(ContentId id, Done<Status> done) override {
    if (!budget_->Take()) return done(Stopped());
    store_->Delete(id, std::move(done));
  }
  void Close() override {}

 private:
  ContentStore* const store_;
  CallBudget* const budget_;
};

}  // namespace smile::testing
