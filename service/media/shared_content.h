// Content that is stored once, whoever uploads it, and given back when nothing refers to it.
//
// The partition contents/SHA-256 has a head, which says where the bytes are, and a reference for
// each upload whose media record has this content. Everything that adds or removes a reference also
// writes the head, on the condition that it is the one that was read: so each change is one atomic
// write, changes of one content have an order, and content is declared dying only while it has no
// reference. Once it is dying, nobody refers to it any more; its bytes are deleted, then its head.
// New content with the same SHA-256 then has another ContentId, so a late deletion cannot meet it.
// Small content whose bytes are a record is never dying: it goes in one write with its head. Other
// small content is put into the content store before its head is written: what a crash leaves
// between the two is found by ContentStore::FindDoubtful, and dropped.
//
// All functions may be repeated and run at the same time, on any thread. They fail with what the
// engine or the content store answers, and may have been done in part.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/sha256.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/media/media_records.h"
#include "service/work_log.h"
#include "storage/content_store.h"
#include "storage/engine.h"

namespace smile {

// The bytes are valid as long as the task.
struct SmallContent {
  ByteView bytes;
  uint64_t checksum = 0;  // XXH3-64 of the bytes
  CallContext call;
};

class SharedContent {
 public:
  // Both outlive this object.
  SharedContent(Engine& engine, ContentStore& store) : engine_(engine), store_(store) {}

  // Adds the reference of `upload`, whose content is sealed, has `size` bytes and this SHA-256;
  // `id` is its media record. The answer is the content that is referred to: that of this upload,
  // or of an earlier one, and then that of this one is not needed. Accepted on a full disk.
  Task<Result<ContentAddress>> Refer(Sha256Digest sha256, ContentId upload, uint64_t size,
                                     MediaId id) const;

  // Removes the reference. With the last one, deletes the content.
  Task<Status> Release(Sha256Digest sha256, ContentId upload) const;

  // Release together with the media record `id`, of which there are only conditional writes
  // meanwhile: one write. If it was the last reference and the content is in the content store, the
  // write adds `item` to the work log, and the content is deleted next; if that fails, the answer
  // is ok, and the item remains. For engines that can write together.
  Task<Status> Delete(Sha256Digest sha256, ContentId upload, MediaId id, WorkItem item) const;

  // Whether references are to the content of `upload`, also if it is being deleted.
  Task<Result<bool>> IsContentOf(Sha256Digest sha256, ContentId upload) const;

  // Refer for small content, in one write with its media record, whose manifest is `manifest` but
  // for the content. Its bytes, unless they are there, are a part of that write or, over
  // limits::kMaxRecordContentBytes, are put into the content store before. Nothing else writes the
  // media record meanwhile, and there is none. The answer is the manifest as written. For engines
  // that can write together.
  Task<Result<MediaManifest>> Store(MediaId id, MediaManifest manifest, SmallContent small) const;

  // Deletes what ContentStore::Put has stored if no content is there, according to the head of this
  // SHA-256. If an earlier write of that head was not answered, this fails until its outcome is
  // certain.
  Task<Status> DropIfUnused(Sha256Digest sha256, ContentId content) const;

 private:
  struct StoredHead {
    ContentHead head;
    uint64_t version = 0;
  };

  // kNotFound if there is none, kCorrupt if it cannot be decoded.
  Task<Result<StoredHead>> ReadHead(Sha256Digest sha256) const;
  // Beside that of `except`.
  Task<Result<bool>> HasReferences(Sha256Digest sha256, std::optional<ContentId> except) const;
  // Store, which sets `*put` to what it has put into the content store.
  Task<Result<MediaManifest>> StoreUnsettled(MediaId id, MediaManifest manifest, SmallContent small,
                                             std::optional<ContentId>* put) const;
  // The write of Release or Delete. The answer is the head, with its version, if it has become
  // dying. kConditionFailed: it has changed.
  Task<Result<std::optional<StoredHead>>> Unlink(Sha256Digest sha256, StoredHead stored,
                                                 ContentId upload, std::optional<MediaId> id,
                                                 std::optional<WorkItem> item) const;
  // Deletes content that is dying, and then the item.
  Task<Status> Bury(Sha256Digest sha256, StoredHead stored,
                    std::optional<WorkItem> item = std::nullopt) const;

  const EngineCalls engine_;
  ContentStore& store_;
};

}  // namespace smile
