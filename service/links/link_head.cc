#include "service/links/link_head.h"

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr uint8_t kIndexed = 1;
constexpr uint8_t kCompact = 2;
constexpr size_t kCompactHeaderBytes = sizeof(uint8_t) + sizeof(uint16_t);

static_assert(kMaxCompactHeadBytes / kMinCompactLinkBytes <= UINT16_MAX);
static_assert(limits::kMaxLinkValueBytes <= UINT16_MAX);
static_assert(kCompactHeaderBytes + kMinCompactLinkBytes + limits::kMaxLinkValueBytes <=
                  kMaxCompactHeadBytes,
              "the first link of a kind is in its head");

void Append(const CompactLink& link, Bytes* out) {
  AppendLittle(out, link.time_ms);
  AppendLittle(out, link.other);
  AppendLittle(out, static_cast<uint8_t>(link.inverse));
  AppendLittle(out, static_cast<uint16_t>(link.value.size()));
  out->append(link.value);
}

// Without the link to `other`, with `added` in its place in the order if that is not null.
Bytes Rewritten(const LinkHead& head, uint64_t other, const CompactLink* added) {
  CHECK(head.compact);
  Bytes out;
  out.reserve(kCompactHeaderBytes + head.links.size() + kMinCompactLinkBytes +
              (added != nullptr ? added->value.size() : 0));
  AppendLittle(&out, kCompact);
  AppendLittle(&out, uint16_t{0});  // the count, below
  uint16_t count = 0;
  const auto add = [&] {
    Append(*added, &out);
    added = nullptr;
    ++count;
  };
  const bool readable = head.ForEach([&](const CompactLink& link, ByteView encoded) {
    if (added != nullptr && !link.IsBefore(added->time_ms, added->other)) add();
    if (link.other == other) return true;
    out.append(encoded);
    ++count;
    return true;
  });
  CHECK(readable, "it was read before");
  if (added != nullptr) add();
  StoreLittle(out.data() + 1, count);
  return out;
}

}  // namespace

LinkRecord RecordOf(const CompactLink& link) {
  return {.time_ms = link.time_ms, .inverse = link.inverse, .value = Bytes(link.value)};
}

std::optional<LinkHead> DecodeLinkHead(ByteView bytes) {
  ByteReader reader(bytes);
  uint8_t form = 0;
  if (!reader.ReadLittle(&form)) return std::nullopt;
  LinkHead head{.compact = form == kCompact};
  if (form == kIndexed) {
    if (!reader.ReadLittle(&head.count) || !reader.empty()) return std::nullopt;
  } else {
    uint16_t count = 0;
    if (form != kCompact || !reader.ReadLittle(&count)) return std::nullopt;
    head.count = count;
    head.links = reader.rest();
  }
  if (head.count == 0) return std::nullopt;
  return head;
}

Bytes EncodeIndexedHead(uint64_t count) {
  CHECK(count > 0, "there is no head of no links");
  Bytes out;
  AppendLittle(&out, kIndexed);
  AppendLittle(&out, count);
  return out;
}

Bytes CompactHeadWith(const LinkHead& head, const CompactLink& link) {
  return Rewritten(head, link.other, &link);
}

std::optional<Bytes> CompactHeadWithout(const LinkHead& head, uint64_t other) {
  Bytes left = Rewritten(head, other, nullptr);
  if (left.size() == kCompactHeaderBytes) return std::nullopt;
  return left;
}

}  // namespace smile
