#include "tests/service/media_model.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/callback_await.h"
#include "base/hash.h"
#include "base/limits.h"
#include "tests/service/media_model_internal.h"
#include "tests/support/count_records.h"

namespace smile::testing {
namespace {

constexpr uint64_t kIds = 3;  // few, so that they collide
constexpr size_t kMaxUploads = 4;

std::vector<Bytes> Contents() {
  const Bytes chunk(kModelChunk, 'a');
  return {"", "photo", chunk, chunk + "end", chunk + "odd", chunk + Bytes(kModelChunk, 'b')};
}

}  // namespace

MediaModel::MediaModel(Below below)
    : below_(std::move(below)),
      contents_(Contents()),
      engine_(&clock_, MemoryEngine::Answers::kInline, /*records_per_page=*/3) {
  Restart();
}

MediaModel::~MediaModel() = default;

void MediaModel::Step() {
  if (!failure_.empty()) return;
  ++steps_;
  using Call = void (MediaModel::*)();
  static constexpr Call kCalls[] = {
      &MediaModel::Begin,  &MediaModel::Append, &MediaModel::Append,   &MediaModel::Append,
      &MediaModel::Append, &MediaModel::Commit, &MediaModel::Commit,   &MediaModel::Cancel,
      &MediaModel::Put,    &MediaModel::Read,   &MediaModel::Progress, &MediaModel::List,
      &MediaModel::Set,    &MediaModel::Delete, &MediaModel::Restart,  &MediaModel::Sweep,
  };
  (this->*kCalls[below_(std::size(kCalls))])();
}

// --- Faults --------------------------------------------------------------------------------------

void MediaModel::PlanFaults() {
  if (below_(2) == 0) return;
  const auto allowed = static_cast<int64_t>(below_(12));
  const auto failing = static_cast<int64_t>(below_(2) == 0 ? 1 : 1'000);
  process_->faults.Plan(allowed, failing,
                        below_(2) == 0 ? Faults::Fate::kFails : Faults::Fate::kDoneButFails);
}

void MediaModel::Settle() {
  process_->faults.Clear();
  SweepAfter(limits::kWorkGraceMillis + 1);
}

void MediaModel::SweepAfter(uint64_t millis) {
  clock_.AdvanceMillis(static_cast<int64_t>(millis));
  const auto swept = process_->sweeper.Sweep();
  Expect(swept.ok(), "sweep: " + swept.status().ToString());
  ExpireUploads();
}

void MediaModel::Restart() {
  store_.ForgetCallers();
  process_ = std::make_unique<Process>(this);
}

void MediaModel::Sweep() {
  static constexpr uint64_t kTimes[] = {1, limits::kWorkGraceMillis + 1,
                                        limits::kUploadExpiryMillis / 2,
                                        limits::kUploadExpiryMillis + 1};
  clock_.AdvanceMillis(static_cast<int64_t>(kTimes[below_(std::size(kTimes))]));
  PlanFaults();
  (void)process_->sweeper.Sweep();
  process_->faults.Clear();
  if (below_(2) == 0) Restart();
  Settle();
}

// --- Choices and expectations --------------------------------------------------------------------

void MediaModel::Expect(bool condition, const std::string& what) {
  if (condition || !failure_.empty()) return;
  failure_ = "step " + std::to_string(steps_) + ": " + what;
}

void MediaModel::ExpectCode(const Status& status, Code expected, const std::string& what) {
  Expect(status.code() == expected, what + ": " + status.ToString() + ", expected " +
                                        std::string(Status(expected, "").ToString()));
}

MediaModel::Upload* MediaModel::AnyUpload() {
  return uploads_.empty() ? nullptr : &uploads_[below_(uploads_.size())];
}

MediaId MediaModel::AnyId() {
  return {.owner = below_(kOwners) + 1, .media = below_(kIds) + 1};
}

MediaFields MediaModel::AnyFields() {
  MediaFields fields{.content_type = "image/png", .name = "", .custom = ""};
  switch (below_(8)) {
    case 0:
      fields.custom = Bytes(limits::kMaxMediaFieldBytes, 'x');  // with the type one too many
      break;
    case 1:
      fields.name = Bytes(limits::kMaxMediaFieldBytes - fields.size(), 'n');
      break;
    default:
      fields.name = "name " + std::to_string(steps_);
  }
  return fields;
}

// --- The model -----------------------------------------------------------------------------------

uint64_t MediaModel::ReceivedOf(const Upload& upload) {
  uint64_t bytes = 0;
  for (const auto& [offset, piece] : upload.pieces) bytes += piece.size();
  return bytes;
}

bool MediaModel::IsWhole(const Upload& upload) {
  uint64_t next = 0;
  for (const auto& [offset, piece] : upload.pieces) {
    if (offset != next) return false;
    next += piece.size();
  }
  return !upload.size || next == *upload.size;
}

Bytes MediaModel::ContentOf(const Upload& upload) {
  Bytes content;
  for (const auto& [offset, piece] : upload.pieces) content += piece;
  return content;
}

Code MediaModel::ExpectedOfAppend(const Upload& upload, uint64_t offset, const Bytes& bytes) const {
  if (upload.state != State::kOpen) return Code::kNotFound;
  if (offset % kModelChunk != 0 || bytes.empty() || bytes.size() > kModelChunk)
    return Code::kInvalid;
  if (offset / kModelChunk >= limits::kMaxContentChunks) return Code::kTooLarge;
  const uint64_t end = offset + bytes.size();
  const bool is_short = bytes.size() < kModelChunk;
  if (upload.size && (end > *upload.size || (is_short && end != *upload.size))) {
    return Code::kInvalid;
  }
  const bool ends_early = !upload.pieces.empty() && upload.pieces.rbegin()->first >= offset;
  if (!upload.size && is_short && ends_early) return Code::kInvalid;
  const auto there = upload.pieces.find(offset);
  if (there == upload.pieces.end()) return Code::kOk;
  return there->second == bytes ? Code::kOk : Code::kConditionFailed;
}

Code MediaModel::ExpectedOfCommit(const Upload& upload) const {
  if (upload.state == State::kGone) return Code::kNotFound;
  if (upload.state == State::kCommitted) return Code::kOk;
  if (!IsWhole(upload)) return Code::kConditionFailed;
  const Bytes content = ContentOf(upload);
  if (upload.declared && *upload.declared != content.size()) return Code::kConditionFailed;
  if (upload.sha256 && *upload.sha256 != Sha256::Of(content)) return Code::kConditionFailed;
  return media_.count(upload.id) > 0 ? Code::kConditionFailed : Code::kOk;
}

void MediaModel::NoteCommit(Upload* upload, const MediaManifest& manifest) {
  if (upload->state == State::kCommitted) {
    return Expect(manifest == *upload->manifest, "the second answer of a commit differs");
  }
  const Bytes content = ContentOf(*upload);
  Expect(manifest.size == content.size() && manifest.sha256 == Sha256::Of(content),
         "a commit has another size or SHA-256");
  upload->state = State::kCommitted;
  upload->manifest = manifest;
  media_[upload->id] = {.manifest = manifest, .content = content};
}

void MediaModel::ExpireUploads() {
  for (Upload& upload : uploads_) {
    if (NowMillis() >= upload.expires_ms) upload.state = State::kGone;
  }
}

// --- Uploads -------------------------------------------------------------------------------------

void MediaModel::Begin() {
  if (uploads_.size() == kMaxUploads) uploads_.erase(uploads_.begin());  // abandoned
  Upload upload{.id = AnyId(), .intended = &contents_[below_(contents_.size())]};
  BeginUpload begin{.id = upload.id, .fields = AnyFields(), .chunk_bytes = kModelChunk};
  Code expected = Code::kOk;
  switch (below_(10)) {
    case 0:
      begin.size = limits::kMaxContentChunks * kModelChunk + 1;
      expected = Code::kTooLarge;
      break;
    case 1:
      begin.chunk_bytes = kModelChunk - 1;
      expected = Code::kInvalid;
      break;
    case 2:
      begin.size = upload.intended->size() + 1;
      break;
    case 3:
      begin.sha256 = Sha256::Of("something else");
      break;
    case 4:
    case 5:
      begin.sha256 = Sha256::Of(*upload.intended);
      begin.size = upload.intended->size();
      break;
    case 6:
      begin.size = upload.intended->size();
      break;
    default:
      break;
  }
  if (begin.fields.size() > limits::kMaxMediaFieldBytes) expected = Code::kTooLarge;
  upload.declared = upload.size = begin.size;
  upload.sha256 = begin.sha256;
  PlanFaults();
  const auto start = process_->media.Begin(begin).Wait();
  process_->faults.Clear();
  if (IsTransient(start.status())) return;  // nobody knows its id; it expires
  if (!start.ok() && expected != Code::kOk) {
    // Of several reasons, any.
    return Expect(start.status().code() == Code::kTooLarge || start.status().code() == expected,
                  "begin: " + start.status().ToString());
  }
  ExpectCode(start.status(), expected, "begin");
  if (!start.ok()) return;
  Expect(start->id == upload.id, "begin answers another media id");
  upload.upload = start->upload;
  upload.expires_ms = start->expires_ms;
  uploads_.push_back(std::move(upload));
}

void MediaModel::Append() {
  Upload* const upload = AnyUpload();
  if (upload == nullptr) return;
  static constexpr uint64_t kOffsets[] = {
      0, 0, kModelChunk, kModelChunk, 2 * kModelChunk, 1, UINT64_MAX - kModelChunk + 1, UINT64_MAX};
  const uint64_t offset = kOffsets[below_(std::size(kOffsets))];
  const Bytes& from = below_(4) == 0 ? contents_[below_(contents_.size())] : *upload->intended;
  Bytes bytes = from.substr(std::min<size_t>(offset, from.size()), kModelChunk);
  if (below_(16) == 0) bytes += Bytes(kModelChunk, 'x');
  bool interrupted = false;
  const Status status = WithFaults(
      [&] {
        return [](MediaService& media, UploadPiece piece) -> Task<Status> {
          co_return co_await FromCallback<Status>(
              [&](auto done) { media.Append(std::move(piece), std::move(done)); });
        }(process_->media,
          {.id = upload->upload, .offset = offset, .bytes = bytes, .checksum = Hash64(bytes)})
                                                                 .Wait();
      },
      &interrupted);
  ExpectCode(status, ExpectedOfAppend(*upload, offset, bytes), "append");
  if (!status.ok()) return;
  upload->pieces[offset] = bytes;
  if (bytes.size() < kModelChunk) upload->size = offset + bytes.size();
}

void MediaModel::Commit() {
  Upload* const upload = AnyUpload();
  if (upload == nullptr) return;
  const auto commit = [&] {
    return process_->media.Commit(upload->id.owner, upload->upload).Wait();
  };
  const bool was_taken = upload->state == State::kOpen && media_.count(upload->id) > 0;
  PlanFaults();
  auto stored = commit();
  process_->faults.Clear();
  bool is_deleted = false;
  const bool interrupted = IsTransient(stored.status());
  if (interrupted) {
    if (below_(2) == 0) Restart();
    switch (below_(4)) {
      case 0:
        // An upload that is being committed does not expire; one that is open does.
        if (upload->expires_ms > NowMillis() + limits::kWorkGraceMillis + 1) Settle();
        break;
      case 1: {
        is_deleted = process_->media.Delete(upload->id).Wait().ok();
        if (is_deleted) media_.erase(upload->id);
        break;
      }
      case 2: {
        const Status cancelled = process_->media.Cancel(upload->id.owner, upload->upload).Wait();
        if (cancelled.ok()) upload->state = State::kGone;
        break;
      }
      default:
        break;
    }
    stored = commit();
  }
  if (upload->state == State::kOpen && IsWhole(*upload)) upload->size = ReceivedOf(*upload);
  if (interrupted && was_taken) {
    // The first call may have dropped the upload.
    if (!stored.ok()) {
      Expect(stored.status().code() == Code::kNotFound ||
                 stored.status().code() == ExpectedOfCommit(*upload) || is_deleted,
             "commit, repeated: " + stored.status().ToString());
      if (ExpectedOfCommit(*upload) == Code::kOk || IsWhole(*upload)) {
        const bool is_open = stored.status().code() == Code::kConditionFailed &&
                             process_->media.Progress(upload->id.owner, upload->upload).Wait().ok();
        if (!is_open) upload->state = State::kGone;
      }
      return;
    }
    return NoteCommit(upload, stored->manifest);
  }
  ExpectCode(stored.status(), ExpectedOfCommit(*upload), "commit");
  if (stored.ok()) {
    const bool was_open = upload->state == State::kOpen;
    NoteCommit(upload, stored->manifest);
    if (was_open && is_deleted) media_.erase(upload->id);
  } else if (was_taken && IsWhole(*upload) &&
             !process_->media.Progress(upload->id.owner, upload->upload).Wait().ok()) {
    upload->state = State::kGone;
  }
}

void MediaModel::Cancel() {
  Upload* const upload = AnyUpload();
  if (upload == nullptr) return;
  bool interrupted = false;
  const Status status =
      WithFaults([&] { return process_->media.Cancel(upload->id.owner, upload->upload).Wait(); },
                 &interrupted);
  ExpectCode(status, upload->state == State::kCommitted ? Code::kConditionFailed : Code::kOk,
             "cancel");
  if (status.ok()) upload->state = State::kGone;
}

void MediaModel::Progress() {
  const Upload* const upload = AnyUpload();
  if (upload == nullptr) return;
  const bool foreign = below_(4) == 0;
  bool interrupted = false;
  const auto progress = WithFaults(
      [&] {
        return process_->media.Progress(upload->id.owner + (foreign ? 1 : 0), upload->upload)
            .Wait();
      },
      &interrupted);
  ExpectCode(progress.status(),
             foreign || upload->state == State::kGone ? Code::kNotFound : Code::kOk, "progress");
  if (!progress.ok()) return;
  Expect(progress->received_bytes == ReceivedOf(*upload), "progress: bytes received");
  Expect(progress->missing.empty() == IsWhole(*upload), "progress: missing ranges");
  Expect(progress->spec.size == upload->size, "progress: size");
}

// --- The end -------------------------------------------------------------------------------------

void MediaModel::Finish() {
  Restart();
  SweepAfter(limits::kWorkGraceMillis + 1);
  SweepAfter(limits::kUploadExpiryMillis + 1);
  SweepAfter(limits::kWorkGraceMillis + 1);
  std::set<Sha256Digest> contents;
  for (const auto& [id, media] : media_) {
    contents.insert(media.manifest.sha256);
    CheckMedia(id, media);
  }
  const auto expect_count = [&](const std::string& what, size_t count, size_t expected) {
    Expect(count == expected, "at the end: " + std::to_string(count) + " " + what + ", expected " +
                                  std::to_string(expected));
  };
  expect_count("contents", store_.content_count() + CountRecords(&engine_, Table::kBlobs),
               contents.size());
  expect_count("media records", CountRecords(&engine_, Table::kMedia), media_.size());
  expect_count("heads and references", CountRecords(&engine_, Table::kContents),
               contents.size() + media_.size());
  expect_count("uploads in the store", store_.upload_count(), 0);
  expect_count("records of uploads", CountRecords(&engine_, Table::kUploads), 0);
  expect_count("items of work", CountRecords(&engine_, Table::kWork), 0);
}

}  // namespace smile::testing
