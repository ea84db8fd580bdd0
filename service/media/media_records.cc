#include "service/media/media_records.h"

#include <algorithm>

#include "base/array_coding.h"
#include "base/coding.h"
#include "service/account_sorts.h"
#include "service/byte_strings.h"

namespace smile {
namespace {

constexpr uint8_t kVersion = 1;

void AppendFields(Bytes* out, const MediaFields& fields) {
  AppendString(out, fields.content_type);
  AppendString(out, fields.name);
  AppendString(out, fields.custom);
}

bool ReadFields(ByteReader* reader, MediaFields* fields) {
  return ReadString(reader, &fields->content_type) && ReadString(reader, &fields->name) &&
         ReadString(reader, &fields->custom);
}

void AppendAddress(Bytes* out, const ContentAddress& address) {
  AppendLittle(out, static_cast<uint8_t>(address.place));
  AppendArray(out, address.id.bytes);
}

bool ReadAddress(ByteReader* reader, ContentAddress* address) {
  uint8_t place = 0;
  if (!reader->ReadLittle(&place) || !ReadArray(reader, &address->id.bytes)) return false;
  address->place = ContentPlace{place};
  return address->place == ContentPlace::kStore || address->place == ContentPlace::kRecord;
}

bool ReadVersion(ByteReader* reader) {
  uint8_t version = 0;
  return reader->ReadLittle(&version) && version == kVersion;
}

}  // namespace

Bytes Encode(const MediaManifest& manifest) {
  Bytes out;
  AppendLittle(&out, kVersion);
  AppendArray(&out, manifest.sha256.bytes);
  AppendLittle(&out, manifest.size);
  AppendLittle(&out, manifest.created_ms);
  AppendArray(&out, manifest.upload.bytes);
  AppendAddress(&out, manifest.content);
  AppendFields(&out, manifest.fields);
  return out;
}

std::optional<MediaManifest> DecodeMediaManifest(ByteView bytes) {
  MediaManifest manifest;
  ByteReader reader(bytes);
  const bool whole = ReadVersion(&reader) && ReadArray(&reader, &manifest.sha256.bytes) &&
                     reader.ReadLittle(&manifest.size) && reader.ReadLittle(&manifest.created_ms) &&
                     ReadArray(&reader, &manifest.upload.bytes) &&
                     ReadAddress(&reader, &manifest.content) &&
                     ReadFields(&reader, &manifest.fields) && reader.empty();
  if (!whole) return std::nullopt;
  return manifest;
}

Bytes Encode(const ContentHead& head) {
  Bytes out;
  AppendLittle(&out, kVersion);
  AppendAddress(&out, head.content);
  AppendLittle(&out, head.size);
  AppendLittle(&out, static_cast<uint8_t>(head.dying));
  return out;
}

std::optional<ContentHead> DecodeContentHead(ByteView bytes) {
  ContentHead head;
  uint8_t dying = 0;
  ByteReader reader(bytes);
  const bool whole = ReadVersion(&reader) && ReadAddress(&reader, &head.content) &&
                     reader.ReadLittle(&head.size) && reader.ReadLittle(&dying) && dying <= 1 &&
                     reader.empty();
  if (!whole) return std::nullopt;
  head.dying = dying == 1;
  return head;
}

Bytes Encode(const UploadRecord& upload) {
  Bytes out;
  AppendLittle(&out, kVersion);
  AppendLittle(&out, static_cast<uint8_t>(upload.state));
  AppendLittle(&out, upload.id.owner);
  AppendLittle(&out, upload.id.media);
  AppendLittle(&out, upload.chunk_bytes);
  AppendLittle(&out, upload.expires_ms);
  AppendLittle(&out, upload.created_ms);
  AppendAddress(&out, upload.content);
  AppendLittle(&out, static_cast<uint8_t>(upload.size.has_value()));
  AppendLittle(&out, upload.size.value_or(0));
  AppendLittle(&out, static_cast<uint8_t>(upload.sha256.has_value()));
  AppendArray(&out, upload.sha256.value_or(Sha256Digest{}).bytes);
  AppendFields(&out, upload.fields);
  return out;
}

std::optional<UploadRecord> DecodeUploadRecord(ByteView bytes) {
  UploadRecord upload;
  uint8_t state = 0;
  uint8_t has_size = 0;
  uint8_t has_sha256 = 0;
  uint64_t size = 0;
  Sha256Digest sha256;
  ByteReader reader(bytes);
  const bool whole =
      ReadVersion(&reader) && reader.ReadLittle(&state) && reader.ReadLittle(&upload.id.owner) &&
      reader.ReadLittle(&upload.id.media) && reader.ReadLittle(&upload.chunk_bytes) &&
      reader.ReadLittle(&upload.expires_ms) && reader.ReadLittle(&upload.created_ms) &&
      ReadAddress(&reader, &upload.content) && reader.ReadLittle(&has_size) &&
      reader.ReadLittle(&size) && reader.ReadLittle(&has_sha256) &&
      ReadArray(&reader, &sha256.bytes) && ReadFields(&reader, &upload.fields) && reader.empty();
  if (!whole || state < static_cast<uint8_t>(UploadState::kOpen) ||
      state > static_cast<uint8_t>(UploadState::kRefused)) {
    return std::nullopt;
  }
  upload.state = UploadState{state};
  if (has_size == 1) upload.size = size;
  if (has_sha256 == 1) upload.sha256 = sha256;
  return upload;
}

Bytes Encode(const MediaId& id) {
  Bytes out;
  AppendLittle(&out, id.owner);
  AppendLittle(&out, id.media);
  return out;
}

Bytes Encode(const MediaRelease& release) {
  Bytes out;
  AppendArray(&out, release.sha256.bytes);
  return out + Encode(release.id);
}

std::optional<MediaRelease> DecodeMediaRelease(ByteView bytes) {
  MediaRelease release;
  ByteReader reader(bytes);
  const bool whole = ReadArray(&reader, &release.sha256.bytes) &&
                     reader.ReadLittle(&release.id.owner) && reader.ReadLittle(&release.id.media) &&
                     reader.empty();
  if (!whole) return std::nullopt;
  return release;
}

std::optional<MediaId> DecodeMediaId(ByteView bytes) {
  MediaId id;
  ByteReader reader(bytes);
  if (!reader.ReadLittle(&id.owner) || !reader.ReadLittle(&id.media) || !reader.empty()) return {};
  return id;
}

std::optional<ContentId> DecodeReferenceSort(ByteView sort) {
  uint8_t part = 0;
  ContentId upload;
  ByteReader reader(sort);
  const bool whole =
      reader.ReadLittle(&part) && ReadArray(&reader, &upload.bytes) && reader.empty();
  if (!whole || part != static_cast<uint8_t>(ContentPart::kReference)) return std::nullopt;
  return upload;
}

Bytes BytesOf(const ContentId& id) {
  return Bytes(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

Bytes ContentPartition(const Sha256Digest& sha256) {
  return Bytes(sha256.view());
}

Bytes HeadSort() {
  return Bytes(1, static_cast<char>(ContentPart::kHead)) + BytesOf(ContentId{});
}

Bytes FirstReferenceSort() {
  return Bytes(1, static_cast<char>(ContentPart::kReference));
}

Bytes ReferenceSort(const ContentId& upload) {
  return FirstReferenceSort() + BytesOf(upload);
}

Key HeadKey(const Sha256Digest& sha256) {
  return {Table::kContents, ContentPartition(sha256), HeadSort()};
}

Key ReferenceKey(const Sha256Digest& sha256, const ContentId& upload) {
  return {Table::kContents, ContentPartition(sha256), ReferenceSort(upload)};
}

Key UploadKey(const ContentId& id) {
  return {Table::kUploads, BytesOf(id), {}};
}

Bytes AccountUploadSort(const ContentId& id) {
  return AccountSort(AccountPart::kUpload, BytesOf(id));
}

Key SmallContentKey(const ContentId& id) {
  return BlobKey(BytesOf(id), BlobPart::kChunk, 0);
}

}  // namespace smile
