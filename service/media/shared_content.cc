#include "service/media/shared_content.h"

#include <utility>
#include <vector>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

std::vector<Change> ListOf(Change first, Change second) {
  std::vector<Change> changes;
  changes.push_back(std::move(first));
  changes.push_back(std::move(second));
  return changes;
}

}  // namespace

Task<Result<SharedContent::StoredHead>> SharedContent::ReadHead(Sha256Digest sha256) const {
  const Result<Record> record = co_await engine_.Read(HeadKey(sha256));
  if (!record.ok()) co_return record.status();
  const auto head = DecodeContentHead(record->value);
  if (!head) co_return Status(Code::kCorrupt, "the record of this content is damaged");
  co_return StoredHead{.head = *head, .version = record->version};
}

Task<Result<bool>> SharedContent::IsContentOf(Sha256Digest sha256, ContentId upload) const {
  const Result<StoredHead> stored = co_await ReadHead(sha256);
  if (stored.status().code() == Code::kNotFound) co_return false;
  if (!stored.ok()) co_return stored.status();
  co_return stored->head.content.id == upload;
}

Task<Result<ContentAddress>> SharedContent::Refer(Sha256Digest sha256, ContentId upload,
                                                  uint64_t size, MediaId id) const {
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(sha256);
    if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
    if (stored.ok() && stored->head.dying) {
      if (Status buried = co_await Bury(sha256, *stored); !buried.ok()) co_return buried;
      continue;
    }
    const ContentHead head =
        stored.ok() ? stored->head : ContentHead{.content = {.id = upload}, .size = size};
    const Condition unchanged = stored.ok() ? IfVersion(stored->version) : IfAbsent();
    WriteRequest request = RequestOf(Table::kContents, ContentPartition(sha256),
                                     ListOf(PutChange(HeadSort(), Encode(head), unchanged),
                                            PutChange(ReferenceSort(upload), Encode(id))));
    request.SetFreesSpace();
    const WriteReply written = co_await engine_.Write(std::move(request));
    if (written.status.ok()) co_return head.content;
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
}

Task<Status> SharedContent::Release(Sha256Digest sha256, ContentId upload) const {
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(sha256);
    if (stored.status().code() == Code::kNotFound) co_return Status();
    if (!stored.ok()) co_return stored.status();
    if (stored->head.dying) co_return co_await Bury(sha256, *stored);
    const auto unlinked = co_await Unlink(sha256, *stored, upload, {}, {});
    if (unlinked.status().code() == Code::kConditionFailed) continue;
    if (!unlinked.ok()) co_return unlinked.status();
    if (!unlinked->has_value()) co_return Status();
    co_return co_await Bury(sha256, **unlinked);
  }
}

Task<Status> SharedContent::Delete(Sha256Digest sha256, ContentId upload, MediaId id,
                                   WorkItem item) const {
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(sha256);
    if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
    if (!stored.ok() || stored->head.dying) {
      // The record has no reference, which a check would find.
      const WriteReply deleted =
          co_await engine_.Write(MediaKey(id.owner, id.media), DeleteChange({}));
      co_return deleted.status;
    }
    const auto unlinked = co_await Unlink(sha256, *stored, upload, id, item);
    if (unlinked.status().code() == Code::kConditionFailed) continue;
    if (!unlinked.ok()) co_return unlinked.status();
    if (unlinked->has_value()) (void)co_await Bury(sha256, **unlinked, std::move(item));
    co_return Status();
  }
}

Task<Result<bool>> SharedContent::HasReferences(Sha256Digest sha256,
                                                std::optional<ContentId> except) const {
  ScanRequest request{.table = Table::kContents,
                      .partition = ContentPartition(sha256),
                      .from = FirstReferenceSort(),
                      .limit = 2,
                      .max_value_bytes = limits::kMaxReplyValueBytes,
                      .keys_only = true};
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size(); ++i) {
      // What cannot be read may be a reference.
      if (!except || (*page)[i].sort != ReferenceSort(*except)) co_return true;
    }
    if (!page->more) co_return false;
    if (page->resume_from) {
      request.from = *page->resume_from;
      request.after.clear();
    } else {
      request.after = Bytes((*page)[page->size() - 1].sort);
    }
  }
}

Task<Status> SharedContent::Bury(Sha256Digest sha256, StoredHead stored,
                                 std::optional<WorkItem> item) const {
  CHECK(stored.head.content.place == ContentPlace::kStore, "records are never dying");
  const ContentId content = stored.head.content.id;
  const Status deleted =
      co_await FromCallback<Status>([&](auto done) { store_.Delete(content, std::move(done)); });
  if (!deleted.ok()) co_return deleted;
  WriteRequest request = RequestOf(HeadKey(sha256), DeleteChange({}, IfVersion(stored.version)));
  if (item) request.AddAlso(WorkLog::RemoveRequest(*item));
  const WriteReply written = co_await engine_.Write(std::move(request));
  if (written.status.code() == Code::kConditionFailed) co_return Status();  // done by another
  co_return written.status;
}

// --- Small content -------------------------------------------------------------------------------

