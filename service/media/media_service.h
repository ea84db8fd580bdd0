// Photos and videos: uploads of any size that any connection continues, content that is stored
// once, downloads of any range.
//
// An upload is begun, filled in pieces, and committed; then its media record is visible. Commit is
// a sequence of repeatable steps: it seals the content, notes in the upload's record that it is
// complete, refers to the content, and writes the manifest. A crash in between is finished by the
// sweeper, from the work log. Delete removes the manifest first, then the reference; with the last
// reference the content goes.
//
// An upload is committed, dropped or swept by one caller at a time: one process serves an engine,
// and a lock in it orders them. What other processes would need is a lease in the upload's record.
//
// All calls may be made on any thread, at the same time, and repeated; a repeated call has the
// answer of the first. They answer what Engine and ContentStore answer beside what is said here. A
// call that fails may have been done in part; what that leaves is finished or undone by the
// sweeper.
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
#include "service/media/media_records.h"
#include "service/media/shared_content.h"
#include "service/work_log.h"
#include "storage/content_store.h"
#include "storage/engine.h"

namespace smile {

struct BeginUpload {
  MediaId id;  // of the record that Commit writes; PostIds makes such ids
  MediaFields fields;
  uint32_t chunk_bytes = limits::kDefaultChunkBytes;
  std::optional<uint64_t> size;        // if known: checked by Commit
  std::optional<Sha256Digest> sha256;  // likewise
};

struct MediaPage {
  struct Entry {
    uint64_t media = 0;
    uint64_t version = 0;
    // kCorrupt if it cannot be read.
    Result<MediaManifest> manifest;
  };
  std::vector<Entry> entries;  // newest first
  bool more = false;           // list again, after the last entry
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

  // The id of the upload. kInvalid, kTooLarge or kNoSpace. A call that is repeated begins another
  // upload; the abandoned one expires after limits::kUploadExpiryMillis.
  Task<Result<ContentId>> Begin(BeginUpload request) const;

  // As ContentStore::Append. Whoever knows the id may append.
  void Append(UploadPiece piece, std::function<void(Status)> done) const;

  // Which pieces are there. kNotFound: no such upload of this owner.
  Task<Result<UploadProgress>> Progress(uint64_t owner, ContentId upload) const;

  // Writes the media record. kConditionFailed: pieces are missing, the content is not of the
  // declared size or SHA-256, or there is a media record of this id from another upload.
  Task<Result<MediaManifest>> Commit(uint64_t owner, ContentId upload) const;

  // Drops an upload. Ok if there is none. kConditionFailed if it is committed.
  Task<Status> Cancel(uint64_t owner, ContentId upload) const;

  Task<Result<MediaManifest>> Stat(MediaId id) const;

  // At most `size` bytes from `offset`; see ContentStore::Read.
  Task<Result<ContentPiece>> Read(MediaId id, uint64_t offset, uint32_t size,
                                  uint64_t source) const;

  // `after`: a media id to start after. At most `limit` entries, possibly none although `more`.
  Task<Result<MediaPage>> List(uint64_t owner, std::optional<uint64_t> after, uint32_t limit) const;

  // Replaces the fields. kNotFound.
  Task<Status> SetFields(MediaId id, MediaFields fields) const;

  // kNotFound if there is no such record.
  Task<Status> Delete(MediaId id) const;

  // Finishes or undoes what an item of the work log names. Ok: the item is not needed any more.
  Task<Status> Finish(WorkItem item) const;

 private:
  struct StoredUpload {
    UploadRecord record;
    uint64_t version = 0;
  };
  struct StoredManifest {
    MediaManifest manifest;
    uint64_t version = 0;
  };

  Task<Result<StoredUpload>> ReadUpload(ContentId upload) const;
  Task<Result<StoredUpload>> ReadUploadOf(uint64_t owner, ContentId upload) const;
  Task<Result<StoredManifest>> ReadManifest(MediaId id) const;
  // With the lock of the upload held:
  Task<Result<StoredUpload>> SealUpload(ContentId upload, StoredUpload stored) const;
  Task<Result<MediaManifest>> Complete(ContentId upload, StoredUpload stored) const;
  Task<Status> Drop(ContentId upload, StoredUpload stored) const;
  Task<Status> FinishUpload(ContentId upload) const;
  Task<Status> FinishRelease(ContentId upload, MediaRelease release) const;

  Task<Status> PutManifest(MediaId id, MediaManifest manifest) const;
  Task<Result<ContentInfo>> DigestOf(ContentId upload) const;
  Task<Status> DeleteContent(ContentId content) const;
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const EngineCalls engine_;
  ContentStore& store_;
  const Clock& clock_;
  const MakeContentId make_id_;
  const SharedContent contents_;
  const WorkLog work_;
  mutable KeyedLock<ContentId> locks_;
};

}  // namespace smile
