// Content that is put at once.
#include <utility>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/limits.h"
#include "service/media/media_errors.h"
#include "service/media/media_service.h"

namespace smile {

Task<Result<StoredMedia>> MediaService::Put(PutMedia request) const {
  CHECK(request.bytes.size() <= limits::kMaxValueBytes);
  if (Status fields = CheckFields(request.fields); !fields.ok()) co_return fields;
  request.id = Chosen(request.id);
  const Result<Sha256Digest> sha256 = co_await FromCallback<Result<Sha256Digest>>(
      [&](auto done) { store_.Hash(request.bytes, request.call.source, std::move(done)); });
  if (!sha256.ok()) co_return sha256.status();
  if (Status declared = CheckSha256(request.sha256, *sha256); !declared.ok()) co_return declared;
  {
    const auto held = co_await media_locks_.Lock(request.id);
    if (Status late = MayBegin(request.call, clock_); !late.ok()) co_return late;
    Result<StoredManifest> there = co_await ReadManifest(request.id, request.call);
    if (there.ok()) {
      if (there->manifest.sha256 != *sha256) co_return MediaIdIsTaken();
      co_return StoredMedia{request.id, std::move(there->manifest)};
    }
    if (there.status().code() != Code::kNotFound) co_return there.status();
    if (engine_.can_write_together()) {
      MediaManifest manifest{.sha256 = *sha256,
                             .size = request.bytes.size(),
                             .created_ms = NowMillis(),
                             .upload = make_id_(),
                             .content = {},
                             .fields = std::move(request.fields)};
      const SmallContent small{
          .bytes = request.bytes, .checksum = request.checksum, .call = request.call};
      Result<MediaManifest> stored =
          co_await contents_.Store(request.id, std::move(manifest), small);
      if (!stored.ok()) co_return stored.status();
      co_return StoredMedia{request.id, std::move(*stored)};
    }
  }
  co_return co_await PutInSteps(std::move(request));
}

Task<Result<StoredMedia>> MediaService::PutInSteps(PutMedia request) const {
  const MediaId id = request.id;
  const CallContext begun;  // without a deadline
  BeginUpload begin{.id = id,
                    .fields = std::move(request.fields),
                    .chunk_bytes = limits::kMaxChunkBytes,
                    .size = request.bytes.size(),
                    .sha256 = request.sha256,
                    .call = request.call};
  const Result<UploadStart> start = co_await Begin(std::move(begin));
  if (!start.ok()) co_return start.status();
  if (!request.bytes.empty()) {
    UploadPiece piece{.id = start->upload,
                      .bytes = std::move(request.bytes),
                      .checksum = request.checksum,
                      .call = {.source = request.call.source}};
    Status appended = co_await FromCallback<Status>(
        [&](auto done) { store_.Append(std::move(piece), std::move(done)); });
    if (!appended.ok()) {
      (void)co_await Cancel(id.owner, start->upload, begun);
      co_return appended;
    }
  }
  Result<StoredMedia> stored = co_await Commit(id.owner, start->upload, begun);
  // Nobody else knows the upload. If it is being committed, Cancel leaves it to the sweeper.
  if (!stored.ok()) (void)co_await Cancel(id.owner, start->upload, begun);
  co_return stored;
}

}  // namespace smile
