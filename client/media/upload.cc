#include "client/media/upload.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "client/await.h"
#include "client/media/pieces_in_flight.h"
#include "model/time_ordered_id.h"

namespace smile {
namespace {

// Attempts to find an id that the owner does not use.
constexpr int kIdAttempts = 5;

Status CheckOptions(const UploadOptions& options) {
  if (options.piece_bytes < limits::kMinChunkBytes || options.piece_bytes > kMaxPieceBytes) {
    return {Code::kInvalid, "piece_bytes is " + std::to_string(options.piece_bytes) +
                                "; it must be from 65,536 to 1,048,576"};
  }
  if (options.resume.empty() || options.resume.size() == kUploadIdBytes) return {};
  return {Code::kInvalid, "the id of the upload to resume has " +
                              std::to_string(options.resume.size()) + " bytes, not 16"};
}

// Ids of one owner that are made in the same millisecond rarely meet.
uint64_t NewMediaId() {
  return IdOfMillis(SystemClock().WallMillis(), std::random_device()());
}

class Uploader {
 public:
  Uploader(Client* client, ByteSource* source, UploadRequest request, UploadOptions options)
      : client_(client),
        source_(source),
        request_(std::move(request)),
        options_(std::move(options)),
        call_{.deadline_millis = options_.deadline_millis, .repeatable = true},
        pieces_(options_.progress) {}

  Task<Result<Media>> PutAtOnce();
  Task<Result<Media>> PutInPieces();

 private:
  Task<Status> Begin();
  Task<Status> Resume();
  Task<Status> Send();
  Task<Status> SendAll();
  Task<Result<Media>> Commit();
  Task<Result<Media>> Stored(Media media);
  // Of what was read, the next byte being at `end`.
  Status CheckSize(uint64_t end, bool complete) const;
  bool ServerHas(uint64_t offset, uint64_t size) const;

