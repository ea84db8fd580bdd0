// The records of media, and their stored form.
//
//   media/OWNER/MEDIA                      MediaManifest: what a user sees of a photo or video, and
//                                          where the content is. Written by the server alone:
//                                          whoever can write it can read any content
//   contents/SHA-256/head                  ContentHead: where the content is; stored once
//   blobs/CONTENT/chunk/0                  the bytes of small content
//   contents/SHA-256/reference/UPLOAD      MediaId: the media record that this upload made
//   accounts/OWNER/upload/UPLOAD           nothing: so that the uploads of an owner can be listed;
//                                          expires with the upload
//   uploads/UPLOAD                         UploadRecord: an upload that is not finished, or was
//                                          finished a while ago
//
// Integers are little-endian; byte strings have a varint with their length before them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/sha256.h"
#include "model/key.h"
#include "storage/content_store.h"

namespace smile {

// What a user says of a photo or video. At most limits::kMaxMediaFieldBytes together.
struct MediaFields {
  Bytes content_type;  // such as image/jpeg
  Bytes name;          // such as a file name
  Bytes custom;        // anything

  size_t size() const { return content_type.size() + name.size() + custom.size(); }
  bool operator==(const MediaFields&) const = default;
};

// Names a media record.
struct MediaId {
  uint64_t owner = 0;
  uint64_t media = 0;

  auto operator<=>(const MediaId&) const = default;
};

enum class ContentPlace : uint8_t {
  kStore = 1,   // in the content store
  kRecord = 2,  // small content, in `blobs`
};

struct ContentAddress {
  ContentId id;
  ContentPlace place = ContentPlace::kStore;

  bool operator==(const ContentAddress&) const = default;
};

struct MediaManifest {
  Sha256Digest sha256;
  uint64_t size = 0;
  uint64_t created_ms = 0;  // Unix milliseconds
  ContentId upload;         // by which it was made
  ContentAddress content;   // of that upload, or of an earlier one of the same content
  MediaFields fields;

  bool operator==(const MediaManifest&) const = default;
};

struct ContentHead {
  ContentAddress content;
  uint64_t size = 0;
  bool dying = false;  // nothing refers to it, and its bytes are being deleted

  bool operator==(const ContentHead&) const = default;
};

enum class UploadState : uint8_t {
  kOpen = 1,
  kCommitting = 2,  // the content is complete and durable; what remains is repeatable
  kCommitted = 3,
  kDropped = 4,  // cancelled or expired; its content is being deleted
  kRefused = 5,  // its media id was taken; its reference and content are being released
};

struct UploadRecord {
  MediaId id;
  MediaFields fields;
  uint32_t chunk_bytes = 0;
  uint64_t expires_ms = 0;
  std::optional<uint64_t> size;        // declared; of the content from kCommitting on
  std::optional<Sha256Digest> sha256;  // the same
  UploadState state = UploadState::kOpen;
  uint64_t created_ms = 0;  // of the media record; from kCommitting on
  ContentAddress content;   // likewise; from kCommitted on

  bool operator==(const UploadRecord&) const = default;
};

// The payload of WorkKind::kRelease.
struct MediaRelease {
  Sha256Digest sha256;
  MediaId id;

  bool operator==(const MediaRelease&) const = default;
};

Bytes Encode(const MediaManifest& manifest);
Bytes Encode(const ContentHead& head);
Bytes Encode(const UploadRecord& upload);
Bytes Encode(const MediaId& id);
Bytes Encode(const MediaRelease& release);
// None: damaged, or not written by this service.
std::optional<MediaManifest> DecodeMediaManifest(ByteView bytes);
std::optional<ContentHead> DecodeContentHead(ByteView bytes);
std::optional<UploadRecord> DecodeUploadRecord(ByteView bytes);
std::optional<MediaRelease> DecodeMediaRelease(ByteView bytes);
std::optional<MediaId> DecodeMediaId(ByteView bytes);

Bytes ContentPartition(const Sha256Digest& sha256);
Bytes HeadSort();
Bytes ReferenceSort(const ContentId& upload);
// None: not a reference's.
std::optional<ContentId> DecodeReferenceSort(ByteView sort);
// All references sort from here on, and nothing else.
Bytes FirstReferenceSort();
Key HeadKey(const Sha256Digest& sha256);
Key ReferenceKey(const Sha256Digest& sha256, const ContentId& upload);
Key UploadKey(const ContentId& id);
Bytes AccountUploadSort(const ContentId& id);
// The bytes of small content.
Key SmallContentKey(const ContentId& id);
Bytes BytesOf(const ContentId& id);

}  // namespace smile
