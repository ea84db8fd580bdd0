#include "storage/memory_content_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "storage/content_errors.h"

namespace smile {
namespace {

Status NoSuchUpload() {
  return {Code::kNotFound, "no such upload"};
}

Status Closed() {
  return {Code::kShuttingDown, "the server is stopping"};
}

}  // namespace

Status MemoryContentStore::BeginNow(const UploadSpec& spec) {
  if (closed_) return Closed();
  const uint64_t size = spec.size.value_or(0);
  const uint64_t chunks = size / spec.chunk_bytes + (size % spec.chunk_bytes != 0 ? 1 : 0);
  if (size > limits::kMaxContentBytes || chunks > limits::kMaxContentChunks) {
    return {Code::kTooLarge, "too large"};
  }
  const auto [entry, is_new] = uploads_.try_emplace(spec.id, Upload{.spec = spec, .pieces = {}});
  const UploadSpec& there = entry->second.spec;
  if (is_new ||
      (there.chunk_bytes == spec.chunk_bytes && (!spec.size || there.size == spec.size))) {
    return {};
  }
  return {Code::kConditionFailed, "there is another upload"};
}

Status MemoryContentStore::AppendNow(const UploadPiece& piece) {
  if (closed_) return Closed();
  const auto found = uploads_.find(piece.id);
  if (found == uploads_.end()) return NoSuchUpload();
  Upload& upload = found->second;
  std::optional<uint64_t>& size = upload.spec.size;
  const uint32_t chunk = upload.spec.chunk_bytes;
  if (piece.offset % chunk != 0 || piece.bytes.empty() || piece.bytes.size() > chunk) {
    return {Code::kInvalid, "not a chunk"};
  }
  if (piece.offset / chunk >= limits::kMaxContentChunks ||
      piece.offset + piece.bytes.size() > limits::kMaxContentBytes) {
    return {Code::kTooLarge, "too large"};
  }
  const uint64_t end = piece.offset + piece.bytes.size();
  const bool is_short = piece.bytes.size() < chunk;
  if (size && (end > *size || (is_short && end != *size))) return {Code::kInvalid, "not its size"};
  if (!size && is_short && !upload.pieces.empty() &&
      end < upload.pieces.rbegin()->first + upload.pieces.rbegin()->second.size()) {
    return {Code::kInvalid, "ends before other pieces"};
  }
  const auto [entry, is_new] = upload.pieces.try_emplace(piece.offset, piece.bytes);
  if (!is_new && entry->second != piece.bytes) return {Code::kConditionFailed, "other bytes"};
  if (is_short) size = end;
  return {};
}

Result<UploadProgress> MemoryContentStore::ProgressNow(const ContentId& id) const {
  if (closed_) return Closed();
  const auto found = uploads_.find(id);
  if (found == uploads_.end()) return NoSuchUpload();
  const Upload& upload = found->second;
  UploadProgress progress{.spec = upload.spec};
  uint64_t next = 0;
  const auto miss = [&](uint64_t end) {
    if (end > next && progress.missing.size() < limits::kMaxMissingRanges) {
      progress.missing.push_back({.offset = next, .size = end - next});
    }
  };
  for (const auto& [offset, bytes] : upload.pieces) {
    miss(offset);
    next = offset + bytes.size();
    progress.received_bytes += bytes.size();
    if (progress.missing.empty()) progress.contiguous_bytes = next;
  }
  if (upload.spec.size) miss(*upload.spec.size);
  return progress;
}

Result<Bytes> MemoryContentStore::Join(const ContentId& id) const {
  const auto progress = ProgressNow(id);
  if (!progress.ok()) return progress.status();
  if (!progress->missing.empty()) return Status(Code::kConditionFailed, "pieces are missing");
  Bytes whole;
  for (const auto& [offset, bytes] : uploads_.at(id).pieces) whole += bytes;
  return whole;
}

Result<ContentPiece> MemoryContentStore::ReadNow(const ContentRange& range) const {
  CHECK(range.size > 0 && range.size <= limits::kMaxContentReadBytes);
  if (closed_) return Closed();
  const auto found = contents_.find(range.id);
  if (found == contents_.end()) return NoSuchContent();
  if (range.offset > found->second.size()) return BeyondTheContent(found->second.size());
  const Bytes bytes = found->second.substr(range.offset, range.size);
  return ContentPiece{
      .bytes = bytes, .checksum = Hash64(bytes), .content_size = found->second.size()};
}

template <class Operation>
auto MemoryContentStore::Locked(const Operation& operation) const {
  const std::lock_guard lock(mutex_);
  return operation();
}

void MemoryContentStore::Begin(UploadSpec spec, Done<Status> done) {
  done(Locked([&] { return BeginNow(spec); }));
}

void MemoryContentStore::Append(UploadPiece piece, Done<Status> done) {
  done(Locked([&] { return AppendNow(piece); }));
}

void MemoryContentStore::Progress(ContentId id, Done<Result<UploadProgress>> done) {
  done(Locked([&] { return ProgressNow(id); }));
}

void MemoryContentStore::Digest(ContentId id, Done<Result<ContentInfo>> done) {
  const Result<Bytes> whole = Locked([&] {
    Result<Bytes> joined = Join(id);
    if (joined.ok()) uploads_.at(id).spec.size = joined->size();
    return joined;
  });
  if (!whole.ok()) return done(whole.status());
  done(ContentInfo{.sha256 = Sha256::Of(*whole), .size = whole->size()});
}

void MemoryContentStore::Seal(ContentId id, Done<Status> done) {
  done(Locked([&]() -> Status {
    if (!closed_ && contents_.count(id) > 0) return {};
    Result<Bytes> whole = Join(id);
    if (!whole.ok()) return whole.status();
    contents_[id] = std::move(whole).value();
    uploads_.erase(id);
    return {};
  }));
}

void MemoryContentStore::Cancel(ContentId id, Done<Status> done) {
  done(Locked([&] {
    if (closed_) return Closed();
    uploads_.erase(id);
    return Status();
  }));
}

void MemoryContentStore::Hash(ByteView bytes, uint64_t, Done<Result<Sha256Digest>> done) {
  done(Locked([&]() -> Result<Sha256Digest> {
    if (closed_) return Closed();
    return Sha256::Of(bytes);
  }));
}

void MemoryContentStore::Put(ContentToPut content, Done<Result<ContentId>> done) {
  CHECK(!content.bytes.empty() && content.bytes.size() <= limits::kMaxChunkBytes);
  done(Locked([&]() -> Result<ContentId> {
    if (closed_) return Closed();
    ContentId id;
    id.bytes.fill(255);
    Bytes number;
    AppendBig(&number, ++puts_);
    std::copy(number.begin(), number.end(), id.bytes.end() - number.size());
    CHECK(IsIdOfStore(id));
    contents_[id] = Bytes(content.bytes);
    unsettled_.insert(id);
    return id;
  }));
}

void MemoryContentStore::Settle(const ContentId& id, bool kept) {
  const std::lock_guard lock(mutex_);
  if (unsettled_.erase(id) > 0 && !kept) doubtful_.insert(id);
}

void MemoryContentStore::ForgetCallers() {
  const std::lock_guard lock(mutex_);
  doubtful_.merge(unsettled_);
  unsettled_.clear();
}

void MemoryContentStore::FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) {
  done(Locked([&]() -> Result<std::optional<DoubtfulContents>> {
    if (closed_) return Closed();
    if (doubtful_.empty()) return std::optional<DoubtfulContents>();
    return std::optional(
        DoubtfulContents{.group = 0, .contents = {doubtful_.begin(), doubtful_.end()}});
  }));
}

