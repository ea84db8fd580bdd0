// For tests: an Engine and a ContentStore some of whose calls fail: a call has no effect and an
// error, or its effect and an error. Both pass the others on.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "storage/engine.h"
#include "tests/service/forwarding_engine.h"
#include "tests/service/intercepting_content_store.h"

namespace smile::testing {

// Which calls fail: shared by the backends of a process. One thread.
class Faults {
 public:
  enum class Fate : uint8_t { kDone, kFails, kDoneButFails };

  // After `allowed` calls, `failing` ones fail; the others do not.
  void Plan(int64_t allowed, int64_t failing, Fate fate) {
    first_ = calls_ + allowed;
    end_ = first_ + failing;
    fate_ = fate;
  }
  void Clear() { Plan(0, 0, Fate::kDone); }
  // While it is full the engine takes only writes that free space.
  void SetFull(bool full) { full_ = full; }
  bool full() const { return full_; }
  Fate Next() {
    const int64_t call = calls_++;
    if (call < first_ || call >= end_) return Fate::kDone;
    ++count_;
    return fate_;
  }
  // How many calls failed.
  int64_t count() const { return count_; }

 private:
  int64_t calls_ = 0;
  int64_t first_ = 0;
  int64_t end_ = 0;
  Fate fate_ = Fate::kDone;
  int64_t count_ = 0;
  bool full_ = false;
};

inline Status Faulty() {
  return {Code::kOutcomeUnknown, "failed by the test"};
}

class FaultyEngine final : public ForwardingEngine {
 public:
  FaultyEngine(Engine* engine, Faults* faults) : ForwardingEngine(engine), faults_(faults) {}

  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    engine().Read(std::move(request), std::move(done));
  }
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override {
    const auto fail = [](const auto& to) { to({.status = Faulty(), .versions = {}}); };
    if (faults_->full() && !request.frees_space()) {
      return done({.status = {Code::kNoSpace, "full by the test"}, .versions = {}});
    }
    switch (faults_->Next()) {
      case Faults::Fate::kDone:
        return engine().Write(std::move(request), std::move(done));
      case Faults::Fate::kFails:
        return fail(done);
      case Faults::Fate::kDoneButFails:
        return engine().Write(std::move(request),
                              [fail, done = std::move(done)](const WriteReply&) { fail(done); });
    }
  }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    engine().Scan(std::move(request), std::move(done));
  }

 private:
  Faults* const faults_;
};

class FaultyContentStore final : public InterceptingContentStore {
 public:
  FaultyContentStore(ContentStore* store, Faults* faults)
      : InterceptingContentStore(store), faults_(faults) {}

 private:
  Verdict Decide() override {
    const Faults::Fate fate = faults_->Next();
    if (fate == Faults::Fate::kDone) return {};
    return {.answer = Faulty(), .has_effect = fate == Faults::Fate::kDoneButFails};
  }

  Faults* const faults_;
};

}  // namespace smile::testing
