// Photos and videos: uploads of any size that any connection continues, content that is stored
// once, downloads of any range.
//
// An upload is begun, filled in pieces, and committed; then its media record is visible. Commit is
// a sequence of repeatable steps: it seals the content, notes in the upload's record that it is
// complete, refers to the content, and writes the manifest. A crash in between is finished by the
// sweeper, from the work log. Delete removes the manifest first, then the reference; with the last
// reference the content goes.
//
// For content that is put at once, Put is one write of the engine: the content's head and reference
// and the manifest. Its bytes are a record in the same write if they are few; otherwise they are
// put into the content store first. So is Delete, of any content; then the content goes.
//
// An upload is committed, dropped or swept by one caller at a time, and a media record is created
// or deleted by one at a time: one process serves an engine, and locks in it order them. Whoever
// needs both locks takes the upload's first. What other processes would need is a lease in these
// records.
//
// All calls may be made on any thread, at the same time, and repeated; a repeated call has the
// answer of the first. They answer what Engine and ContentStore answer beside what is said here. A
// call that fails may have been done in part; what that leaves is finished or undone by the
// sweeper. One that ends as kDeadlineExceeded has no effect: only its beginning has a deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/keyed_lock.h"
#include "service/media/media_check.h"
#include "service/media/media_records.h"
#include "service/media/shared_content.h"
#include "service/work_log.h"
#include "storage/call_context.h"
#include "storage/content_store.h"
#include "storage/engine.h"

namespace smile {

struct BeginUpload {
  MediaId id;  // of the record that Commit writes; `media` 0: the service chooses it
  MediaFields fields;
  uint32_t chunk_bytes = limits::kDefaultChunkBytes;
  std::optional<uint64_t> size;        // if known: checked by Commit
  std::optional<Sha256Digest> sha256;  // likewise
  CallContext call;
};

struct UploadStart {
  ContentId upload;
  MediaId id;
  uint64_t expires_ms = 0;
};

// Content that is stored at once.
struct PutMedia {
  MediaId id;  // as in BeginUpload
  MediaFields fields;
  Bytes bytes;            // at most limits::kMaxValueBytes (CHECK); their checksum was verified
  uint64_t checksum = 0;  // XXH3-64 of the bytes
  std::optional<Sha256Digest> sha256;
  CallContext call;
};

struct StoredMedia {
  MediaId id;
  MediaManifest manifest;
};

struct MediaListRequest {
  uint64_t owner = 0;
  // As `after` and `from` of ScanRequest.
  Bytes after;
  Bytes from;
  uint32_t limit = 0;
  CallContext call;
};

struct MediaPage {
  struct Entry {
    ScanPage::Outcome outcome = ScanPage::Outcome::kFound;
    uint64_t media = 0;      // not for kGap
    MediaManifest manifest;  // for kFound
  };
  std::vector<Entry> entries;  // newest first
  // As in ScanPage.
  bool more = false;
  std::optional<Bytes> resume_from;
};

struct UploadListRequest {
  uint64_t owner = 0;
  Bytes from;  // empty: the first
  uint32_t limit = 0;
  CallContext call;
};

struct UploadPage {
  std::vector<ContentId> uploads;
  bool gap = false;  // there may be others, which cannot be read
  bool more = false;
  Bytes resume_from;  // if there are more
};

class MediaService {
 public:
  // Makes ids that nobody can guess.
  using MakeContentId = std::function<ContentId()>;

  // All outlive the service, which outlives its tasks.
  MediaService(Engine& engine, ContentStore& store, const Clock& clock, MakeContentId make_id)
      : engine_(engine),
        store_(store),
        clock_(clock),
        make_id_(std::move(make_id)),
        contents_(engine, store),
        work_(engine) {}

  // kInvalid, kTooLarge or kNoSpace. A call that is repeated begins another upload; the abandoned
  // one expires after limits::kUploadExpiryMillis.
  Task<Result<UploadStart>> Begin(BeginUpload request) const;

  // As ContentStore::Append. Whoever knows the id may append.
  void Append(UploadPiece piece, std::function<void(Status)> done) const;

  // Which pieces are there. kNotFound: no such upload of this owner.
  Task<Result<UploadProgress>> Progress(uint64_t owner, ContentId upload,
                                        CallContext call = {}) const;

  // Writes the media record. kConditionFailed: pieces are missing, the content is not of the
  // declared size or SHA-256, or there is a media record of this id from another upload.
  Task<Result<StoredMedia>> Commit(uint64_t owner, ContentId upload, CallContext call = {}) const;

  // Drops an upload. Ok if there is none. kConditionFailed if it is committed.
  Task<Status> Cancel(uint64_t owner, ContentId upload, CallContext call = {}) const;

