#include "storage/content/sealed_content.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "storage/content_errors.h"

namespace smile {
namespace {

constexpr size_t kFolderDigits = 2;  // so that no folder has too many files
constexpr size_t kFolders = 256;

}  // namespace

SealedContents::SealedContents(std::string directory)
    : directory_(std::move(directory)), recent_(limits::kMaxOpenContents) {}

SealedContents::OpenContent::OpenContent(DiskFile opened, const ContentFooter& read)
    : file(std::move(opened)),
      footer(read),
      verified(file.descriptor(), footer.size, ChunksOf(footer.size, footer.chunk_bytes)) {}

std::string SealedContents::FolderOf(const ContentId& id) const {
  return directory_ + "/" + id.ToHex().substr(0, kFolderDigits);
}

std::string SealedContents::PathOf(const ContentId& id) const {
  return FolderOf(id) + "/" + id.ToHex().substr(kFolderDigits);
}

bool SealedContents::Has(const ContentId& id) const {
  return FileExists(PathOf(id));
}

Result<std::shared_ptr<const SealedContents::OpenContent>> SealedContents::Open(
    const ContentId& id) {
  const std::lock_guard lock(mutex_);
  if (const auto* const open = recent_.Find(id)) return *open;
  auto file = DiskFile::OpenToRead(PathOf(id));
  if (file.status().code() == Code::kNotFound) return NoSuchContent();
  if (!file.ok()) return file.status();
  const auto size = file->Size();
  if (!size.ok()) return size.status();
  if (*size < kContentFooterBytes) return DamagedContent();
  Bytes coded(kContentFooterBytes, '\0');
  SMILE_TRY(file->ReadAt(*size - coded.size(), coded.size(), coded.data()));
  const auto footer = DecodeContentFooter(coded);
  if (!footer || *size != footer->size +
                              ChunksOf(footer->size, footer->chunk_bytes) * kContentSumBytes +
                              kContentFooterBytes) {
    return DamagedContent();
  }
  auto opened = std::make_shared<const OpenContent>(std::move(file).value(), *footer);
  recent_.Add(id, opened);
  return opened;
}

void SealedContents::Forget(const ContentId& id) {
  const std::lock_guard lock(mutex_);
  recent_.Remove(id);
}

Result<ContentInfo> SealedContents::Stat(const ContentId& id) {
  const auto content = Open(id);
  if (!content.ok()) return content.status();
  return ContentInfo{.sha256 = (*content)->footer.sha256, .size = (*content)->footer.size};
}

Result<ContentPiece> SealedContents::Read(const ContentRange& range) {
  CHECK(range.size > 0 && range.size <= limits::kMaxContentReadBytes);
  const auto content = Open(range.id);
  if (!content.ok()) return content.status();
  const DiskFile& file = (*content)->file;
  const ContentFooter& footer = (*content)->footer;
  if (range.offset > footer.size) return BeyondTheContent(footer.size);
  const uint64_t size = std::min<uint64_t>(range.size, footer.size - range.offset);
  ContentPiece piece{.bytes = {}, .checksum = Hash64({}), .content_size = footer.size, .file = {}};
  if (size == 0) return piece;

  const uint32_t chunk_bytes = footer.chunk_bytes;
  const uint64_t first = range.offset / chunk_bytes;
  const uint64_t end = ChunksOf(range.offset + size, chunk_bytes);
  const uint64_t begin_offset = first * chunk_bytes;
  const uint64_t end_offset = std::min<uint64_t>(end * chunk_bytes, footer.size);
  Bytes bytes(end_offset - begin_offset, '\0');
  SMILE_TRY(file.ReadAt(begin_offset, bytes.size(), bytes.data()));
  Bytes sums((end - first) * kContentSumBytes, '\0');
  SMILE_TRY(file.ReadAt(footer.size + first * kContentSumBytes, sums.size(), sums.data()));
  for (uint64_t chunk = first; chunk < end; ++chunk) {
    const ByteView stored = ByteView(bytes).substr((chunk - first) * chunk_bytes,
                                                   ChunkSize(chunk, footer.size, chunk_bytes));
    const auto sum = LoadLittle<uint64_t>(sums.data() + (chunk - first) * kContentSumBytes);
    if (Hash64(stored) != sum) return DamagedContent();
    (*content)->verified.Add(chunk);
    piece.checksum = sum;
  }
  if (size == bytes.size()) {
    piece.bytes = std::move(bytes);
    if (end - first == 1) return piece;  // with the checksum that its sender gave it
  } else {
    piece.bytes.assign(bytes, range.offset - begin_offset, size);
  }
  piece.checksum = Hash64(piece.bytes);
  return piece;
}

std::optional<ContentPiece> SealedContents::Peek(const ContentRange& range) {
  std::shared_ptr<const OpenContent> content;
  {
    // Somebody may hold it while a file is opened.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return std::nullopt;
    const auto* const open = recent_.Find(range.id);
    if (open == nullptr) return std::nullopt;
    content = *open;
  }
  const ContentFooter& footer = content->footer;
  if (range.offset >= footer.size || range.offset % footer.chunk_bytes != 0) return std::nullopt;
  const uint64_t chunk = range.offset / footer.chunk_bytes;
  const uint32_t size = ChunkSize(chunk, footer.size, footer.chunk_bytes);
  if (std::min<uint64_t>(range.size, footer.size - range.offset) != size) return std::nullopt;
  if (!content->verified.AreInMemory(chunk, range.offset, size)) return std::nullopt;
  Bytes sum(kContentSumBytes, '\0');
  const uint64_t place = footer.size + chunk * kContentSumBytes;
  if (!content->file.TryReadAt(place, sum.size(), sum.data())) return std::nullopt;
  return ContentPiece{.bytes = {},
                      .checksum = LoadLittle<uint64_t>(sum.data()),
                      .content_size = footer.size,
                      .file = {.descriptor = content->file.descriptor(),
                               .offset = range.offset,
                               .size = size,
                               .owner = content}};
}

Status SealedContents::Take(const std::string& path, const ContentId& id) {
  const std::string folder = FolderOf(id);
  SMILE_TRY(MakeDirectory(folder));
  SMILE_TRY(RenameFile(path, PathOf(id)));
  return Sync(id);
}

Status SealedContents::Sync(const ContentId& id) const {
  SMILE_TRY(SyncDirectory(FolderOf(id)));
  return SyncDirectory(directory_);
}

Result<std::vector<ContentId>> SealedContents::List(const ContentId& after, uint32_t limit) const {
  CHECK(limit > 0);
  std::vector<ContentId> ids;
  for (size_t folder = after.bytes[0]; folder < kFolders && ids.size() < limit; ++folder) {
    ContentId first;
    first.bytes[0] = static_cast<uint8_t>(folder);
    const std::string digits = first.ToHex().substr(0, kFolderDigits);
    SMILE_ASSIGN(const std::vector<std::string> names, NamesIn(directory_ + "/" + digits));
    for (const std::string& name : names) {
      const std::optional<Bytes> bytes = FromHex(digits + name);
      if (!bytes || bytes->size() != after.bytes.size()) continue;  // not ours
      ContentId id;
      std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
      if (id > after && ids.size() < limit) ids.push_back(id);
    }
  }
  return ids;
}

Status SealedContents::Delete(const ContentId& id) {
  Forget(id);
  const std::string path = PathOf(id);
  if (!FileExists(path)) return {};
  SMILE_TRY(RemoveFile(path));
  return SyncDirectory(FolderOf(id));
}

}  // namespace smile
