#include "service/work_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/coding.h"

namespace smile {
namespace {

constexpr size_t kSortBytes = sizeof(uint64_t) + 16;

Bytes Lane() {
  return Bytes(1, '\0');
}

Key KeyOf(const WorkItem& item) {
  Bytes sort;
  AppendBig(&sort, item.due_ms);
  sort.append(reinterpret_cast<const char*>(item.id.data()), item.id.size());
  return {Table::kWork, Lane(), sort};
}

std::optional<WorkItem> Decode(const ScanPage::Entry& entry) {
  if (entry.outcome != ScanPage::Outcome::kFound) return std::nullopt;
  const ByteView value = entry.record.value;
  if (entry.sort.size() != kSortBytes || value.empty()) return std::nullopt;
  WorkItem item;
  item.due_ms = LoadBig<uint64_t>(entry.sort.data());
  std::copy(entry.sort.begin() + sizeof(uint64_t), entry.sort.end(), item.id.begin());
  item.kind = WorkKind{static_cast<uint8_t>(value[0])};
  item.payload = Bytes(value.substr(1));
  return item;
}

}  // namespace

Task<Status> WorkLog::Add(WorkItem item) const {
  Bytes value(1, static_cast<char>(item.kind));
  value += item.payload;
  const WriteReply reply = co_await engine_.Write(KeyOf(item), PutChange({}, std::move(value)));
  co_return reply.status;
}

Task<Status> WorkLog::Remove(WorkItem item) const {
  const WriteReply reply = co_await engine_.Write(KeyOf(item), DeleteChange({}));
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
    if (page->resume_from) {
      request.from = *page->resume_from;
      request.after.clear();
    } else {
      request.after = Bytes((*page)[page->size() - 1].sort);
    }
  }
  co_return items;
}

}  // namespace smile
