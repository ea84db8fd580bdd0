#include "service/work_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/coding.h"

namespace smile {
namespace {

// Due time, id, kind.
constexpr size_t kSortBytes = sizeof(uint64_t) + 16 + 1;

Bytes Lane() {
  return Bytes(1, '\0');
}

Key KeyOf(const WorkItem& item) {
  Bytes sort;
  AppendBig(&sort, item.due_ms);
  sort.append(reinterpret_cast<const char*>(item.id.data()), item.id.size());
  sort.push_back(static_cast<char>(item.kind));
  return {Table::kWork, Lane(), sort};
}

std::optional<WorkItem> Decode(const ScanPage::Entry& entry) {
  if (entry.outcome != ScanPage::Outcome::kFound) return std::nullopt;
  if (entry.sort.size() != kSortBytes) return std::nullopt;
  WorkItem item;
  item.due_ms = LoadBig<uint64_t>(entry.sort.data());
  std::copy_n(entry.sort.begin() + sizeof(uint64_t), item.id.size(), item.id.begin());
  item.kind = WorkKind{static_cast<uint8_t>(entry.sort.back())};
  item.payload = Bytes(entry.record.value);
  return item;
}

}  // namespace

WriteRequest WorkLog::AddRequest(WorkItem item, const CallContext& call) {
  const Key key = KeyOf(item);
  return RequestOf(key, PutChange({}, std::move(item.payload)), call);
}

Task<Status> WorkLog::Add(WorkItem item, CallContext call) const {
  WriteRequest request = AddRequest(std::move(item), call);
  request.SetFreesSpace();
  const WriteReply reply = co_await engine_.Write(std::move(request));
  co_return reply.status;
}

WriteRequest WorkLog::RemoveRequest(const WorkItem& item) {
  return RequestOf(KeyOf(item), DeleteChange({}));
}

Task<Status> WorkLog::Remove(WorkItem item) const {
  const WriteReply reply = co_await engine_.Write(RemoveRequest(item));
  co_return reply.status;
}

Task<Result<std::vector<WorkItem>>> WorkLog::Due(uint64_t now_ms, uint32_t limit) const {
  std::vector<WorkItem> items;
  ScanRequest request{.table = Table::kWork,
                      .partition = Lane(),
                      .limit = limit,
                      .max_value_bytes = limits::kMaxReplyValueBytes};
  if (now_ms < std::numeric_limits<uint64_t>::max()) AppendBig(&request.to, now_ms + 1);
  while (items.size() < limit) {
    const Result<ScanPage> page = co_await engine_.Scan(request);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size() && items.size() < limit; ++i) {
      if (std::optional<WorkItem> item = Decode((*page)[i])) items.push_back(std::move(*item));
    }
    if (!page->more) break;
    ContinueScan(*page, &request);
  }
  co_return items;
}

}  // namespace smile
