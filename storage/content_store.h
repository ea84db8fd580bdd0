// ContentStore: the interface to the bytes of large media, beside Engine. It has two
// implementations, content/content_files.h (durable) and memory_content_store.h (the oracle of the
// tests); the contract suite, tests/storage/content_contract_test.cc, defines what both must do.
//
// Content is immutable. It enters through an upload: Begin, Append in pieces, in any order and from
// any number of callers, Digest, Seal. Before Seal nobody can read it. An upload survives a
// restart, but pieces that were appended may be lost by a crash; Progress tells which are there.
// What Seal has answered is durable. All calls may be repeated: a repeated call has the answer of
// the first.
//
// Small content is put at once. The caller chooses a new ContentId for each upload, which then
// names the content; the store chooses it for what is put. So a late call for content that was
// deleted cannot meet other content. Content has no owner here and no count of references: what
// refers to it is in records, which are another layer's (service/).
//
// Everything is asynchronous. Each `done` is called exactly once, on any thread, possibly before
// the call returns. It must not block. All functions may be called from any thread at the same
// time, also during Close(). Calls for one upload take effect one after the other, in the order of
// the calls if those are ordered; Seal ends the upload. Work over the limit of a queue is answered
// kOverloaded. Any call may be kStorageFailed (a disk error) or, after Close(), kShuttingDown.
//
// At most limits::kMaxUploadWaitingBytes of pieces of one upload wait, and
// limits::kMaxContentWaitingBytes of all.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file_range.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/sha256.h"
#include "storage/call_context.h"

namespace smile {

// Names an upload, and then the content that it becomes. Random, so that no two are the same.
struct ContentId {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const ContentId&) const = default;
  // 32 hexadecimal digits.
  std::string ToHex() const;
  static std::optional<ContentId> FromHex(std::string_view text);
};

// One that nobody can guess, and none of the store's own.
ContentId RandomContentId();

// Whether the store makes such ids itself (ContentStore::Put). They begin with four bytes 255.
inline bool IsIdOfStore(const ContentId& id) {
  return std::all_of(id.bytes.begin(), id.bytes.begin() + 4,
                     [](uint8_t byte) { return byte == 255; });
}

struct UploadSpec {
  ContentId id;
  // Every piece is a whole chunk; only the last may be shorter.
  // limits::kMinChunkBytes to limits::kMaxChunkBytes (CHECK).
  uint32_t chunk_bytes = limits::kDefaultChunkBytes;
  std::optional<uint64_t> size;  // of the whole content, if known
};

struct UploadPiece {
  ContentId id;
  uint64_t offset = 0;
  Bytes bytes;            // its checksum was verified
  uint64_t checksum = 0;  // XXH3-64 of the bytes
  CallContext call = {};  // its deadline and source
};

struct ByteRange {
  uint64_t offset = 0;
  uint64_t size = 0;

  bool operator==(const ByteRange&) const = default;
};

struct UploadProgress {
  UploadSpec spec;                // with the size if that is known by now
  uint64_t received_bytes = 0;    // of all pieces that are there
  uint64_t contiguous_bytes = 0;  // that are there from the start
  // The first ranges that are not there, in order, at most limits::kMaxMissingRanges. If the size
  // is not known, what follows the last piece is missing but is not a range.
  std::vector<ByteRange> missing;
};

struct ContentInfo {
  Sha256Digest sha256;
  uint64_t size = 0;

  bool operator==(const ContentInfo&) const = default;
};

struct ContentRange {
  ContentId id;
  uint64_t offset = 0;
  uint32_t size = 0;      // 1 to limits::kMaxContentReadBytes (CHECK)
  CallContext call = {};  // its memory is not used
};

struct ContentPiece {
  Bytes bytes;                // shorter than requested only at the end of the content
  uint64_t checksum = 0;      // XXH3-64 of the bytes
  uint64_t content_size = 0;  // of the whole content
  // Instead of the bytes, if Peek has found them: they were verified when they came from the disk,
  // and are in memory.
  FileRange file;
};

// Content that is put at once.
struct ContentToPut {
  ByteView bytes;         // 1 to limits::kMaxChunkBytes (CHECK); valid until it is answered
  uint64_t checksum = 0;  // XXH3-64 of the bytes, which was verified
  Sha256Digest sha256;    // of the bytes
  uint64_t source = 0;
};

