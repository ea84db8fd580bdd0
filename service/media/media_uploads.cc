// Uploads: from Begin to Commit or Cancel.
#include <string>
#include <utility>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "model/time_ordered_id.h"
#include "service/media/media_errors.h"
#include "service/media/media_service.h"

namespace smile {
namespace {

Status NoSuchUpload() {
  return {Code::kNotFound, "no such upload of this owner; it may have expired"};
}

Status CheckDeclared(const UploadRecord& record, const ContentInfo& info) {
  if (record.size && *record.size != info.size) {
    return {Code::kConditionFailed, "the content has " + std::to_string(info.size) +
                                        " bytes, not the declared " + std::to_string(*record.size)};
  }
  return CheckSha256(record.sha256, info.sha256);
}

WorkItem UploadItem(const ContentId& upload, uint64_t due_ms) {
  return {.due_ms = due_ms, .id = upload.bytes, .kind = WorkKind::kUpload, .payload = {}};
}

bool IsOver(UploadState state) {
  return state == UploadState::kDropped || state == UploadState::kRefused;
}

UploadProgress WholeUpload(const ContentId& upload, uint32_t chunk_bytes, uint64_t size) {
  return {.spec = {.id = upload, .chunk_bytes = chunk_bytes, .size = size},
          .received_bytes = size,
          .contiguous_bytes = size,
          .missing = {}};
}

MediaManifest ManifestOf(const ContentId& upload, const UploadRecord& record) {
  return {.sha256 = *record.sha256,
          .size = *record.size,
          .created_ms = record.created_ms,
          .upload = upload,
          .content = record.content,
          .fields = record.fields};
}

}  // namespace

Task<Result<MediaService::StoredUpload>> MediaService::ReadUpload(ContentId upload,
                                                                  CallContext call) const {
  const Result<Record> record = co_await engine_.Read(UploadKey(upload), std::move(call));
  if (record.status().code() == Code::kNotFound) co_return NoSuchUpload();
  if (!record.ok()) co_return record.status();
  auto decoded = DecodeUploadRecord(record->value);
  if (!decoded) co_return Status(Code::kCorrupt, "the record of this upload is damaged");
  co_return StoredUpload{.record = std::move(*decoded), .version = record->version};
}

Task<Result<MediaService::StoredUpload>> MediaService::ReadUploadOf(uint64_t owner,
                                                                    ContentId upload,
                                                                    CallContext call) const {
  Result<StoredUpload> stored = co_await ReadUpload(upload, std::move(call));
  if (stored.ok() && stored->record.id.owner != owner) co_return NoSuchUpload();
  co_return stored;
}

// With a media id. A new one sorts after all earlier ones of the owner; a collision, one in four
// million for two in the same millisecond, is found by Commit.
MediaId MediaService::Chosen(MediaId id) const {
  if (id.media != 0) return id;
  const ContentId random = make_id_();
  const auto differs = LoadLittle<uint32_t>(reinterpret_cast<const char*>(random.bytes.data()));
  id.media = IdOfMillis(clock_.WallMillis(), differs);
  return id;
}

Task<Result<UploadStart>> MediaService::Begin(BeginUpload request) const {
  if (Status fields = CheckFields(request.fields); !fields.ok()) co_return fields;
  if (request.chunk_bytes < limits::kMinChunkBytes ||
      request.chunk_bytes > limits::kMaxChunkBytes) {
    co_return Status(Code::kInvalid, "chunk_bytes is " + std::to_string(request.chunk_bytes) +
                                         "; it must be from " +
                                         std::to_string(limits::kMinChunkBytes) + " to " +
                                         std::to_string(limits::kMaxChunkBytes));
  }
  const ContentId upload = make_id_();
  const UploadRecord record{.id = Chosen(request.id),
                            .fields = std::move(request.fields),
                            .chunk_bytes = request.chunk_bytes,
                            .expires_ms = NowMillis() + limits::kUploadExpiryMillis,
                            .size = request.size,
                            .sha256 = request.sha256};
  // The log first: whatever follows is found again. On a full disk nothing is begun.
  const WorkItem item = UploadItem(upload, record.expires_ms);
  const WriteReply logged = co_await engine_.Write(WorkLog::AddRequest(item, request.call));
  if (!logged.status.ok()) co_return logged.status;
  const UploadSpec spec{.id = upload, .chunk_bytes = request.chunk_bytes, .size = request.size};
  Status begun =
      co_await FromCallback<Status>([&](auto done) { store_.Begin(spec, std::move(done)); });
  const bool may_have_record = begun.ok();
  if (begun.ok()) begun = co_await AddUpload(upload, record);
  if (begun.ok()) {
    co_return UploadStart{.upload = upload, .id = record.id, .expires_ms = record.expires_ms};
  }
  // Nobody will know the upload. It may have been begun all the same; the item goes only after it.
  Status undone =
      co_await FromCallback<Status>([&](auto done) { store_.Cancel(upload, std::move(done)); });
  if (undone.ok() && may_have_record) {
    undone = (co_await engine_.Write(UploadKey(upload), DeleteChange({}))).status;
  }
  if (undone.ok()) (void)co_await work_.Remove(item);
  co_return begun;
}

// The record of a new upload, and its entry among those of the owner.
Task<Status> MediaService::AddUpload(ContentId upload, UploadRecord record) const {
  Change account = PutChange({}, {});
  account.expires_ms = record.expires_ms;
  const Key account_key(Table::kAccounts, PartitionOf(record.id.owner), AccountUploadSort(upload));
  WriteRequest write = RequestOf(UploadKey(upload), PutChange({}, Encode(record), IfAbsent()));
  if (engine_.can_write_together()) {
    write.AddAlso(RequestOf(account_key, std::move(account)));
  } else {
    const WriteReply listed = co_await engine_.Write(account_key, std::move(account));
    if (!listed.status.ok()) co_return listed.status;
  }
  co_return (co_await engine_.Write(std::move(write))).status;
}

void MediaService::Append(UploadPiece piece, std::function<void(Status)> done) const {
  store_.Append(std::move(piece), std::move(done));
}

Task<Result<UploadProgress>> MediaService::Progress(uint64_t owner, ContentId upload,
                                                    CallContext call) const {
  const Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload, std::move(call));
  if (!stored.ok()) co_return stored.status();
  const UploadRecord& record = stored->record;
  if (IsOver(record.state)) co_return NoSuchUpload();
  if (record.state != UploadState::kOpen) {
    CHECK(record.size.has_value(), "content that is complete has a size");
    co_return WholeUpload(upload, record.chunk_bytes, *record.size);
  }
  auto progress = co_await FromCallback<Result<UploadProgress>>(
      [&](auto done) { store_.Progress(upload, std::move(done)); });
  if (progress.status().code() != Code::kNotFound) co_return progress;
  // A commit was interrupted after the content was sealed.
  const auto info = co_await DigestOf(upload);
  if (!info.ok()) co_return info.status();
  co_return WholeUpload(upload, record.chunk_bytes, info->size);
}