  // Uploads that were begun for an owner, of which some may be over, from `from` on in an order of
  // their own. A page is as one of Engine::Scan.
  Task<Result<UploadPage>> Uploads(UploadListRequest request) const;
  // Whether the upload is not over: neither committed nor gone.
  Task<Result<bool>> IsPending(uint64_t owner, ContentId upload) const;
  // Removes all that there is of an upload beside the media record: drops it, or completes a commit
  // that was interrupted, and removes what is kept for repeated calls. Whether it was pending.
  Task<Result<bool>> Forget(uint64_t owner, ContentId upload) const;

  // Stores content in one call, which may be repeated if it has an id: then the answer is the
  // record that is there. In one write if the engine can write together. kConditionFailed: the
  // content has another SHA-256, or there is a media record of this id with other content.
  Task<Result<StoredMedia>> Put(PutMedia request) const;

  Task<Result<MediaManifest>> Stat(MediaId id, CallContext call = {}) const;

  // At most `size` bytes from `offset`; see ContentStore::Read.
  Task<Result<ContentPiece>> Read(MediaId id, uint64_t offset, uint32_t size,
                                  CallContext call) const;

  // A page is as one of Engine::Scan.
  Task<Result<MediaPage>> List(MediaListRequest request) const;

  // Replaces the fields. kNotFound.
  Task<Status> SetFields(MediaId id, MediaFields fields, CallContext call = {}) const;

  // kNotFound if there is no such record.
  Task<Status> Delete(MediaId id, CallContext call = {}) const;

  // See service/media/media_check.h.
  Task<Result<MediaCheckPage>> Check(MediaCheckRequest request) const;

  // Those of the content store.
  EngineStats Stats() const { return store_.Stats(); }

  // Finishes or undoes what an item of the work log names. Ok: the item is not needed any more.
  Task<Status> Finish(WorkItem item) const;

  // Deletes what an earlier process, or a Put that was not answered, has left in the content store,
  // to which nobody refers.
  Task<Status> ReleaseDoubtful() const;

 private:
  struct StoredUpload {
    UploadRecord record;
    uint64_t version = 0;
  };
  struct StoredManifest {
    MediaManifest manifest;
    uint64_t version = 0;
  };

  Task<Status> AddUpload(ContentId upload, UploadRecord record) const;
  Task<Result<StoredUpload>> ReadUpload(ContentId upload, CallContext call) const;
  Task<Result<StoredUpload>> ReadUpload(ContentId upload) const {
    return ReadUpload(upload, CallContext());
  }
  Task<Result<StoredUpload>> ReadUploadOf(uint64_t owner, ContentId upload, CallContext call) const;
  Task<Result<StoredManifest>> ReadManifest(MediaId id, CallContext call) const;
  Task<Result<StoredManifest>> ReadManifest(MediaId id) const {
    return ReadManifest(id, CallContext());
  }
  // With the lock of the upload held:
  Task<Result<StoredUpload>> SealUpload(ContentId upload, StoredUpload stored) const;
  Task<Result<MediaManifest>> Complete(ContentId upload, StoredUpload stored) const;
  Task<Status> Drop(ContentId upload, StoredUpload stored) const;
  Task<Status> Refuse(ContentId upload, StoredUpload stored) const;
  // With the lock of the upload held: whether it was pending.
  Task<Result<bool>> End(ContentId upload, StoredUpload stored) const;
  Task<Status> FinishUpload(ContentId upload, uint64_t now_ms) const;
  Task<Status> FinishRelease(ContentId upload, MediaRelease release) const;

  Task<Result<StoredMedia>> PutInSteps(PutMedia request) const;
  Task<Result<ContentPiece>> ReadContent(ContentAddress content, ContentRange range) const;
  Task<Result<ContentPiece>> ReadSmall(ContentRange range) const;
  Task<Status> DeleteTogether(ContentId upload, MediaRelease release, CallContext call) const;
  WorkItem ReleaseItem(ContentId upload, const MediaRelease& release) const;
  Task<Status> PutManifest(MediaId id, MediaManifest manifest) const;
  Task<Result<ContentInfo>> DigestOf(ContentId upload) const;
  Task<Status> DeleteContent(ContentId content) const;
  MediaId Chosen(MediaId id) const;
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const EngineCalls engine_;
  ContentStore& store_;
  const Clock& clock_;
  const MakeContentId make_id_;
  const SharedContent contents_;
  const WorkLog work_;
  mutable KeyedLock<ContentId> locks_;
  mutable KeyedLock<MediaId> media_locks_;
};

}  // namespace smile
