#include "storage/content/upload_file.h"

#include <algorithm>
#include <climits>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"
#include "storage/content/turns.h"

namespace smile {
namespace {

constexpr uint64_t kHashPerAppend = 4;  // chunks that are read again, if pieces arrive out of order
// Written to the disk at once; a sync of the log waits for it.
constexpr uint64_t kStartSyncBytes = uint64_t{1} << 20;
constexpr uint64_t kEntryCost = uint64_t{4} << 10;  // of reading an entry, in bytes of a budget

Status DamagedUpload() {
  return {Code::kCorrupt, "the upload is damaged; begin again"};
}

// A number for the checksum of a chunk, so that a set of them has a check.
uint64_t CheckOf(uint64_t chunk, uint64_t sum) {
  Bytes bytes;
  AppendLittle(&bytes, chunk);
  AppendLittle(&bytes, sum);
  return Hash64(bytes);
}

void Take(uint64_t bytes, uint64_t* budget) {
  *budget -= std::min(bytes, *budget);
}

}  // namespace

Status NoSuchUpload() {
  return {Code::kNotFound, "no such upload"};
}

std::string UploadFile::DataPath(const std::string& directory, const ContentId& id) {
  return directory + "/" + id.ToHex();
}

std::string UploadFile::ChunksPath(const std::string& directory, const ContentId& id) {
  return DataPath(directory, id) + ".chunks";
}

Result<std::unique_ptr<UploadFile>> UploadFile::Create(const std::string& directory,
                                                       const UploadSpec& spec) {
  auto chunks = DiskFile::Create(ChunksPath(directory, spec.id));
  if (!chunks.ok()) return chunks.status();
  const Bytes header = EncodeUploadHeader({.chunk_bytes = spec.chunk_bytes, .size = spec.size});
  SMILE_TRY(chunks->WriteAt(0, header));
  auto data = DiskFile::Create(DataPath(directory, spec.id));
  if (!data.ok()) return data.status();
  return std::unique_ptr<UploadFile>(
      new UploadFile(spec, std::move(data).value(), std::move(chunks).value()));
}

Result<std::unique_ptr<UploadFile>> UploadFile::Open(const std::string& directory,
                                                     const ContentId& id) {
  auto chunks = DiskFile::OpenToWrite(ChunksPath(directory, id));
  if (chunks.status().code() == Code::kNotFound) return NoSuchUpload();
  if (!chunks.ok()) return chunks.status();
  auto data = DiskFile::OpenToWrite(DataPath(directory, id));
  if (data.status().code() == Code::kNotFound) return NoSuchUpload();
  if (!data.ok()) return data.status();
  Bytes bytes(kUploadHeaderBytes, '\0');
  SMILE_TRY(chunks->ReadAt(0, bytes.size(), bytes.data()));
  const auto header = DecodeUploadHeader(bytes);
  if (!header) return DamagedUpload();
  const UploadSpec spec{.id = id, .chunk_bytes = header->chunk_bytes, .size = header->size};
  std::unique_ptr<UploadFile> upload(
      new UploadFile(spec, std::move(data).value(), std::move(chunks).value()));
  upload->recovered_ = false;
  return upload;
}

void UploadFile::CloseFiles() {
  data_.reset();
  chunks_.reset();
}

Status UploadFile::ReopenFiles(const std::string& directory) {
  if (data_) return {};
  SMILE_ASSIGN(DiskFile chunks, DiskFile::OpenToWrite(ChunksPath(directory, spec_.id)));
  SMILE_ASSIGN(DiskFile data, DiskFile::OpenToWrite(DataPath(directory, spec_.id)));
  chunks_.emplace(std::move(chunks));
  data_.emplace(std::move(data));
  chunks_to_compare_ = hashed_chunks_;
  compared_chunks_ = 0;
  return {};
}

size_t UploadFile::MemoryBytes() const {
  constexpr size_t kHashBytes = 512;  // OpenSSL's state of a SHA-256
  return sizeof(*this) + kHashBytes + there_.capacity() / CHAR_BIT;
}

uint64_t UploadFile::OutstandingBytes(const std::string& directory, const ContentId& id) {
  const auto chunks = DiskFile::OpenToRead(ChunksPath(directory, id));
  const auto data = DiskFile::OpenToRead(DataPath(directory, id));
  Bytes bytes(kUploadHeaderBytes, '\0');
  if (!chunks.ok() || !data.ok() || !chunks->ReadAt(0, bytes.size(), bytes.data()).ok()) return 0;
  const auto header = DecodeUploadHeader(bytes);
  const auto allocated = data->AllocatedBytes();
  if (!header || !header->size || !allocated.ok()) return 0;
  return *header->size - std::min(*header->size, *allocated);
}

Status UploadFile::Remove(const std::string& directory, const ContentId& id) {
  SMILE_TRY(RemoveFile(DataPath(directory, id)));
  return RemoveFile(ChunksPath(directory, id));
}

// Chunks whose bytes do not match their entry are missing.
Status UploadFile::RecoverOn(uint64_t* budget) {
  if (recovered_) return {};
  SMILE_ASSIGN(const uint64_t table_bytes, chunks_->Size());
  SMILE_ASSIGN(const uint64_t data_bytes, data_->Size());
  const uint64_t entries = std::min<uint64_t>(
      (table_bytes - kUploadHeaderBytes) / kUploadEntryBytes, limits::kMaxContentChunks);
  Bytes bytes(spec_.chunk_bytes, '\0');
  for (uint64_t& chunk = recovered_chunks_; chunk < entries; ++chunk) {
    if (*budget == 0) return {};
    SMILE_ASSIGN(const UploadEntry entry, EntryOf(chunk));
    Take(kEntryCost, budget);
    const uint64_t offset = chunk * spec_.chunk_bytes;
    if (entry.size == 0 || !CheckPiece(offset, entry.size).ok()) continue;
    if (offset + entry.size > data_bytes) continue;
    SMILE_TRY(data_->ReadAt(offset, entry.size, bytes.data()));
    Take(entry.size, budget);
    const ByteView stored = ByteView(bytes).substr(0, entry.size);
    if (Hash64(stored) != entry.sum) continue;
    Note(chunk, entry.size, entry.sum);
    if (hashed_chunks_ == chunk) {
      HashInTurns(kUploadTurn, stored, &hash_);
      ++hashed_chunks_;
    }
  }
  recovered_ = true;
  return {};
}

Status UploadFile::CheckPiece(uint64_t offset, size_t size) const {
  const uint32_t chunk_bytes = spec_.chunk_bytes;
  if (offset % chunk_bytes != 0) {
    return {Code::kInvalid, "the offset is not a multiple of the upload's chunk size, " +
                                std::to_string(chunk_bytes)};
  }
  if (size == 0 || size > chunk_bytes) {
    return {Code::kInvalid,
            "a piece has 1 to " + std::to_string(chunk_bytes) + " bytes, the upload's chunk size"};
  }
  if (offset / chunk_bytes >= limits::kMaxContentChunks ||
      offset > limits::kMaxContentBytes - size) {
    return {Code::kTooLarge, "content has at most " + std::to_string(limits::kMaxContentBytes) +
                                 " bytes in " + std::to_string(limits::kMaxContentChunks) +
                                 " chunks"};
  }
  const uint64_t end = offset + size;
  if (spec_.size && end > *spec_.size) {
    return {Code::kInvalid,
            "the piece exceeds the size of the content, " + std::to_string(*spec_.size)};
  }
  if (size == chunk_bytes || (spec_.size && end == *spec_.size)) return {};
  if (spec_.size || end < there_.size() * uint64_t{chunk_bytes}) {
    return {Code::kInvalid, "only the last piece may be shorter than the upload's chunk size, " +
                                std::to_string(chunk_bytes)};
  }
  return {};
}

uint32_t UploadFile::SizeOf(uint64_t chunk) const {
  return spec_.size ? ChunkSize(chunk, *spec_.size, spec_.chunk_bytes) : spec_.chunk_bytes;
}

Result<UploadEntry> UploadFile::EntryOf(uint64_t chunk) const {
  Bytes coded(kUploadEntryBytes, '\0');
  SMILE_TRY(
      chunks_->ReadAt(kUploadHeaderBytes + chunk * kUploadEntryBytes, coded.size(), coded.data()));
  return DecodeUploadEntry(coded);
}

// The check finds an entry that was damaged after its chunk was hashed.
Result<Bytes> UploadFile::Sums() const {
  Bytes table(there_.size() * kUploadEntryBytes, '\0');
  SMILE_TRY(chunks_->ReadAt(kUploadHeaderBytes, table.size(), table.data()));
  Bytes sums;
  uint64_t check = 0;
  for (uint64_t chunk = 0; chunk < there_.size(); ++chunk) {
    const UploadEntry entry =
        DecodeUploadEntry(ByteView(table).substr(chunk * kUploadEntryBytes, kUploadEntryBytes));
    AppendLittle(&sums, entry.sum);
    check ^= CheckOf(chunk, entry.sum);
  }
  if (check != check_of_sums_) return DamagedUpload();
  return sums;
}

void UploadFile::Note(uint64_t chunk, size_t size, uint64_t sum) {
  CHECK(!IsThere(chunk));
  if (chunk >= there_.size()) there_.resize(chunk + 1);
  there_[chunk] = true;
  check_of_sums_ ^= CheckOf(chunk, sum);
  received_bytes_ += size;
  if (size < spec_.chunk_bytes) spec_.size = chunk * spec_.chunk_bytes + size;
  CHECK(size == SizeOf(chunk));
  CHECK(!spec_.size || received_bytes_ <= *spec_.size);
}

Status UploadFile::Append(uint64_t offset, ByteView bytes, uint64_t checksum) {
  CHECK(recovered_);
  SMILE_TRY(CheckPiece(offset, bytes.size()));
  const uint64_t chunk = offset / spec_.chunk_bytes;
  if (IsThere(chunk)) {
    SMILE_ASSIGN(const UploadEntry there, EntryOf(chunk));
    if (there.sum == checksum && SizeOf(chunk) == bytes.size()) return {};
    return {Code::kConditionFailed, "other bytes were uploaded at this offset"};
  }
  SMILE_TRY(WriteInTurns(kUploadTurn, *data_, offset, bytes));
  SMILE_TRY(chunks_->WriteAt(
      kUploadHeaderBytes + chunk * kUploadEntryBytes,
      EncodeUploadEntry({.sum = checksum, .size = static_cast<uint32_t>(bytes.size())})));
  Note(chunk, bytes.size(), checksum);
  unsynced_bytes_ += bytes.size();
  if (unsynced_bytes_ >= kStartSyncBytes) {
    data_->StartSync(0, 0);
    unsynced_bytes_ = 0;
  }
  if (chunk != hashed_chunks_) return {};
  HashInTurns(kUploadTurn, bytes, &hash_);
  ++hashed_chunks_;
  uint64_t budget = kHashPerAppend * spec_.chunk_bytes;
  return HashNew(&budget);
}

Result<Bytes> UploadFile::ReadChunk(uint64_t chunk, uint64_t* budget) const {
  Bytes bytes(SizeOf(chunk), '\0');
  SMILE_TRY(data_->ReadAt(chunk * spec_.chunk_bytes, bytes.size(), bytes.data()));
  Take(bytes.size(), budget);
  SMILE_ASSIGN(const UploadEntry entry, EntryOf(chunk));
  if (Hash64(bytes) != entry.sum) return DamagedUpload();
  return bytes;
}

Status UploadFile::HashOn(uint64_t* budget) {
  CHECK(recovered_ && compared_chunks_ <= chunks_to_compare_);
  while (*budget > 0 && compared_chunks_ < chunks_to_compare_) {
    SMILE_TRY(ReadChunk(compared_chunks_, budget).status());
    ++compared_chunks_;
  }
  return HashNew(budget);
}

Status UploadFile::HashNew(uint64_t* budget) {
  while (*budget > 0 && IsThere(hashed_chunks_)) {
    SMILE_ASSIGN(const Bytes bytes, ReadChunk(hashed_chunks_, budget));
    HashInTurns(kUploadTurn, bytes, &hash_);
    ++hashed_chunks_;
  }
  return {};
}

bool UploadFile::complete() const {
  return received_bytes_ == spec_.size.value_or(there_.size() * uint64_t{spec_.chunk_bytes});
}

uint64_t UploadFile::outstanding_bytes() const {
  return spec_.size ? *spec_.size - received_bytes_ : 0;
}

UploadProgress UploadFile::Progress() const {
  UploadProgress progress{.spec = spec_, .received_bytes = received_bytes_};
  const uint64_t known = there_.size();
  const uint64_t chunks = spec_.size ? ChunksOf(*spec_.size, spec_.chunk_bytes) : known;
  CHECK(chunks >= known);
  bool gap_seen = false;
  for (uint64_t chunk = 0; chunk < chunks; ++chunk) {
    const uint64_t offset = chunk * spec_.chunk_bytes;
    if (IsThere(chunk)) {
      if (!gap_seen) progress.contiguous_bytes = offset + SizeOf(chunk);
      continue;
    }
    gap_seen = true;
    // All that follows the last chunk that is there is one range.
    const uint64_t size = chunk < known ? SizeOf(chunk) : *spec_.size - offset;
    std::vector<ByteRange>& missing = progress.missing;
    if (!missing.empty() && missing.back().offset + missing.back().size == offset) {
      missing.back().size += size;
    } else if (missing.size() == limits::kMaxMissingRanges) {
      break;
    } else {
      missing.push_back({.offset = offset, .size = size});
    }
    if (chunk >= known) break;
  }
  return progress;
}

Result<ContentInfo> UploadFile::Digest() {
  CHECK(recovered_);
  if (!spec_.size) {
    if (!complete()) {
      return Status(Code::kConditionFailed, "pieces are missing; ask for the progress");
    }
    // Also if the file is closed and opened again before Finish().
    SMILE_TRY(chunks_->WriteAt(
        0, EncodeUploadHeader({.chunk_bytes = spec_.chunk_bytes, .size = received_bytes_})));
    spec_.size = received_bytes_;
  }
  if (received_bytes_ != *spec_.size) {
    return Status(Code::kConditionFailed, "pieces are missing: " + std::to_string(received_bytes_) +
                                              " of " + std::to_string(*spec_.size) +
                                              " bytes are there; ask for the progress");
  }
  CHECK(hashed() && hashed_chunks_ == ChunksOf(*spec_.size, spec_.chunk_bytes));
  return ContentInfo{.sha256 = hash_.Digest(), .size = *spec_.size};
}

Status UploadFile::Finish() {
  const auto info = Digest();
  if (!info.ok()) return info.status();
  SMILE_ASSIGN(Bytes trailer, Sums());
  trailer += EncodeContentFooter(
      {.sha256 = info->sha256, .size = info->size, .chunk_bytes = spec_.chunk_bytes});
  // What a piece that failed in the middle left after the end goes.
  SMILE_TRY(data_->Truncate(info->size));
  SMILE_TRY(data_->WriteAt(info->size, trailer));
  Status synced = data_->Sync();
  failed_ = !synced.ok();
  return synced;
}

}  // namespace smile