// Also of one that was sealed before.
Task<Result<ContentInfo>> MediaService::DigestOf(ContentId upload) const {
  auto info = co_await FromCallback<Result<ContentInfo>>(
      [&](auto done) { store_.Digest(upload, std::move(done)); });
  if (info.status().code() == Code::kNotFound) {
    info = co_await FromCallback<Result<ContentInfo>>(
        [&](auto done) { store_.Stat(upload, std::move(done)); });
  }
  co_return info;
}

// From open to committing: the content is complete, as declared, and durable.
Task<Result<MediaService::StoredUpload>> MediaService::SealUpload(ContentId upload,
                                                                  StoredUpload stored) const {
  const Result<ContentInfo> info = co_await DigestOf(upload);
  if (!info.ok()) co_return info.status();
  if (Status declared = CheckDeclared(stored.record, *info); !declared.ok()) co_return declared;
  if (Status sealed =
          co_await FromCallback<Status>([&](auto done) { store_.Seal(upload, std::move(done)); });
      !sealed.ok()) {
    co_return sealed;
  }
  stored.record.state = UploadState::kCommitting;
  stored.record.size = info->size;
  stored.record.sha256 = info->sha256;
  stored.record.created_ms = NowMillis();
  const WriteReply written = co_await engine_.Write(
      UploadKey(upload), PutChange({}, Encode(stored.record), IfVersion(stored.version)));
  if (!written.status.ok()) co_return written.status;
  stored.version = written.versions.front();
  co_return stored;
}

Task<Result<StoredMedia>> MediaService::Commit(uint64_t owner, ContentId upload,
                                               CallContext call) const {
  const auto held = co_await locks_.Lock(upload);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload, call);
  if (!stored.ok()) co_return stored.status();
  switch (stored->record.state) {
    case UploadState::kCommitted:
      co_return StoredMedia{stored->record.id, ManifestOf(upload, stored->record)};
    case UploadState::kDropped:
    case UploadState::kRefused:
      co_return NoSuchUpload();
    case UploadState::kCommitting:
      break;
    case UploadState::kOpen: {
      WorkItem item = UploadItem(upload, NowMillis() + limits::kWorkGraceMillis);
      if (Status logged = co_await work_.Add(std::move(item), call); !logged.ok()) co_return logged;
      stored = co_await SealUpload(upload, std::move(*stored));
      if (!stored.ok()) co_return stored.status();
    }
  }
  const MediaId id = stored->record.id;
  Result<MediaManifest> manifest = co_await Complete(upload, std::move(*stored));
  if (!manifest.ok()) co_return manifest.status();
  co_return StoredMedia{id, std::move(*manifest)};
}

