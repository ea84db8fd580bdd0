// For tests: the calls of a ContentStore, each of which waits for its answer.
#pragma once

#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "storage/content_store.h"

namespace smile::testing {

class BlockingContent {
 public:
  explicit BlockingContent(ContentStore* store) : store_(store) {}

  Status Begin(const UploadSpec& spec) {
    return Wait<Status>([&](auto done) { store_->Begin(spec, std::move(done)); });
  }
  Status Append(const ContentId& id, uint64_t offset, const Bytes& bytes) {
    return Wait<Status>([&](auto done) {
      store_->Append({.id = id, .offset = offset, .bytes = bytes, .checksum = Hash64(bytes)},
                     std::move(done));
    });
  }
  Result<UploadProgress> Progress(const ContentId& id) {
    return Wait<Result<UploadProgress>>([&](auto done) { store_->Progress(id, std::move(done)); });
  }
  Result<ContentInfo> Digest(const ContentId& id) {
    return Wait<Result<ContentInfo>>([&](auto done) { store_->Digest(id, std::move(done)); });
  }
  Status Seal(const ContentId& id) {
    return Wait<Status>([&](auto done) { store_->Seal(id, std::move(done)); });
  }
  Status Cancel(const ContentId& id) {
    return Wait<Status>([&](auto done) { store_->Cancel(id, std::move(done)); });
  }
  Result<ContentId> Put(const Bytes& bytes) {
    return Wait<Result<ContentId>>([&](auto done) {
      store_->Put({.bytes = bytes, .checksum = Hash64(bytes), .sha256 = Sha256::Of(bytes)},
                  std::move(done));
    });
  }
  Result<std::optional<DoubtfulContents>> FindDoubtful() {
    return Wait<Result<std::optional<DoubtfulContents>>>(
        [&](auto done) { store_->FindDoubtful(std::move(done)); });
  }
  Status SettleDoubtful(uint32_t group) {
    return Wait<Status>([&](auto done) { store_->SettleDoubtful(group, std::move(done)); });
  }
  Result<Sha256Digest> Hash(ByteView bytes) {
    return Wait<Result<Sha256Digest>>([&](auto done) { store_->Hash(bytes, 0, std::move(done)); });
  }
  Result<ContentPiece> Read(const ContentId& id, uint64_t offset, uint32_t size) {
    return Read({.id = id, .offset = offset, .size = size});
  }
  Result<ContentPiece> Read(const ContentRange& range) {
    return Wait<Result<ContentPiece>>([&](auto done) { store_->Read(range, std::move(done)); });
  }
  Result<ContentInfo> Stat(const ContentId& id) {
    return Wait<Result<ContentInfo>>([&](auto done) { store_->Stat(id, std::move(done)); });
  }
  Result<std::vector<ContentId>> List(const ContentId& after, uint32_t limit) {
    return Wait<Result<std::vector<ContentId>>>(
        [&](auto done) { store_->List(after, limit, std::move(done)); });
  }
  Status Delete(const ContentId& id) {
    return Wait<Status>([&](auto done) { store_->Delete(id, std::move(done)); });
  }

 private:
  template <class T, class Call>
  static T Wait(const Call& call) {
    std::promise<T> promise;
    call([&promise](T answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }

  ContentStore* const store_;
};

}  // namespace smile::testing
