// Content in memory: the oracle of the tests, simple enough to be obviously correct. Nothing is
// durable. Operations run, and answer, before the call returns.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "storage/content_store.h"

namespace smile {

class MemoryContentStore final : public ContentStore {
 public:
  void Begin(UploadSpec spec, Done<Status> done) override;
  void Append(UploadPiece piece, Done<Status> done) override;
  void Progress(ContentId id, Done<Result<UploadProgress>> done) override;
  void Digest(ContentId id, Done<Result<ContentInfo>> done) override;
  void Seal(ContentId id, Done<Status> done) override;
  void Cancel(ContentId id, Done<Status> done) override;
  void Put(ContentToPut content, Done<Result<ContentId>> done) override;
  void Settle(const ContentId& id, bool kept) override;
  void FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) override;
  void SettleDoubtful(uint32_t group, Done<Status> done) override;
  void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) override;
  void Read(ContentRange range, Done<Result<ContentPiece>> done) override;
  void Stat(ContentId id, Done<Result<ContentInfo>> done) override;
  void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) override;
  void Delete(ContentId id, Done<Status> done) override;
  void Close() override;

  // As after a crash: nobody will settle what is not settled.
  void ForgetCallers();

  // Uploads and contents that are there, for tests of what is left behind.
  size_t upload_count() const;
  size_t content_count() const;

 private:
  struct Upload {
    UploadSpec spec;
    std::map<uint64_t, Bytes> pieces;  // by offset
  };

  template <class Operation>
  auto Locked(const Operation& operation) const;
  Status BeginNow(const UploadSpec& spec);
  Status AppendNow(const UploadPiece& piece);
  Result<UploadProgress> ProgressNow(const ContentId& id) const;
  Result<Bytes> Join(const ContentId& id) const;
  Result<ContentPiece> ReadNow(const ContentRange& range) const;

  mutable std::mutex mutex_;
  std::map<ContentId, Upload> uploads_;
  std::map<ContentId, Bytes> contents_;
  std::set<ContentId> unsettled_;
  std::set<ContentId> doubtful_;
  uint64_t puts_ = 0;
  bool closed_ = false;
};

}  // namespace smile
