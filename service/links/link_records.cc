#include "service/links/link_records.h"

#include "base/coding.h"

namespace smile {
namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

Bytes Encode(const LinkRecord& record) {
  Bytes out;
  out.reserve(2 + sizeof(uint64_t) + record.value.size());
  AppendLittle(&out, kVersion);
  AppendLittle(&out, record.time_ms);
  AppendLittle(&out, static_cast<uint8_t>(record.inverse));
  return out.append(record.value);
}

std::optional<LinkRecordView> DecodeLinkRecord(ByteView bytes) {
  ByteReader reader(bytes);
  LinkRecordView record;
  uint8_t version = 0;
  uint8_t inverse = 0;
  if (!reader.ReadLittle(&version) || version != kVersion || !reader.ReadLittle(&record.time_ms) ||
      !reader.ReadLittle(&inverse) || inverse == 0) {
    return std::nullopt;
  }
  record.inverse = LinkKind{inverse};
  record.value = reader.rest();
  return record;
}

Bytes EncodeLinkCount(uint64_t count) {
  Bytes out;
  AppendLittle(&out, kVersion);
  AppendLittle(&out, count);
  return out;
}

std::optional<uint64_t> DecodeLinkCount(ByteView bytes) {
  ByteReader reader(bytes);
  uint8_t version = 0;
  uint64_t count = 0;
  if (!reader.ReadLittle(&version) || version != kVersion || !reader.ReadLittle(&count) ||
      !reader.empty()) {
    return std::nullopt;
  }
  return count;
}

}  // namespace smile
