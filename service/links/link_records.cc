#include "service/links/link_records.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"

namespace smile {
namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

LinkSort SortOf(ByteView sort) {
  const std::optional<LinkSort> parts = DecodeLinkSort(sort);
  CHECK(parts.has_value(), "keys of this table have 18 bytes");
  return *parts;
}

LinkRecord Owned(const LinkRecordView& record) {
  return {.time_ms = record.time_ms, .inverse = record.inverse, .value = Bytes(record.value)};
}

Bytes Encode(const LinkRecord& record) {
  Bytes out;
  out.reserve(2 + sizeof(uint64_t) + record.value.size());
  AppendLittle(&out, kVersion);
  AppendLittle(&out, record.time_ms);
  AppendLittle(&out, static_cast<uint8_t>(record.inverse));
  return out.append(record.value);
}

std::optional<LinkRecordView> DecodeLinkRecord(ByteView bytes) {
  ByteReader reader(bytes);
  LinkRecordView record;
  uint8_t version = 0;
  uint8_t inverse = 0;
  if (!reader.ReadLittle(&version) || version != kVersion || !reader.ReadLittle(&record.time_ms) ||
      !reader.ReadLittle(&inverse) || inverse == 0) {
    return std::nullopt;
  }
  record.inverse = LinkKind{inverse};
  record.value = reader.rest();
  return record;
}

WriteRequest WriteRequestOf(std::span<const LinkMutation> mutations, uint64_t source) {
  CHECK(!mutations.empty());
  std::optional<WriteRequest> request;
  std::vector<LinkKeyBytes> keys;
  for (auto mutation = mutations.begin(); mutation != mutations.end();) {
    const auto end = std::find_if(
        mutation, mutations.end(),
        [user = mutation->id.user](const LinkMutation& other) { return other.id.user != user; });
    const auto count = static_cast<size_t>(end - mutation);
    keys.clear();
    keys.reserve(2 * count);  // so that views stay valid
    std::vector<MutationView> views;
    views.reserve(count);
    for (; mutation != end; ++mutation) {
      MutationView& view = views.emplace_back();
      view.kind = mutation->value ? MutationKind::kPut : MutationKind::kDelete;
      view.sort = keys.emplace_back(mutation->id).view().sort;
      if (mutation->told) {
        const LinkSide side{mutation->id.user, mutation->id.sort.kind, mutation->told->other};
        view.told_sort = keys.emplace_back(side.Member()).view().sort;
        view.told_kind = mutation->told->kind;
      }
      if (!mutation->value) continue;
      view.value = *mutation->value;
      view.checksum = Hash64(view.value);
    }
    WriteRequest part(keys.front().view().partition_view(), std::move(views),
                      /*deadline_nanos=*/0, source);
    if (request) {
      request->AddAlso(std::move(part));
    } else {
      request.emplace(std::move(part));
    }
  }
  return std::move(*request);
}

}  // namespace smile
