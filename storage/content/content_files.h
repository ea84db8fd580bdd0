// The durable content store: one file for each content, one for each upload, in the folder content/
// of the data directory (content_format.h). Seal syncs the upload's file and renames it, so the
// bytes reach the disk once; Delete removes the file, so its space is free at once.
//
// Work runs on a few threads of the store; that of one upload one call after the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/content/sealed_content.h"
#include "storage/content/space_reservations.h"
#include "storage/content/upload_file.h"
#include "storage/content_store.h"
#include "storage/reader_pool.h"

namespace smile {

class ContentFiles final : public ContentStore {
 public:
  struct Options {
    std::string directory;  // created if it is missing; its parent must exist and be locked
    uint32_t threads = 2;
  };

  // kStorageFailed or kNoSpace, with a message for the operator. The clock outlives the store.
  static Result<std::unique_ptr<ContentFiles>> Open(const Options& options, const Clock* clock);
  ~ContentFiles() override;

  void Begin(UploadSpec spec, Done<Status> done) override;
  void Append(UploadPiece piece, Done<Status> done) override;
  void Progress(ContentId id, Done<Result<UploadProgress>> done) override;
  void Digest(ContentId id, Done<Result<ContentInfo>> done) override;
  void Seal(ContentId id, Done<Status> done) override;
  void Cancel(ContentId id, Done<Status> done) override;
  void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) override;
  void Read(ContentRange range, Done<Result<ContentPiece>> done) override;
  void Stat(ContentId id, Done<Result<ContentInfo>> done) override;
  void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) override;
  void Delete(ContentId id, Done<Status> done) override;
  std::vector<std::pair<std::string, uint64_t>> Stats() const override;
  void Close() override;

 private:
  struct Upload;
  class UploadJob;
  class ContentJob;
  // Work on an upload; `refused` is the reason why it does nothing but answer.
  using Step = std::function<void(Upload& upload, const Status& refused)>;
  struct WaitingStep {
    Step step;
    size_t bytes = 0;
  };
  struct Counts {
    std::atomic<uint64_t> appended_bytes{0};
    std::atomic<uint64_t> read_bytes{0};
    std::atomic<uint64_t> hashed_bytes{0};
    std::atomic<uint64_t> sealed{0};
    std::atomic<uint64_t> deleted{0};
    std::atomic<uint64_t> rejected{0};  // kOverloaded or kNoSpace
    std::atomic<uint64_t> failed{0};    // kStorageFailed or kCorrupt
  };

  ContentFiles(const Options& options, const Clock* clock);
  Status Prepare();
  void Enqueue(const ContentId& id, uint64_t source, size_t bytes, Step step);
  bool TryWait(size_t bytes);
  void EndWait(size_t bytes);
  bool RunStep(const std::shared_ptr<Upload>& upload);
  void RefuseSteps(const std::shared_ptr<Upload>& upload, const Status& why);
  void DropIdleUploads();
  Status OpenFile(Upload* upload) const;
  Status BeginOn(Upload* upload, const UploadSpec& spec);
  Status AppendOn(Upload* upload, const UploadPiece& piece);
  Status SealOn(Upload* upload);
  Status CancelOn(Upload* upload);
  void Submit(uint64_t source, std::function<void(const Status& refused)> work);
  // Counts the outcome of a call.
  const Status& Count(const Status& outcome);

  const std::string uploads_;  // directory
  SealedContents contents_;
  SpaceReservations space_;
  Counts counts_;
  std::atomic<uint64_t> waiting_bytes_{0};  // of pieces
  mutable std::mutex mutex_;
  // Uploads that were used since the start, at most limits::kMaxOpenUploads of them idle.
  std::map<ContentId, std::shared_ptr<Upload>> open_;
  uint64_t uses_ = 0;
  ReaderPool pool_;
};

}  // namespace smile
