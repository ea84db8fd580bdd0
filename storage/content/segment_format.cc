#include "storage/content/segment_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/array_coding.h"
#include "base/check.h"
#include "base/coding.h"
#include "storage/content/header_checksum.h"

namespace smile {
namespace {

constexpr size_t kSegmentNameDigits = 8;
constexpr size_t kExtentIdMark = 4;  // bytes 255
constexpr uint32_t kExtentIdEnd = uint32_t{1} << 24;

void AppendBig24(Bytes* out, uint32_t value) {
  CHECK(value < kExtentIdEnd);
  Bytes four;
  AppendBig(&four, value);
  out->append(four, 1);
}

uint32_t LoadBig24(const char* from) {
  return LoadBig<uint32_t>(from - 1) % kExtentIdEnd;
}

}  // namespace

ContentId IdOf(const ExtentAddress& address) {
  Bytes bytes(kExtentIdMark, '\xff');
  AppendBig(&bytes, address.segment);
  AppendBig24(&bytes, address.block);
  AppendBig24(&bytes, address.size);
  AppendBig(&bytes, address.tag);
  ContentId id;
  CHECK(bytes.size() == id.bytes.size());
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

std::optional<ExtentAddress> AddressOf(const ContentId& id) {
  if (!IsIdOfStore(id)) return std::nullopt;
  const char* from = reinterpret_cast<const char*>(id.bytes.data()) + kExtentIdMark;
  return ExtentAddress{.segment = LoadBig<uint32_t>(from),
                       .block = LoadBig24(from + 4),
                       .size = LoadBig24(from + 7),
                       .tag = LoadBig<uint16_t>(from + 10)};
}

Bytes EncodeSegmentHeader(const SegmentHeader& header) {
  Bytes bytes;
  AppendLittle(&bytes, kSegmentVersion);
  AppendLittle(&bytes, header.number);
  AppendArray(&bytes, header.key);
  AppendChecksum(&bytes);
  CHECK(bytes.size() == kSegmentHeaderBytes);
  return bytes;
}

std::optional<SegmentHeader> DecodeSegmentHeader(ByteView bytes) {
  if (bytes.size() != kSegmentHeaderBytes || !RemoveChecksum(&bytes)) return std::nullopt;
  SegmentHeader header;
  uint32_t version = 0;
  ByteReader reader(bytes);
  const bool whole = reader.ReadLittle(&version) && reader.ReadLittle(&header.number) &&
                     ReadArray(&reader, &header.key) && reader.empty();
  if (!whole || version != kSegmentVersion) return std::nullopt;
  return header;
}

Bytes EncodeExtentHeader(const ExtentHeader& header) {
  Bytes bytes;
  AppendArray(&bytes, header.sha256.bytes);
  AppendArray(&bytes, header.key);
  AppendLittle(&bytes, header.checksum);
  AppendLittle(&bytes, header.address.size);
  AppendLittle(&bytes, header.address.block);
  AppendLittle(&bytes, uint32_t{header.address.tag});
  AppendLittle(&bytes, kSegmentVersion);
  AppendChecksum(&bytes);
  CHECK(bytes.size() == kExtentHeaderBytes);
  return bytes;
}

std::optional<ExtentHeader> DecodeExtentHeader(ByteView bytes, uint32_t segment) {
  if (bytes.size() != kExtentHeaderBytes || !RemoveChecksum(&bytes)) return std::nullopt;
  ExtentHeader header;
  uint32_t tag = 0;
  uint32_t version = 0;
  ByteReader reader(bytes);
  const bool whole = ReadArray(&reader, &header.sha256.bytes) && ReadArray(&reader, &header.key) &&
                     reader.ReadLittle(&header.checksum) &&
                     reader.ReadLittle(&header.address.size) &&
                     reader.ReadLittle(&header.address.block) && reader.ReadLittle(&tag) &&
                     reader.ReadLittle(&version) && reader.empty();
  if (!whole || version != kSegmentVersion || tag > UINT16_MAX ||
      header.address.size >= kExtentIdEnd || header.address.block >= kExtentIdEnd) {
    return std::nullopt;
  }
  header.address.segment = segment;
  header.address.tag = static_cast<uint16_t>(tag);
  return header;
}

std::string SegmentName(uint32_t number) {
  return fmt::format("{:08x}", number);
}

std::optional<uint32_t> SegmentNumber(const std::string& name) {
  uint32_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data(), end, number, 16);
  if (name.size() != kSegmentNameDigits || error != std::errc() || stopped != end ||
      SegmentName(number) != name) {
    return std::nullopt;
  }
  return number;
}

}  // namespace smile
