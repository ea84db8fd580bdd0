// For tests: an Engine and a ContentStore some of whose calls fail: a call has no effect and an
// error, or its effect and an error. Both pass the others on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "storage/content_store.h"
#include "storage/engine.h"
#include "tests/service/forwarding_engine.h"

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

class FaultyContentStore final : public ContentStore {
 public:
  FaultyContentStore(ContentStore* store, Faults* faults) : store_(store), faults_(faults) {}

  void Begin(UploadSpec spec, Done<Status> done) override {
    Change(std::move(done), [&](auto then) { store_->Begin(spec, std::move(then)); });
  }
  void Append(UploadPiece piece, Done<Status> done) override {
    Change(std::move(done), [&](auto then) { store_->Append(std::move(piece), std::move(then)); });
  }
  void Seal(ContentId id, Done<Status> done) override {
    Change(std::move(done), [&](auto then) { store_->Seal(id, std::move(then)); });
  }
  void Cancel(ContentId id, Done<Status> done) override {
    Change(std::move(done), [&](auto then) { store_->Cancel(id, std::move(then)); });
  }
  void Delete(ContentId id, Done<Status> done) override {
    Change(std::move(done), [&](auto then) { store_->Delete(id, std::move(then)); });
  }
  void Progress(ContentId id, Done<Result<UploadProgress>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->Progress(id, std::move(done));
  }
  void Digest(ContentId id, Done<Result<ContentInfo>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->Digest(id, std::move(done));
  }
  void Put(ContentToPut content, Done<Result<ContentId>> done) override {
    switch (faults_->Next()) {
      case Faults::Fate::kDone:
        return store_->Put(content, std::move(done));
      case Faults::Fate::kFails:
        return done(Faulty());
      case Faults::Fate::kDoneButFails:
        return store_->Put(content, [this, done = std::move(done)](const Result<ContentId>& id) {
          if (id.ok()) store_->Settle(*id, /*kept=*/false);
          done(Faulty());
        });
    }
  }
  void Settle(const ContentId& id, bool kept) override { store_->Settle(id, kept); }
  void FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->FindDoubtful(std::move(done));
  }
  void SettleDoubtful(uint32_t group, Done<Status> done) override {
    Change(std::move(done), [&](auto then) { store_->SettleDoubtful(group, std::move(then)); });
  }
  void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->Hash(bytes, source, std::move(done));
  }
  void Read(ContentRange range, Done<Result<ContentPiece>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->Read(range, std::move(done));
  }
  void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->List(after, limit, std::move(done));
  }
  void Stat(ContentId id, Done<Result<ContentInfo>> done) override {
    if (faults_->Next() != Faults::Fate::kDone) return done(Faulty());
    store_->Stat(id, std::move(done));
  }
  void Close() override {}

 private:
  template <class Call>
  void Change(Done<Status> done, const Call& call) {
    switch (faults_->Next()) {
      case Faults::Fate::kDone:
        return call(std::move(done));
      case Faults::Fate::kFails:
        return done(Faulty());
      case Faults::Fate::kDoneButFails:
        return call([done = std::move(done)](const Status&) { done(Faulty()); });
    }
  }

  ContentStore* const store_;
  Faults* const faults_;
};

}  // namespace smile::testing
