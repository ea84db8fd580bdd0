#include "server/media_handlers.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "server/answer_task.h"
#include "server/continuation.h"
#include "server/media_reply.h"
#include "server/request_checks.h"

namespace smile {
namespace {

static_assert(kDefaultPieceBytes == limits::kDefaultChunkBytes);
static_assert(kMaxPieceBytes == limits::kMaxChunkBytes);
static_assert(kMaxPieceBytes == limits::kMaxContentReadBytes);
static_assert(limits::kMaxChunkBytes <= limits::kMaxValueBytes, "a piece fits into a frame");
static_assert(512 + kMaxMediaFindings * (kMaxFindingNameBytes + 4) <= limits::kLeastReplyFrameBytes,
              "every reply to MEDIA_CHECK fits into every frame");

Status CheckUpload(ByteView upload) {
  return CheckLength("upload", upload, kUploadIdBytes);
}

Status CheckSha256(const std::optional<ByteView>& sha256) {
  return sha256.has_value() ? CheckLength("sha256", *sha256, kSha256Bytes) : Status();
}

Status CheckBytes(ByteView bytes, uint64_t checksum, std::string_view advice) {
  if (bytes.size() > kMaxPieceBytes) {
    return {Code::kTooLarge, fmt::format("bytes has {} bytes, more than {}: {}", bytes.size(),
                                         kMaxPieceBytes, advice)};
  }
  if (Hash64(bytes) != checksum) {
    return {Code::kDamagedInTransit,
            "the bytes do not match their checksum (XXH3-64, seed 0): send them again"};
  }
  return {};
}

template <class Request>
MediaFields FieldsOf(const Request& request) {
  return {.content_type = Bytes(request.content_type),
          .name = Bytes(request.name),
          .custom = Bytes(request.custom)};
}

template <class Request>
MediaId IdOf(const Request& request) {
  return {.owner = request.owner, .media = request.media};
}

template <class Row>
void AnswerStored(Task<Result<StoredMedia>> task, Responder to) {
  (void)Answer(std::move(task), std::move(to), [](const StoredMedia& stored, Reply& reply) {
    reply.Ok<Row>({.info = InfoOf(stored.id.media, stored.manifest)});
  });
}

}  // namespace

// --- Check ---------------------------------------------------------------------------------------

Status MediaHandlers::Check(op::MediaBegin, const op::MediaBegin::Request& request) const {
  return CheckSha256(request.sha256);
}

Status MediaHandlers::Check(op::MediaAppend, const op::MediaAppend::Request& request) const {
  SMILE_TRY(CheckUpload(request.upload));
  return CheckBytes(request.bytes, request.checksum, "send pieces of the upload's chunk_bytes");
}

Status MediaHandlers::Check(op::MediaProgress, const op::MediaProgress::Request& request) const {
  return CheckUpload(request.upload);
}

Status MediaHandlers::Check(op::MediaCommit, const op::MediaCommit::Request& request) const {
  return CheckUpload(request.upload);
}

Status MediaHandlers::Check(op::MediaCancel, const op::MediaCancel::Request& request) const {
  return CheckUpload(request.upload);
}

Status MediaHandlers::Check(op::MediaPut, const op::MediaPut::Request& request) const {
  SMILE_TRY(CheckSha256(request.sha256));
  return CheckBytes(request.bytes, request.checksum, "begin an upload instead (MEDIA_BEGIN)");
}

Status MediaHandlers::Check(op::MediaRead, const op::MediaRead::Request& request) const {
  if (request.size >= 1 && request.size <= limits::kMaxContentReadBytes) return {};
  return {Code::kInvalid, fmt::format("size is {}; it must be from 1 to {}", request.size,
                                      limits::kMaxContentReadBytes)};
}

Status MediaHandlers::Check(op::MediaList, const op::MediaList::Request& request) const {
  SMILE_TRY(CheckLimit(request.limit));
  return CheckScanContinuation(Table::kMedia, request.continuation);
}

// --- Start: uploads ------------------------------------------------------------------------------

void MediaHandlers::Start(op::MediaBegin, const op::MediaBegin::Request& request, int64_t deadline,
                          Responder to) const {
  auto task = media_.Begin({.id = IdOf(request),
                            .fields = FieldsOf(request),
                            .chunk_bytes = request.chunk_bytes,
                            .size = request.size,
                            .sha256 = FromWire<Sha256Digest>(request.sha256),
                            .call = WriteCallOf(deadline, to)});
  (void)Answer(std::move(task), std::move(to), [](UploadStart start, Reply& reply) {
    reply.Ok<op::MediaBegin>({.upload = ViewOf(start.upload.bytes),
                              .media = start.id.media,
                              .expires_ms = start.expires_ms});
  });
}

void MediaHandlers::Start(op::MediaAppend, const op::MediaAppend::Request& request,
                          int64_t deadline, Responder to) const {
  UploadPiece piece{.id = FromWire<ContentId>(request.upload),
                    .offset = request.offset,
                    .bytes = Bytes(request.bytes),
                    .checksum = request.checksum,
                    .call = WriteCallOf(deadline, to)};
  media_.Append(std::move(piece), [to = std::move(to)](Status status) {
    to.Send([status = std::move(status)](Reply& reply) {
      if (!status.ok()) return reply.Fail(status);
      reply.Ok<op::MediaAppend>({});
    });
  });
}

void MediaHandlers::Start(op::MediaProgress, const op::MediaProgress::Request& request,
                          int64_t deadline, Responder to) const {
  auto task =
      media_.Progress(request.owner, FromWire<ContentId>(request.upload), CallOf(deadline, to));
  (void)Answer(std::move(task), std::move(to), [](const UploadProgress& progress, Reply& reply) {
    op::MediaProgress::Response response{.chunk_bytes = progress.spec.chunk_bytes,
                                         .received_bytes = progress.received_bytes,
                                         .contiguous_bytes = progress.contiguous_bytes,
                                         .missing = {},
                                         .size = progress.spec.size};
    for (const ByteRange& range : progress.missing) {
      response.missing.push_back({.offset = range.offset, .size = range.size});
    }
    reply.Ok<op::MediaProgress>(response);
  });
}

void MediaHandlers::Start(op::MediaCommit, const op::MediaCommit::Request& request,
                          int64_t deadline, Responder to) const {
  auto task =
      media_.Commit(request.owner, FromWire<ContentId>(request.upload), WriteCallOf(deadline, to));
  AnswerStored<op::MediaCommit>(std::move(task), std::move(to));
}

void MediaHandlers::Start(op::MediaCancel, const op::MediaCancel::Request& request,
                          int64_t deadline, Responder to) const {
  auto task =
      media_.Cancel(request.owner, FromWire<ContentId>(request.upload), WriteCallOf(deadline, to));
  (void)AnswerEmpty<op::MediaCancel>(std::move(task), std::move(to));
}

void MediaHandlers::Start(op::MediaPut, const op::MediaPut::Request& request, int64_t deadline,
                          Responder to) const {
  auto task = media_.Put({.id = IdOf(request),
                          .fields = FieldsOf(request),
                          .bytes = Bytes(request.bytes),
                          .checksum = request.checksum,
                          .sha256 = FromWire<Sha256Digest>(request.sha256),
                          .call = WriteCallOf(deadline, to)});
  AnswerStored<op::MediaPut>(std::move(task), std::move(to));
}

// --- Start: media records ------------------------------------------------------------------------

void MediaHandlers::Start(op::MediaStat, const op::MediaStat::Request& request, int64_t deadline,
                          Responder to) const {
  auto task = media_.Stat(IdOf(request), CallOf(deadline, to));
  (void)Answer(std::move(task), std::move(to),
               [media = request.media](const MediaManifest& manifest, Reply& reply) {
                 reply.Ok<op::MediaStat>({.info = InfoOf(media, manifest)});
               });
}

void MediaHandlers::Start(op::MediaRead, const op::MediaRead::Request& request, int64_t deadline,
                          Responder to) const {
  auto memory = to.MemoryForResult();
  if (!memory->TryTake(AllocatedBytes(request.size + size_t{1}))) {
    return to.Send([](Reply& reply) { reply.Fail(NoMemoryForResult()); });
  }
  auto task = media_.Read(IdOf(request), request.offset, request.size, CallOf(deadline, to));
  (void)AnswerRead(std::move(task), std::move(to), std::move(memory),
                   [](ContentPiece piece, Reply& reply) {
                     const op::MediaRead::Response head{.content_bytes = piece.content_size,
                                                        .checksum = piece.checksum};
                     if (piece.file.size > 0) {
                       reply.OkFile<op::MediaRead>(head, piece.file);
                     } else {
                       reply.OkOwned<op::MediaRead>(head, std::move(piece.bytes));
                     }
                   });
}

void MediaHandlers::Start(op::MediaList, const op::MediaList::Request& request, int64_t deadline,
                          Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  auto task = media_.List({.owner = request.owner,
                           .after = Bytes(GoesOnAfter(request.continuation).value_or(ByteView())),
                           .from = Bytes(GoesOnFrom(request.continuation).value_or(ByteView())),
                           .limit = std::min(request.limit, limits::kMaxScanEntries),
                           .call = call});
  (void)AnswerRead(std::move(task), std::move(to), call.memory,
                   [](const MediaPage& page, Reply& reply) { ReplyWithMedia(page, &reply); });
}

void MediaHandlers::Start(op::MediaSet, const op::MediaSet::Request& request, int64_t deadline,
                          Responder to) const {
  auto task = media_.SetFields(IdOf(request), FieldsOf(request), WriteCallOf(deadline, to));
  (void)AnswerEmpty<op::MediaSet>(std::move(task), std::move(to));
}

void MediaHandlers::Start(op::MediaDelete, const op::MediaDelete::Request& request,
                          int64_t deadline, Responder to) const {
  auto task = media_.Delete(IdOf(request), WriteCallOf(deadline, to));
  (void)AnswerEmpty<op::MediaDelete>(std::move(task), std::move(to));
}

void MediaHandlers::Start(op::MediaCheck, const op::MediaCheck::Request& request, int64_t deadline,
                          Responder to) const {
  auto task = media_.Check({.continuation = Bytes(request.continuation.value_or(ByteView())),
                            .read_bytes = request.read_bytes,
                            .repair = request.repair,
                            .call = CallOf(deadline, to)});
  (void)Answer(std::move(task), std::move(to), [](const MediaCheckPage& page, Reply& reply) {
    op::MediaCheck::Response response{.media_records = page.media_records,
                                      .references = page.references,
                                      .contents = page.contents,
                                      .files = page.files,
                                      .read_bytes = page.read_bytes,
                                      .findings = {},
                                      .continuation = page.continuation};
    for (const MediaFinding& finding : page.findings) {
      response.findings.push_back(
          {.fault = finding.fault, .what = finding.what, .repaired = finding.repaired});
    }
    reply.Ok<op::MediaCheck>(response);
  });
}

}  // namespace smile