void MemoryContentStore::SettleDoubtful(uint32_t, Done<Status> done) {
  done(Locked([&]() -> Status {
    if (closed_) return Closed();
    doubtful_.clear();
    return {};
  }));
}

void MemoryContentStore::Read(ContentRange range, Done<Result<ContentPiece>> done) {
  done(Locked([&] { return ReadNow(range); }));
}

void MemoryContentStore::Stat(ContentId id, Done<Result<ContentInfo>> done) {
  done(Locked([&]() -> Result<ContentInfo> {
    if (closed_) return Closed();
    const auto found = contents_.find(id);
    if (found == contents_.end()) return NoSuchContent();
    return ContentInfo{.sha256 = Sha256::Of(found->second), .size = found->second.size()};
  }));
}

void MemoryContentStore::List(ContentId after, uint32_t limit,
                              Done<Result<std::vector<ContentId>>> done) {
  done(Locked([&]() -> Result<std::vector<ContentId>> {
    if (closed_) return Closed();
    std::vector<ContentId> ids;
    for (auto i = contents_.upper_bound(after); i != contents_.end() && ids.size() < limit; ++i) {
      if (unsettled_.count(i->first) == 0) ids.push_back(i->first);
    }
    return ids;
  }));
}

void MemoryContentStore::Delete(ContentId id, Done<Status> done) {
  done(Locked([&] {
    if (closed_) return Closed();
    uploads_.erase(id);
    contents_.erase(id);
    unsettled_.erase(id);
    doubtful_.erase(id);
    return Status();
  }));
}

void MemoryContentStore::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

size_t MemoryContentStore::upload_count() const {
  const std::lock_guard lock(mutex_);
  return uploads_.size();
}

size_t MemoryContentStore::content_count() const {
  const std::lock_guard lock(mutex_);
  return contents_.size();
}

}  // namespace smile
