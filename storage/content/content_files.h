// The durable content store: one file for each content, one for each upload, in the folder content/
// of the data directory (content_format.h). Seal syncs the upload's file and renames it, so the
// bytes reach the disk once; Delete removes the file, so its space is free at once. What is put at
// once lies in segments (segments.h).
//
// Work runs on a few threads of the store; that of one upload one call after the other. A call that
// has to read what an upload has, to find what a crash lost or to hash it, does so in slices of
// about kUploadSliceBytes: between two of them other sources have their turns, and Close() ends it.
// What was read stays done, so a repeated call goes on.
//
// At most limits::kMaxOpenUploads uploads that nobody works on keep their files open, two each. Of
// the others the store remembers what has arrived and the state of the digest, so that a piece of
// one reads nothing again; all of it is read once, before it is sealed. That takes up to
// Options::closed_upload_bytes of memory, enough for about 30,000 uploads of a GiB. Over that,
// those that were not used for the longest time are forgotten, as all are with the process; such an
// upload is read once when it is used again.
//
// content_files_steps.cc is how the calls for an upload wait and run.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "storage/content/sealed_content.h"
#include "storage/content/segments.h"
#include "storage/content/space_reservations.h"
#include "storage/content/upload_file.h"
#include "storage/content_store.h"
#include "storage/reader_pool.h"

namespace smile {

// Bytes of an upload that are read again in one slice.
inline constexpr uint64_t kUploadSliceBytes = uint64_t{4} << 20;

class ContentFiles final : public ContentStore {
 public:
  struct Options {
    std::string directory;  // created if it is missing; its parent must exist and be locked
    uint32_t threads = 2;
    uint64_t closed_upload_bytes = uint64_t{64} << 20;
    uint64_t segment_bytes = limits::kSegmentBytes;
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
  void Put(ContentToPut content, Done<Result<ContentId>> done) override;
  void Settle(const ContentId& id, bool kept) override;
  void FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) override;
  void SettleDoubtful(uint32_t group, Done<Status> done) override;
  void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) override;
  void Read(ContentRange range, Done<Result<ContentPiece>> done) override;
  std::optional<ContentPiece> Peek(const ContentRange& range) override;
  void Stat(ContentId id, Done<Result<ContentInfo>> done) override;
  void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) override;
  void Delete(ContentId id, Done<Status> done) override;
  std::vector<std::pair<std::string, uint64_t>> Stats() const override;
  void Close() override;

 private:
  struct Upload;
  class UploadJob;
  class ContentJob;
  // What has been read of an upload before a step runs.
  enum class Need : uint8_t {
    kNothing,
    kFile,    // it is open, and what a crash lost is known
    kHashed,  // the same, and it is hashed if it is complete
  };
  // Work on an upload, after it has what it needs. `why`: if not ok, the step does nothing but
  // answer with it.
  using Step = std::function<void(Upload& upload, const Status& why)>;
  struct StepNeeds {
    Need need = Need::kNothing;
    size_t bytes = 0;       // of a piece
    CallContext call = {};  // its deadline and source; source 0: that of the upload
  };
  struct WaitingStep {
    Step step;
    StepNeeds needs;
  };
  struct Counts {
    std::atomic<uint64_t> appended_bytes{0};
    std::atomic<uint64_t> read_bytes{0};
    std::atomic<uint64_t> hashed_bytes{0};
    std::atomic<uint64_t> reread_bytes{0};
    std::atomic<uint64_t> sealed{0};
    std::atomic<uint64_t> put{0};
    std::atomic<uint64_t> deleted{0};
    std::atomic<uint64_t> rejected{0};  // kOverloaded or kNoSpace
    std::atomic<uint64_t> failed{0};    // kStorageFailed or kCorrupt
  };

  ContentFiles(const Options& options, const Clock* clock);
  Status Prepare();
  // While a slice is not the last of its step, the step waits too.
  void Enqueue(const ContentId& id, const StepNeeds& needs, Step step);
  bool TryWait(size_t bytes);
  void EndWait(size_t bytes);
  // Sets `*read_bytes`, of the upload, if it has to read. False: that was the last slice of the
  // last step.
  bool RunSlice(const std::shared_ptr<Upload>& upload, uint64_t* read_bytes);
  // False: there is more to read, in the next slice.
  Result<bool> MakeReady(Upload* upload, const StepNeeds& needs, uint64_t* read_bytes) const;
  void RefuseSteps(const std::shared_ptr<Upload>& upload, const Status& why);
  // With mutex_ held. Between the two, a job runs the upload's steps.
  void BeginWork(Upload* upload);
  void EndWork(Upload* upload);
  void CloseIdleUploads();
  // Ok without a file: there is no such upload.
  Status OpenFile(Upload* upload) const;
  Status BeginOn(Upload* upload, const UploadSpec& spec);
  Status AppendOn(Upload* upload, const UploadPiece& piece);
  Status SealOn(Upload* upload);
  Status CancelOn(Upload* upload);
  void Submit(uint64_t source, std::function<void(const Status& refused)> work);
  Result<ContentPiece> ReadNow(const ContentRange& range);
  Result<std::vector<ContentId>> ListNow(const ContentId& after, uint32_t limit);
  void PutNow(const ContentToPut& content, Done<Result<ContentId>> done);
  void DeleteExtent(const ExtentAddress& address, Done<Status> done);
  // Counts the outcome of a call.
  const Status& Count(const Status& outcome);

  const Clock& clock_;
  const std::string uploads_;  // directory
  SealedContents contents_;
  Segments segments_;
  SpaceReservations space_;
  Counts counts_;
  std::atomic<uint64_t> waiting_bytes_{0};  // of pieces
  mutable std::mutex mutex_;
  // Uploads that were used since the start and are remembered.
  std::map<ContentId, std::shared_ptr<Upload>> known_;
  // Those of them that nobody works on, by their last use.
  std::map<uint64_t, Upload*> idle_;
  std::map<uint64_t, Upload*> closed_;  // their files are not open
  uint64_t closed_bytes_ = 0;           // memory of closed_, about
  uint64_t running_ = 0;                // uploads that somebody works on
  uint64_t uses_ = 0;
  const uint64_t max_closed_bytes_;
  ReaderPool pool_;
};

// `file` belongs to the job that runs the steps, and to whoever holds mutex_ if there is none. The
// rest is guarded by mutex_.
struct ContentFiles::Upload {
  explicit Upload(const ContentId& upload_id);
  size_t MemoryBytes() const;

  const ContentId id;
  std::unique_ptr<UploadFile> file;  // null: not opened yet, or there is no such upload
  std::deque<WaitingStep> steps;
  size_t waiting_bytes = 0;  // of the steps, and of the one that runs
  bool running = false;      // a job runs the steps
  uint64_t last_use = 0;
  uint64_t source = 0;  // whose work it is: of the last piece, or a number that no other upload has
};

}  // namespace smile