// From committing to committed. A full disk does not stop it: the bytes are there already, and to
// delete the media record it has to be complete.
Task<Result<MediaManifest>> MediaService::Complete(ContentId upload, StoredUpload stored) const {
  UploadRecord& record = stored.record;
  CHECK(record.state == UploadState::kCommitting && record.size && record.sha256);
  const Result<ContentAddress> content =
      co_await contents_.Refer(*record.sha256, upload, *record.size, record.id);
  if (!content.ok()) co_return content.status();
  record.content = *content;
  const MediaManifest manifest = ManifestOf(upload, record);
  if (Status put = co_await PutManifest(record.id, manifest); !put.ok()) {
    if (put.code() != Code::kConditionFailed) co_return put;
    // The media id is taken: the upload is over.
    if (Status over = co_await Refuse(upload, std::move(stored)); !over.ok()) co_return over;
    co_return put;
  }
  if (content->id != upload) {
    if (Status deleted = co_await DeleteContent(upload); !deleted.ok()) co_return deleted;
  }
  record.state = UploadState::kCommitted;
  WriteRequest request =
      RequestOf(UploadKey(upload), PutChange({}, Encode(record), IfVersion(stored.version)));
  request.SetFreesSpace();
  const WriteReply written = co_await engine_.Write(std::move(request));
  if (!written.status.ok()) co_return written.status;
  co_return manifest;
}

// From committing to gone. Its content may be what others refer to, and then it is not touched.
Task<Status> MediaService::Refuse(ContentId upload, StoredUpload stored) const {
  CHECK(stored.record.sha256.has_value(), "content that is complete has a digest");
  const Sha256Digest sha256 = *stored.record.sha256;
  if (stored.record.state != UploadState::kRefused) {
    // Before the reference goes: an upload that is completed once more would refer to content that
    // went with it.
    stored.record.state = UploadState::kRefused;
    WriteRequest request = RequestOf(
        UploadKey(upload), PutChange({}, Encode(stored.record), IfVersion(stored.version)));
    request.SetFreesSpace();
    const WriteReply written = co_await engine_.Write(std::move(request));
    if (!written.status.ok()) co_return written.status;
  }
  if (Status released = co_await contents_.Release(sha256, upload); !released.ok()) {
    co_return released;
  }
  const Result<bool> is_shared = co_await contents_.IsContentOf(sha256, upload);
  if (!is_shared.ok()) co_return is_shared.status();
  if (!*is_shared) {
    if (Status deleted = co_await DeleteContent(upload); !deleted.ok()) co_return deleted;
  }
  const WriteReply removed = co_await engine_.Write(UploadKey(upload), DeleteChange({}));
  co_return removed.status;
}

// From open to gone. The record goes last, so that the content is found again.
Task<Status> MediaService::Drop(ContentId upload, StoredUpload stored) const {
  stored.record.state = UploadState::kDropped;
  WriteRequest request =
      RequestOf(UploadKey(upload), PutChange({}, Encode(stored.record), IfVersion(stored.version)));
  request.SetFreesSpace();
  const WriteReply written = co_await engine_.Write(std::move(request));
  if (!written.status.ok()) co_return written.status;
  if (Status deleted = co_await DeleteContent(upload); !deleted.ok()) co_return deleted;
  const WriteReply removed = co_await engine_.Write(UploadKey(upload), DeleteChange({}));
  co_return removed.status;
}

Task<Status> MediaService::PutManifest(MediaId id, MediaManifest manifest) const {
  const auto held = co_await media_locks_.Lock(id);
  WriteRequest request =
      RequestOf(MediaKey(id.owner, id.media), PutChange({}, Encode(manifest), IfAbsent()));
  request.SetFreesSpace();
  const WriteReply written = co_await engine_.Write(std::move(request));
  if (written.status.code() != Code::kConditionFailed) co_return written.status;
  const Result<StoredManifest> there = co_await ReadManifest(id);
  if (there.ok() && there->manifest.upload == manifest.upload) co_return Status();
  co_return MediaIdIsTaken();
}

Task<Status> MediaService::DeleteContent(ContentId content) const {
  co_return co_await FromCallback<Status>(
      [&](auto done) { store_.Delete(content, std::move(done)); });
}

Task<Status> MediaService::Cancel(uint64_t owner, ContentId upload, CallContext call) const {
  const auto held = co_await locks_.Lock(upload);
  if (Status late = MayBegin(call, clock_); !late.ok()) co_return late;
  Result<StoredUpload> stored = co_await ReadUploadOf(owner, upload, call);
  if (stored.status().code() == Code::kNotFound) co_return Status();
  if (!stored.ok()) co_return stored.status();
  const UploadState state = stored->record.state;
  if (state == UploadState::kCommitting || state == UploadState::kCommitted) {
    co_return Status(Code::kConditionFailed, "the upload is committed; delete the media record");
  }
  if (state == UploadState::kRefused) co_return co_await Refuse(upload, std::move(*stored));
  // If a crash interrupts it, the sweeper goes on, and does not wait for the upload to expire.
  WorkItem soon = UploadItem(upload, NowMillis() + limits::kWorkGraceMillis);
  if (Status logged = co_await work_.Add(std::move(soon), call); !logged.ok()) co_return logged;
  const WorkItem item = UploadItem(upload, stored->record.expires_ms);
  if (Status dropped = co_await Drop(upload, std::move(*stored)); !dropped.ok()) {
    co_return dropped;
  }
  co_return co_await work_.Remove(item);
}

}  // namespace smile
