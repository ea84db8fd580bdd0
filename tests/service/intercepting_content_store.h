// For tests: a ContentStore that passes calls on to another, each as a subclass decides. Settle is
// passed on, what is in memory is not known to it, and Close does nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "storage/content_store.h"

namespace smile::testing {

class InterceptingContentStore : public ContentStore {
 public:
  // `store` outlives it.
  explicit InterceptingContentStore(ContentStore* store) : store_(store) {}

  void Begin(UploadSpec spec, Done<Status> done) override {
    Pass(std::move(done), [&](auto then) { store_->Begin(spec, std::move(then)); });
  }
  void Append(UploadPiece piece, Done<Status> done) override {
    Pass(std::move(done), [&](auto then) { store_->Append(std::move(piece), std::move(then)); });
  }
  void Progress(ContentId id, Done<Result<UploadProgress>> done) override {
    Pass(std::move(done), [&](auto then) { store_->Progress(id, std::move(then)); });
  }
  void Digest(ContentId id, Done<Result<ContentInfo>> done) override {
    Pass(std::move(done), [&](auto then) { store_->Digest(id, std::move(then)); });
  }
  void Seal(ContentId id, Done<Status> done) override {
    Pass(std::move(done), [&](auto then) { store_->Seal(id, std::move(then)); });
  }
  void Cancel(ContentId id, Done<Status> done) override {
    Pass(std::move(done), [&](auto then) { store_->Cancel(id, std::move(then)); });
  }
  void Put(ContentToPut content, Done<Result<ContentId>> done) override {
    Pass(std::move(done), [&](auto then) { store_->Put(content, std::move(then)); });
  }
  void Settle(const ContentId& id, bool kept) override { store_->Settle(id, kept); }
  void FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) override {
    Pass(std::move(done), [&](auto then) { store_->FindDoubtful(std::move(then)); });
  }
  void SettleDoubtful(uint32_t group, Done<Status> done) override {
    Pass(std::move(done), [&](auto then) { store_->SettleDoubtful(group, std::move(then)); });
  }
  void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) override {
    Pass(std::move(done), [&](auto then) { store_->Hash(bytes, source, std::move(then)); });
  }
  void Read(ContentRange range, Done<Result<ContentPiece>> done) override {
    Pass(std::move(done), [&](auto then) { store_->Read(range, std::move(then)); });
  }
  void Stat(ContentId id, Done<Result<ContentInfo>> done) override {
    Pass(std::move(done), [&](auto then) { store_->Stat(id, std::move(then)); });
  }
  void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) override {
    Pass(std::move(done), [&](auto then) { store_->List(after, limit, std::move(then)); });
  }
  void Delete(ContentId id, Done<Status> done) override {
    Pass(std::move(done), [&](auto then) { store_->Delete(id, std::move(then)); });
  }
  void Close() override {}

 protected:
  // What becomes of a call.
  struct Verdict {
    Status answer;            // if not ok, instead of the store's
    bool has_effect = false;  // although it is answered so
  };

  ContentStore& store() const { return *store_; }

 private:
  virtual Verdict Decide() = 0;

  template <class T, class Call>
  void Pass(Done<T> done, const Call& call) {
    const Verdict verdict = Decide();
    if (verdict.answer.ok()) return call(std::move(done));
    if (!verdict.has_effect) return done(verdict.answer);
    call([this, answer = verdict.answer, done = std::move(done)](const T& hidden) {
      Hide(hidden);
      done(answer);
    });
  }
  // The caller does not learn of an effect.
  template <class T>
  void Hide(const T&) {}
  void Hide(const Result<ContentId>& put) {
    if (put.ok()) store_->Settle(*put, /*kept=*/false);
  }

  ContentStore* const store_;
};

}  // namespace smile::testing
