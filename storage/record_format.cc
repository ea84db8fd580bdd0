#include "storage/record_format.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"

namespace smile {
namespace {

constexpr uint8_t kHasExpiry = 1;

// Offsets in the header.
constexpr size_t kVersionOffset = 2;
constexpr size_t kChecksumOffset = kVersionOffset + sizeof(uint64_t);
constexpr size_t kExpiryOffset = kChecksumOffset + sizeof(uint64_t);

}  // namespace

RecordHeader::RecordHeader(uint64_t version, uint64_t checksum, uint64_t expires_ms) {
  static_assert(kMaxBytes == kExpiryOffset + sizeof(uint64_t));
  CHECK(version != 0, "version 0 stands for an absent record");
  const bool expires = expires_ms != 0;
  bytes_[0] = static_cast<char>(kRecordFormat);
  bytes_[1] = static_cast<char>(expires ? kHasExpiry : 0);
  StoreLittle(bytes_ + kVersionOffset, version);
  StoreLittle(bytes_ + kChecksumOffset, checksum);
  if (expires) StoreLittle(bytes_ + kExpiryOffset, expires_ms);
  size_ = expires ? kMaxBytes : kExpiryOffset;
}

Result<RecordView> ParseRecord(ByteView stored) {
  ByteReader bytes(stored);
  uint8_t format = 0;
  uint8_t flags = 0;
  RecordView record;
  if (!bytes.ReadLittle(&format)) return Status(Code::kCorrupt, "the stored record is empty");
  if (format > kRecordFormat) {
    return Status(Code::kStorageFailed,
                  fmt::format("the record is stored in format {}, but this program reads only "
                              "formats up to {}: use a newer smiled",
                              format, kRecordFormat));
  }
  const bool complete = format == kRecordFormat && bytes.ReadLittle(&flags) &&
                        (flags & ~kHasExpiry) == 0 && bytes.ReadLittle(&record.version) &&
                        bytes.ReadLittle(&record.checksum) &&
                        ((flags & kHasExpiry) == 0 || bytes.ReadLittle(&record.expires_ms));
  if (!complete) return Status(Code::kCorrupt, "the header of the stored record is damaged");
  record.value = bytes.rest();
  return record;
}

Result<RecordView> ParseAndVerifyRecord(ByteView stored) {
  Result<RecordView> record = ParseRecord(stored);
  if (record.ok() && Hash64(record->value) != record->checksum) {
    return Status(Code::kCorrupt, "the stored value does not match its checksum");
  }
  return record;
}

}  // namespace smile