Task<Result<MediaManifest>> SharedContent::Store(MediaId id, MediaManifest manifest,
                                                 SmallContent small) const {
  std::optional<ContentId> put;
  Result<MediaManifest> stored =
      co_await StoreUnsettled(id, std::move(manifest), std::move(small), &put);
  if (!put) co_return stored;
  const Code code = stored.status().code();
  const bool is_unknown = code == Code::kOutcomeUnknown || code == Code::kStorageFailed;
  if (is_unknown || (stored.ok() && stored->content.id == *put)) {
    store_.Settle(*put, !is_unknown);
  } else {
    const Status deleted =
        co_await FromCallback<Status>([&](auto done) { store_.Delete(*put, std::move(done)); });
    if (!deleted.ok()) store_.Settle(*put, false);
  }
  co_return stored;
}

Task<Result<MediaManifest>> SharedContent::StoreUnsettled(MediaId id, MediaManifest manifest,
                                                          SmallContent small,
                                                          std::optional<ContentId>* put) const {
  CHECK(small.bytes.size() == manifest.size);
  const bool is_record = small.bytes.size() <= limits::kMaxRecordContentBytes;
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(manifest.sha256);
    if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
    if (stored.ok() && stored->head.dying) {
      if (Status buried = co_await Bury(manifest.sha256, *stored); !buried.ok()) co_return buried;
      continue;
    }
    if (!stored.ok() && !is_record && !*put) {
      const ContentToPut content{.bytes = small.bytes,
                                 .checksum = small.checksum,
                                 .sha256 = manifest.sha256,
                                 .source = small.call.source};
      const auto stored_bytes = co_await FromCallback<Result<ContentId>>(
          [&](auto done) { store_.Put(content, std::move(done)); });
      if (!stored_bytes.ok()) co_return stored_bytes.status();
      *put = *stored_bytes;
    }
    const ContentAddress own =
        is_record ? ContentAddress{.id = manifest.upload, .place = ContentPlace::kRecord}
                  : ContentAddress{.id = put->value_or(ContentId()), .place = ContentPlace::kStore};
    const ContentHead head =
        stored.ok() ? stored->head : ContentHead{.content = own, .size = manifest.size};
    const Condition unchanged = stored.ok() ? IfVersion(stored->version) : IfAbsent();
    manifest.content = head.content;
    WriteRequest request = RequestOf(Table::kContents, ContentPartition(manifest.sha256),
                                     ListOf(PutChange(HeadSort(), Encode(head), unchanged),
                                            PutChange(ReferenceSort(manifest.upload), Encode(id))),
                                     small.call);
    request.AddAlso(RequestOf(MediaKey(id.owner, id.media), PutChange({}, Encode(manifest))));
    if (!stored.ok() && is_record) {
      const Key key = SmallContentKey(own.id);
      std::vector<MutationView> bytes(1);
      bytes[0].sort = key.sort;
      bytes[0].checksum = small.checksum;
      bytes[0].value = small.bytes;
      request.AddAlso(WriteRequest({key.table, key.partition}, std::move(bytes), 0));
    }
    const WriteReply written = co_await engine_.Write(std::move(request));
    if (written.status.ok()) co_return manifest;
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
}

Task<Status> SharedContent::DropIfUnused(Sha256Digest sha256, ContentId content) const {
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(sha256);
    const Code code = stored.status().code();
    if (code == Code::kCorrupt) co_return Status();  // it may be of this content
    if (!stored.ok() && code != Code::kNotFound) co_return stored.status();
    if (stored.ok() && stored->head.content.id == content) co_return Status();
    // After a write of which the outcome is unknown, no write succeeds until it is certain. So this
    // one, which changes nothing, shows that there is no such write of this head.
    WriteRequest request =
        RequestOf(HeadKey(sha256),
                  stored.ok() ? PutChange({}, Encode(stored->head), IfVersion(stored->version))
                              : DeleteChange({}, IfAbsent()));
    request.SetFreesSpace();
    const WriteReply written = co_await engine_.Write(std::move(request));
    if (written.status.ok()) break;
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
  co_return co_await FromCallback<Status>(
      [&](auto done) { store_.Delete(content, std::move(done)); });
}

Task<Result<std::optional<SharedContent::StoredHead>>> SharedContent::Unlink(
    Sha256Digest sha256, StoredHead stored, ContentId upload, std::optional<MediaId> id,
    std::optional<WorkItem> item) const {
  // Whoever adds or removes a reference from here on changes the version of the head.
  const Result<bool> shared = co_await HasReferences(sha256, upload);
  if (!shared.ok()) co_return shared.status();
  const bool is_record = stored.head.content.place == ContentPlace::kRecord;
  const Condition unchanged = IfVersion(stored.version);
  const ContentId content = stored.head.content.id;
  stored.head.dying = !*shared && !is_record;
  WriteRequest request =
      RequestOf(Table::kContents, ContentPartition(sha256),
                ListOf(*shared || !is_record ? PutChange(HeadSort(), Encode(stored.head), unchanged)
                                             : DeleteChange(HeadSort(), unchanged),
                       DeleteChange(ReferenceSort(upload))));
  if (!*shared && is_record) {
    request.AddAlso(RequestOf(SmallContentKey(content), DeleteChange({})));
  }
  if (stored.head.dying && item) request.AddAlso(WorkLog::AddRequest(std::move(*item)));
  if (id) request.AddAlso(RequestOf(MediaKey(id->owner, id->media), DeleteChange({})));
  request.SetFreesSpace();
  const WriteReply written = co_await engine_.Write(std::move(request));
  if (!written.status.ok()) co_return written.status;
  if (!stored.head.dying) co_return std::optional<StoredHead>();
  stored.version = written.versions.front();
  co_return std::optional(stored);
}

}  // namespace smile
