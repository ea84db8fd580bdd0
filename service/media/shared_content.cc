#include "service/media/shared_content.h"

#include <utility>
#include <vector>

#include "base/callback_await.h"

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

Task<Result<ContentHead>> SharedContent::Find(Sha256Digest sha256, ContentId upload) const {
  std::vector<Key> keys;
  keys.push_back(HeadKey(sha256));
  keys.push_back(ReferenceKey(sha256, upload));
  const Result<ReadReply> reply = co_await engine_.ReadMany(std::move(keys));
  if (!reply.ok()) co_return reply.status();
  for (const Result<Record>& record : *reply) {
    if (!record.ok()) co_return record.status();
  }
  const auto head = DecodeContentHead((*reply)[0]->value);
  if (!head) co_return Status(Code::kCorrupt, "the record of this content is damaged");
  if (head->dying) co_return Status(Code::kNotFound, "the content is being deleted");
  co_return *head;
}

Task<Result<ContentId>> SharedContent::Refer(Sha256Digest sha256, ContentId upload, uint64_t size,
                                             MediaId id) const {
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(sha256);
    if (!stored.ok() && stored.status().code() != Code::kNotFound) co_return stored.status();
    if (stored.ok() && stored->head.dying) {
      if (Status buried = co_await Bury(sha256, *stored); !buried.ok()) co_return buried;
      continue;
    }
    const ContentHead head =
        stored.ok() ? stored->head : ContentHead{.content = upload, .size = size};
    const Condition unchanged = stored.ok() ? IfVersion(stored->version) : IfAbsent();
    const WriteReply written =
        co_await engine_.Write(Table::kContents, ContentPartition(sha256),
                               ListOf(PutChange(HeadSort(), Encode(head), unchanged),
                                      PutChange(ReferenceSort(upload), Encode(id))));
    if (written.status.ok()) co_return head.content;
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
}

Task<Status> SharedContent::Release(Sha256Digest sha256, ContentId upload) const {
  for (;;) {
    const Result<StoredHead> stored = co_await ReadHead(sha256);
    if (stored.status().code() == Code::kNotFound) co_return Status();
    if (!stored.ok()) co_return stored.status();
    if (stored->head.dying) break;
    const WriteReply written = co_await engine_.Write(
        Table::kContents, ContentPartition(sha256),
        ListOf(PutChange(HeadSort(), Encode(stored->head), IfVersion(stored->version)),
               DeleteChange(ReferenceSort(upload))));
    if (written.status.ok()) break;
    if (written.status.code() != Code::kConditionFailed) co_return written.status;
  }
  co_return co_await CollectIfUnused(sha256);
}

Task<Result<bool>> SharedContent::HasReferences(Sha256Digest sha256) const {
  ScanRequest request{.table = Table::kContents,
                      .partition = ContentPartition(sha256),
                      .from = FirstReferenceSort(),
                      .limit = 1,
                      .keys_only = true};
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    // What cannot be read may be a reference.
    if (page->size() > 0) co_return true;
    if (!page->more) co_return false;
    request.from = *page->resume_from;
  }
}

Task<Status> SharedContent::CollectIfUnused(Sha256Digest sha256) const {
  Result<StoredHead> stored = co_await ReadHead(sha256);
  if (stored.status().code() == Code::kNotFound) co_return Status();
  if (!stored.ok()) co_return stored.status();
  if (!stored->head.dying) {
    const Result<bool> used = co_await HasReferences(sha256);
    if (!used.ok()) co_return used.status();
    if (*used) co_return Status();
    stored->head.dying = true;
    const WriteReply written = co_await engine_.Write(
        HeadKey(sha256), PutChange({}, Encode(stored->head), IfVersion(stored->version)));
    // Somebody changed the references meanwhile, and then looks for himself.
    if (written.status.code() == Code::kConditionFailed) co_return Status();
    if (!written.status.ok()) co_return written.status;
    stored->version = written.versions.front();
  }
  co_return co_await Bury(sha256, *stored);
}

Task<Status> SharedContent::Bury(Sha256Digest sha256, StoredHead stored) const {
  const ContentId content = stored.head.content;
  const Status deleted =
      co_await FromCallback<Status>([&](auto done) { store_.Delete(content, std::move(done)); });
  if (!deleted.ok()) co_return deleted;
  const WriteReply written =
      co_await engine_.Write(HeadKey(sha256), DeleteChange({}, IfVersion(stored.version)));
  if (written.status.code() == Code::kConditionFailed) co_return Status();  // done by another
  co_return written.status;
}

}  // namespace smile