  Client* const client_;
  ByteSource* const source_;
  const UploadRequest request_;
  const UploadOptions options_;
  const CallOptions call_;
  Bytes upload_;
  uint32_t piece_bytes_ = 0;
  // What the server has of an upload that is resumed.
  uint64_t contiguous_bytes_ = 0;
  std::vector<op::MediaRange> missing_;
  bool missing_is_complete_ = false;
  Sha256 hash_;
  PiecesInFlight pieces_;
};

Status Uploader::CheckSize(uint64_t end, bool complete) const {
  if (!request_.size.has_value() || end == *request_.size) return {};
  if (end < *request_.size && !complete) return {};
  return {Code::kInvalid, "the source has " + std::string(complete ? "" : "at least ") +
                              std::to_string(end) + " bytes, not " +
                              std::to_string(*request_.size) + " as declared"};
}

// A request that is repeated needs an id: otherwise it would store the content twice.
Task<Result<Media>> Uploader::PutAtOnce() {
  // One byte more would show that the source is longer.
  const Result<Bytes> bytes = co_await source_->Read(*request_.size + 1);
  if (!bytes.ok()) co_return bytes.status();
  if (Status size = CheckSize(bytes->size(), /*complete=*/true); !size.ok()) co_return size;
  hash_.Update(*bytes);
  const Sha256Digest digest = hash_.Digest();
  op::MediaPut::Request put{.owner = request_.owner,
                            .media = request_.media,
                            .content_type = request_.content_type,
                            .name = request_.name,
                            .custom = request_.custom,
                            .bytes = *bytes,
                            .sha256 = digest.view()};
  for (int attempt = 1;; ++attempt) {
    if (options_.stop.stop_requested()) co_return Status(Code::kUnavailable, "stopped");
    if (request_.media == 0) put.media = NewMediaId();
    const auto answer = co_await Await<op::MediaPut>(client_, put, call_);
    if (answer.ok()) {
      pieces_.Skip(bytes->size());
      Media media(request_.owner, answer->info);
      co_return co_await Stored(std::move(media));
    }
    const bool id_is_used = request_.media == 0 && answer.status().code() == Code::kConditionFailed;
    if (!id_is_used || attempt == kIdAttempts) co_return answer.status();
  }
}

Task<Result<Media>> Uploader::PutInPieces() {
  Status status;
  if (options_.resume.empty()) {
    status = co_await Begin();
  } else {
    status = co_await Resume();
  }
  if (status.ok()) status = co_await SendAll();
  if (!status.ok()) co_return status;
  co_return co_await Commit();
}

Task<Status> Uploader::Begin() {
  op::MediaBegin::Request begin{.owner = request_.owner,
                                .media = request_.media,
                                .chunk_bytes = options_.piece_bytes,
                                .content_type = request_.content_type,
                                .name = request_.name,
                                .custom = request_.custom,
                                .size = request_.size,
                                .sha256 = {}};
  const auto answer = co_await Await<op::MediaBegin>(client_, begin, call_);
  if (!answer.ok()) co_return answer.status();
  upload_ = Bytes(answer->upload);
  piece_bytes_ = options_.piece_bytes;
  if (options_.begun) options_.begun(upload_);
  co_return Status();
}

Task<Status> Uploader::Resume() {
  upload_ = options_.resume;
  const op::MediaProgress::Request request{.owner = request_.owner, .upload = upload_};
  const auto answer = co_await Await<op::MediaProgress>(client_, request, call_);
  if (!answer.ok()) co_return answer.status();
  if (answer->size.has_value() && request_.size.has_value() && *answer->size != *request_.size) {
    co_return Status(Code::kInvalid, "the upload to resume is of " + std::to_string(*answer->size) +
                                         " bytes, not " + std::to_string(*request_.size));
  }
  if (answer->chunk_bytes == 0) co_return Status(Code::kProtocolError, "pieces of 0 bytes");
  piece_bytes_ = answer->chunk_bytes;
  contiguous_bytes_ = answer->contiguous_bytes;
  missing_ = answer->missing;
  missing_is_complete_ = answer->size.has_value() && missing_.size() < limits::kMaxMissingRanges;
  co_return Status();
}

bool Uploader::ServerHas(uint64_t offset, uint64_t size) const {
  const uint64_t end = offset + size;
  if (end <= contiguous_bytes_) return true;
  // The first missing range that ends after the piece begins.
  const auto next =
      std::find_if(missing_.begin(), missing_.end(),
                   [&](const op::MediaRange& range) { return range.offset + range.size > offset; });
  if (next != missing_.end()) return next->offset >= end;
  return missing_is_complete_;
}

Task<Status> Uploader::SendAll() {
  const Status sent = co_await Send();
  co_await pieces_.AtMost(0);
  if (const Status failure = pieces_.failure(); !failure.ok()) co_return failure;
  co_return sent;
}

Task<Status> Uploader::Send() {
  const size_t others =
      options_.max_in_flight_bytes - std::min<size_t>(options_.max_in_flight_bytes, piece_bytes_);
  for (uint64_t offset = 0;;) {
    if (options_.stop.stop_requested()) co_return Status(Code::kUnavailable, "stopped");
    const Result<Bytes> piece = co_await source_->Read(piece_bytes_);
    if (!piece.ok()) co_return piece.status();
    const size_t size = piece->size();
    const bool complete = size < piece_bytes_;
    if (Status whole = CheckSize(offset + size, complete); !whole.ok()) co_return whole;
    hash_.Update(*piece);
    if (ServerHas(offset, size)) {
      pieces_.Skip(size);
    } else if (size > 0) {
      pieces_.Add(size);
      client_->Call<op::MediaAppend>({.upload = upload_, .offset = offset, .bytes = *piece}, call_,
                                     [this, size](Answer<op::MediaAppend> answer) {
                                       pieces_.OnAnswer(size, answer.status());
                                     });
    }
    if (complete) co_return Status();
    offset += size;
    co_await pieces_.AtMost(others);
    if (Status failure = pieces_.failure(); !failure.ok()) co_return failure;
  }
}

Task<Result<Media>> Uploader::Commit() {
  const op::MediaCommit::Request commit{.owner = request_.owner, .upload = upload_};
  const auto answer = co_await Await<op::MediaCommit>(client_, commit, call_);
  if (!answer.ok()) co_return answer.status();
  Media media(request_.owner, answer->info);
  co_return co_await Stored(std::move(media));
}

// What the server has must be what was read here.
Task<Result<Media>> Uploader::Stored(Media media) {
  if (media.sha256 == hash_.Digest().view()) co_return media;
  const op::MediaDelete::Request remove{.owner = media.owner, .media = media.media};
  const auto removed = co_await Await<op::MediaDelete>(client_, remove, call_);
  const bool is_gone = removed.ok() || removed.status().code() == Code::kNotFound;
  co_return Status(Code::kDamagedInTransit,
                   "the server stored other bytes than were read (SHA-256); " +
                       (is_gone ? "they were deleted, upload them again"
                                : "deleting them failed: " + removed.status().ToString()));
}

}  // namespace

Task<Result<Media>> Upload(Client* client, ByteSource* source, UploadRequest request,
                           UploadOptions options) {
  if (Status status = CheckOptions(options); !status.ok()) co_return status;
  const bool at_once =
      options.resume.empty() && request.size.has_value() && *request.size <= kMaxPieceBytes;
  Uploader uploader(client, source, std::move(request), std::move(options));
  if (at_once) co_return co_await uploader.PutAtOnce();
  co_return co_await uploader.PutInPieces();
}

// Not a default argument: GCC 12 destroys one twice within co_await.
Task<Result<Media>> Upload(Client* client, ByteSource* source, UploadRequest request) {
  return Upload(client, source, std::move(request), UploadOptions());
}

}  // namespace smile