// Contents of which it is not known whether anybody refers to them, all that there are of a group.
struct DoubtfulContents {
  uint32_t group = 0;
  std::vector<ContentId> contents;
};

// The part of a range of content that was read whole and verified, with its checksum: that of its
// sender, or a new one if the range is not all. kInvalid: the offset is beyond the end.
Result<ContentPiece> PieceOf(Bytes content, uint64_t checksum, uint64_t offset, uint32_t size);

class ContentStore {
 public:
  template <class T>
  using Done = std::function<void(T)>;

  virtual ~ContentStore() = default;

  // The id is none of the store's own (CHECK). kTooLarge: over limits::kMaxContentBytes, or too
  // many chunks. kNoSpace: the size does not fit, beside those of other uploads. kConditionFailed:
  // there is such an upload with another size or chunk size.
  virtual void Begin(UploadSpec spec, Done<Status> done) = 0;

  // A piece that is shorter than a chunk ends the content. kNotFound: no such upload. kInvalid: the
  // offset is not a multiple of the chunk size, the piece is empty, longer than a chunk or exceeds
  // the size, or it would end the content before other pieces. kTooLarge: beyond what content may
  // have. kConditionFailed: there are other bytes at this offset. kNoSpace. kDeadlineExceeded:
  // nothing was written.
  virtual void Append(UploadPiece piece, Done<Status> done) = 0;

  // kNotFound: no such upload.
  virtual void Progress(ContentId id, Done<Result<UploadProgress>> done) = 0;

  // The SHA-256 and size of a complete upload; reads what was not read yet. Ends the content: no
  // piece may follow it, so what Seal makes has this digest. kNotFound; kConditionFailed: pieces
  // are missing.
  virtual void Digest(ContentId id, Done<Result<ContentInfo>> done) = 0;

  // Turns a complete upload into content. Ok if it was done before. kNotFound; kConditionFailed:
  // pieces are missing.
  virtual void Seal(ContentId id, Done<Status> done) = 0;

  // Drops an upload that is not sealed. Ok if there is none.
  virtual void Cancel(ContentId id, Done<Status> done) = 0;

  // Stores content at once; durable when it is answered, under an id of the store's own. The caller
  // then writes down who refers to it, and calls Settle(), or Delete(). Until then List() does not
  // name it. kNoSpace.
  virtual void Put(ContentToPut content, Done<Result<ContentId>> done) = 0;

  // What Put has stored is referred to or, if not `kept`, may be or not: that was not answered.
  // Does not block.
  virtual void Settle(const ContentId& id, bool kept) = 0;

  // A group of contents that were put but neither settled nor deleted by an earlier process, or
  // that were not kept; with others that were put at the same time. None: there is none. The
  // caller deletes those that nobody refers to, then calls SettleDoubtful().
  virtual void FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) = 0;
  virtual void SettleDoubtful(uint32_t group, Done<Status> done) = 0;

  // The SHA-256 of bytes that are not content: computed here because it must not occupy the threads
  // of others. `bytes` are valid until `done`.
  virtual void Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) = 0;

  // kNotFound: no such content. kInvalid: the offset is beyond the end; with an offset at the end,
  // the piece is empty. kCorrupt: a chunk of the range is damaged.
  virtual void Read(ContentRange range, Done<Result<ContentPiece>> done) = 0;

  // The same without waiting, as a part of a file. None: it cannot be had so, and Read() tells
  // more.
  virtual std::optional<ContentPiece> Peek(const ContentRange&) { return std::nullopt; }

  // kNotFound if there is no such content.
  virtual void Stat(ContentId id, Done<Result<ContentInfo>> done) = 0;

  // The ids of content that follow `after`, in order, at most `limit` (at least 1).
  virtual void List(ContentId after, uint32_t limit, Done<Result<std::vector<ContentId>>> done) = 0;

  // Frees the space of content, sealed or not. Ok if there is none. Reads that have begun may
  // complete.
  virtual void Delete(ContentId id, Done<Status> done) = 0;

  // Figures for the operator, as Engine::Stats. Does not wait.
  virtual std::vector<std::pair<std::string, uint64_t>> Stats() const { return {}; }

  // Ends running work and releases the storage. Blocks, but not for long: what has begun ends after
  // its slice. Called at most once. The destructor calls it if nobody did.
  virtual void Close() = 0;
};

}  // namespace smile
