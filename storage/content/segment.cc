#include "storage/content/segment.h"

#include <sys/random.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "storage/content/turns.h"
#include "storage/content_errors.h"

namespace smile {

namespace {

// Of a segment that was full but for one extent.
constexpr uint64_t kMostSegmentBytes = limits::kSegmentBytes + uint64_t{2} * limits::kMaxChunkBytes;
constexpr uint64_t kMostBlocks = kMostSegmentBytes / kExtentBlockBytes;

}  // namespace

Segment::Segment(uint32_t number, DiskFile file)
    : number_(number),
      file_(std::move(file)),
      verified_(file_.descriptor(), kMostSegmentBytes, kMostBlocks) {
  file_.ExpectRandomReads();
}

Result<std::shared_ptr<Segment>> Segment::Create(const std::string& path, uint32_t number) {
  auto file = DiskFile::Create(path);
  if (!file.ok()) return file.status();
  SegmentHeader header{.number = number, .key = {}};
  CHECK(getrandom(header.key.data(), header.key.size(), 0) ==
        static_cast<ssize_t>(header.key.size()));
  SMILE_TRY(file->WriteAt(0, EncodeSegmentHeader(header)));
  SMILE_TRY(file->Sync());
  std::shared_ptr<Segment> segment(new Segment(number, std::move(file).value()));
  segment->key_ = header.key;
  segment->has_key_ = true;
  return segment;
}

Result<std::shared_ptr<Segment>> Segment::Open(const std::string& path, uint32_t number) {
  auto file = DiskFile::OpenToWrite(path);
  if (!file.ok()) return file.status();
  std::shared_ptr<Segment> segment(new Segment(number, std::move(file).value()));
  SMILE_TRY(segment->ReadKey());
  return segment;
}

Status Segment::ReadKey() {
  Bytes coded(kSegmentHeaderBytes, '\0');
  const Status read = file_.ReadAt(0, coded.size(), coded.data());
  if (read.code() == Code::kCorrupt) return {};  // it is shorter
  SMILE_TRY(read);
  const auto header = DecodeSegmentHeader(coded);
  if (!header || header->number != number_) return {};
  key_ = header->key;
  has_key_ = true;
  return {};
}

Status Segment::Write(const ExtentAddress& address, const ContentToPut& content) const {
  CHECK(address.segment == number_ && address.block > 0 && has_key_);
  CHECK(address.size == content.bytes.size());
  const Bytes header = EncodeExtentHeader(
      {.sha256 = content.sha256, .key = key_, .checksum = content.checksum, .address = address});
  SMILE_TRY(file_.WriteAt(address.offset(), header));
  SMILE_TRY(WriteInTurns(kPutTurn, file_, address.offset_of_bytes(), content.bytes));
  verified_.Add(address.block);
  return {};
}

Result<ExtentHeader> Segment::HeaderOf(const ExtentAddress& address, ByteView coded) const {
  const auto header = DecodeExtentHeader(coded, number_);
  if (header && header->address == address) return *header;
  const bool is_hole = coded.find_first_not_of('\0') == ByteView::npos;
  return header || is_hole ? NoSuchContent() : DamagedContent();
}

Result<ContentPiece> Segment::Read(const ExtentAddress& address, uint64_t offset,
                                   uint32_t size) const {
  if (offset > address.size) return BeyondTheContent(address.size);
  if (address.block >= kMostBlocks) return NoSuchContent();
  Bytes coded(kExtentHeaderBytes, '\0');
  Bytes bytes(address.size, '\0');
  const Status read = file_.ReadAt(address.offset(), &coded, &bytes);
  if (read.code() == Code::kCorrupt) return NoSuchContent();  // beyond the end of the file
  SMILE_TRY(read);
  SMILE_ASSIGN(const ExtentHeader header, HeaderOf(address, coded));
  if (Hash64(bytes) != header.checksum) return DamagedContent();
  verified_.Add(address.block);
  return PieceOf(std::move(bytes), header.checksum, offset, size);
}

Result<ContentInfo> Segment::Stat(const ExtentAddress& address) const {
  Bytes coded(kExtentHeaderBytes, '\0');
  const Status read = file_.ReadAt(address.offset(), coded.size(), coded.data());
  if (read.code() == Code::kCorrupt) return NoSuchContent();
  SMILE_TRY(read);
  SMILE_ASSIGN(const ExtentHeader header, HeaderOf(address, coded));
  return ContentInfo{.sha256 = header.sha256, .size = header.address.size};
}

std::optional<ContentPiece> Segment::Peek(const ExtentAddress& address) const {
  if (address.block >= kMostBlocks) return std::nullopt;
  const size_t bytes = kExtentHeaderBytes + address.size;
  if (!verified_.AreInMemory(address.block, address.offset(), bytes)) return std::nullopt;
  Bytes coded(kExtentHeaderBytes, '\0');
  if (!file_.TryReadAt(address.offset(), coded.size(), coded.data())) return std::nullopt;
  const Result<ExtentHeader> header = HeaderOf(address, coded);
  if (!header.ok()) return std::nullopt;
  return ContentPiece{.bytes = {},
                      .checksum = header->checksum,
                      .content_size = address.size,
                      .file = {.descriptor = file_.descriptor(),
                               .offset = address.offset_of_bytes(),
                               .size = address.size,
                               .owner = shared_from_this()}};
}

Status Segment::Punch(const ExtentAddress& address) const {
  CHECK(address.block > 0);
  return file_.PunchHole(address.offset(), uint64_t{address.blocks()} * kExtentBlockBytes);
}

Result<bool> Segment::IsEmpty() const {
  const auto data = file_.NextData(kExtentBlockBytes);
  if (!data.ok()) return data.status();
  return !data->has_value();
}

Result<std::vector<ExtentAddress>> Segment::List(uint32_t from_block, size_t limit) const {
  std::vector<ExtentAddress> extents;
  uint64_t offset = uint64_t{std::max<uint32_t>(from_block, 1)} * kExtentBlockBytes;
  Bytes coded(kExtentHeaderBytes, '\0');
  while (has_key_ && extents.size() < limit) {
    SMILE_ASSIGN(const std::optional<uint64_t> data, file_.NextData(offset));
    if (!data) break;
    offset = *data / kExtentBlockBytes * kExtentBlockBytes;
    const Status read = file_.ReadAt(offset, coded.size(), coded.data());
    if (read.code() == Code::kCorrupt) break;  // the end of the file
    SMILE_TRY(read);
    const auto header = DecodeExtentHeader(coded, number_);
    if (header && header->key == key_ && header->address.offset() == offset) {
      extents.push_back(header->address);
      offset += uint64_t{header->address.blocks()} * kExtentBlockBytes;
    } else {
      offset += kExtentBlockBytes;
    }
  }
  return extents;
}

}  // namespace smile
