#include "tests/service/stored_links.h"

#include <optional>
#include <utility>

#include "model/path.h"
#include "service/engine_calls.h"
#include "service/links/link_head.h"

namespace smile::testing {
namespace {

// Adds the links of a compact head. False: it is not as the service writes it.
bool ReadCompact(const LinkRecordId& id, const LinkHead& head, LinkSides* sides) {
  std::optional<CompactLink> last;
  return head.ForEach([&](const CompactLink& link, ByteView) {
    const bool in_order = !last || last->IsBefore(link.time_ms, link.other);
    last = link;
    return in_order &&
           sides->emplace(std::tuple(id.user, id.sort.kind, link.other), RecordOf(link)).second;
  });
}

}  // namespace

LinkRecords LinkRecordsIn(Engine* engine, uint64_t users) {
  const EngineCalls calls(*engine);
  LinkRecords records;
  for (uint64_t user = 0; user < users; ++user) {
    ScanRequest scan{.table = Table::kLinks, .partition = PartitionOf(user), .limit = 100};
    scan.max_value_bytes = SIZE_MAX;
    for (;;) {
      const ScanPage page = *calls.Scan(scan).Wait();
      for (size_t i = 0; i < page.size(); ++i) {
        records[{user, *DecodeLinkSort(page[i].sort)}] = Bytes(page[i].record.value);
      }
      if (!page.more) break;
      ContinueScan(page, &scan);
    }
  }
  return records;
}

std::string ReadLinkRecords(const LinkRecords& records, LinkSides* sides) {
  std::map<LinkRecordId, uint64_t> counts;  // of indexed heads
  LinkRecords expected;                     // of indexed sides, beside the heads
  size_t compact = 0;
  for (const auto& [id, value] : records) {
    const auto wrong = [&, id = id](const char* what) {
      return FormatKey(LinkKeyBytes(id).view()) + ": " + what;
    };
    if (id.sort.view == LinkView::kHead) {
      const std::optional<LinkHead> head = DecodeLinkHead(value);
      if (!head) return wrong("is damaged");
      if (!head->compact) {
        counts[id] = head->count;
      } else if (value.size() > kMaxCompactHeadBytes) {
        return wrong("is too large");
      } else if (const size_t before = sides->size();
                 !ReadCompact(id, *head, sides) || sides->size() != before + head->count) {
        return wrong("is damaged, or its links are not in order");
      } else {
        ++compact;
      }
    } else if (id.sort.view == LinkView::kMember) {
      const auto record = DecodeLinkRecord(value);
      if (!record) return wrong("is damaged");
      const LinkSide side{.user = id.user, .kind = id.sort.kind, .other = id.sort.first};
      const auto count = counts.find(side.Head());
      if (count == counts.end() || count->second-- == 0) return wrong("is not counted");
      (*sides)[{side.user, side.kind, side.other}] = Owned(*record);
      expected[side.Member()] = expected[side.Newest(record->time_ms)] = value;
    }
  }
  for (const auto& [id, left] : counts) {
    if (left > 0) return FormatKey(LinkKeyBytes(id).view()) + ": counts more than there are";
    expected[id] = records.at(id);
  }
  for (const auto& [id, value] : expected) {
    const auto found = records.find(id);
    if (found == records.end() || found->second != value) {
      return FormatKey(LinkKeyBytes(id).view()) + ": is missing or says something else";
    }
  }
  return records.size() == expected.size() + compact ? "" : "there are records of no link";
}

LinkSides BacksOf(const LinkSides& sides) {
  LinkSides backs;
  for (const auto& [side, link] : sides) {
    const auto& [user, kind, other] = side;
    LinkRecord back = link;
    back.inverse = kind;
    backs[{other, link.inverse, user}] = std::move(back);
  }
  return backs;
}

Task<WriteReply> Store(const EngineCalls& engine, LinkMutation mutation) {
  co_return co_await engine.Write(WriteRequestOf({&mutation, 1}));
}

}  // namespace smile::testing
