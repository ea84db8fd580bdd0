#include "server/continuation.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr char kAfter = 1;
constexpr char kFrom = 2;

static_assert(limits::kMaxNameBytes <= UINT8_MAX, "the size of a partition is one byte");

std::optional<ByteView> OfKind(const std::optional<ByteView>& continuation, char kind) {
  if (!continuation.has_value() || continuation->empty() || continuation->front() != kind) {
    return std::nullopt;
  }
  return continuation->substr(1);
}

Status NotOurs() {
  return {Code::kInvalid,
          "invalid continuation token: pass one from a reply to the same scan or list"};
}

}  // namespace

Bytes ContinuationAfter(ByteView last) {
  return Bytes(1, kAfter).append(last);
}

Bytes ContinuationFrom(ByteView next) {
  return Bytes(1, kFrom).append(next);
}

Bytes ContinuationOf(const ScanPage& page) {
  if (!page.more) return {};
  if (page.resume_from.has_value()) return ContinuationFrom(*page.resume_from);
  CHECK(page.size() > 0, "a page that is not complete says where it ends");
  return ContinuationAfter(page[page.size() - 1].sort);
}

Bytes ContinuationOf(const ListPage& page) {
  if (!page.more) return {};
  if (!page.resume_from.has_value()) {
    CHECK(!page.partitions.empty(), "a page that is not complete says where it ends");
    return ContinuationAfter(page.partitions.back());
  }
  CHECK(page.resume_from->partition.size() <= limits::kMaxNameBytes);
  Bytes continuation(1, kFrom);
  continuation.push_back(static_cast<char>(page.resume_from->partition.size()));
  return continuation.append(page.resume_from->partition).append(page.resume_from->sort);
}

Status CheckScanContinuation(Table table, const std::optional<ByteView>& continuation) {
  if (!GoesOn(continuation)) return {};
  if (const auto after = GoesOnAfter(continuation)) return ValidateSort(table, *after);
  if (const auto from = GoesOnFrom(continuation)) return ValidateSort(table, *from);
  return NotOurs();
}

Status CheckListContinuation(Table table, const std::optional<ByteView>& continuation) {
  if (!GoesOn(continuation)) return {};
  if (const auto after = GoesOnAfter(continuation)) return ValidatePartition({table, *after});
  const std::optional<ByteView> from = GoesOnFrom(continuation);
  if (!from.has_value()) return NotOurs();
  const ListPlace place = ListPlaceOf(*from);
  SMILE_TRY(ValidatePartition({table, place.partition}));
  return ValidateSort(table, place.sort);
}

std::optional<ByteView> GoesOnAfter(const std::optional<ByteView>& continuation) {
  return OfKind(continuation, kAfter);
}

std::optional<ByteView> GoesOnFrom(const std::optional<ByteView>& continuation) {
  return OfKind(continuation, kFrom);
}

ListPlace ListPlaceOf(ByteView bytes) {
  if (bytes.empty()) return {};
  const size_t size = std::min<size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
  return {Bytes(bytes.substr(1, size)), Bytes(bytes.substr(1 + size))};
}

}  // namespace smile
