#include "storage/engine.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/key_encoding.h"

namespace smile {

WriteRequest::WriteRequest(const PartitionView& partition, std::vector<MutationView> mutations,
                           int64_t deadline_nanos, uint64_t source)
    : partition_(partition),
      mutations_(std::move(mutations)),
      deadline_nanos_(deadline_nanos),
      source_(source) {
  frees_space_ = std::all_of(mutations_.begin(), mutations_.end(),
                             [](const MutationView& m) { return m.kind == MutationKind::kDelete; });
  CHECK(!mutations_.empty() && mutations_.size() <= limits::kMaxBatchMutations);
  size_t size = partition.id.size();
  for (const MutationView& mutation : mutations_) {
    const bool is_put = mutation.kind == MutationKind::kPut;
    CHECK(is_put || mutation.value.empty(), "only a put has a value");
    CHECK(is_put || (mutation.checksum == 0 && mutation.expires_ms == 0));
    CHECK(mutation.kind == MutationKind::kAdd || mutation.addition.amount == 0);
    size += mutation.sort.size() + mutation.value.size() + mutation.told_sort.size();
  }
  storage_ = std::make_unique_for_overwrite<char[]>(size);
  bytes_ = size + sizeof(*this) + mutations_.size() * sizeof(MutationView);
  char* to = storage_.get();
  const auto own = [&to](ByteView* bytes) {
    if (!bytes->empty()) std::memcpy(to, bytes->data(), bytes->size());
    *bytes = ByteView(to, bytes->size());
    to += bytes->size();
  };
  own(&partition_.id);
  for (MutationView& mutation : mutations_) {
    own(&mutation.sort);
    own(&mutation.value);
    own(&mutation.told_sort);
  }
  CHECK(to == storage_.get() + size, "the bytes of all parts add up");
}

void WriteRequest::AddAlso(WriteRequest other) {
  CHECK(other.also_.empty(), "writes together are a flat list");
  CHECK(also_.size() + 2 <= limits::kMaxWritesTogether);
  for (const MutationView& mutation : other.mutations_) {
    CHECK(mutation.kind != MutationKind::kAdd, "additions are in the first write");
  }
  bytes_ += other.bytes_;
  frees_space_ = frees_space_ && other.frees_space_;
  also_.push_back(std::move(other));
}

void WriteRequest::SetFreesSpace() {
  CHECK(bytes_ <= limits::kMaxFreeingBytes, "its puts are small");
  frees_space_ = true;
}

Status NoMemoryForResult() {
  return {Code::kOverloaded,
          "not enough memory for this reply: connections of this server hold too much; retry later",
          limits::kShortMemoryRetryMillis};
}

Status CheckAddition(std::optional<int64_t> number, const Addition& addition) {
  if (!number.has_value()) {
    return {
        Code::kConditionFailed,
        "the record is not a number: its value is not a decimal integer from -2^63 to 2^63 - 1"};
  }
  if (!AddTo(*number, addition).has_value()) {
    return {Code::kConditionFailed,
            "the sum is not from -2^63 to 2^63 - 1; with saturate it is the nearest of both"};
  }
  return {};
}

void Engine::PeekMany(std::span<const KeyView> keys, PeekEach each) {
  for (size_t i = 0; i < keys.size(); ++i) {
    bool go_on = true;
    const auto found = [&](const RecordView& record) {
      go_on = each(i, PeekResult::kFound, record);
    };
    const PeekResult result = Peek(keys[i], found);
    if (result != PeekResult::kFound) go_on = each(i, result, {});
    if (!go_on) return;
  }
}

bool Engine::PeekScan(const ScanRequest&, FoundPage) {
  return false;
}

void Engine::PeekFirst(Table /*table*/, std::span<const Bytes> partitions, PeekFirstEach each) {
  for (size_t i = 0; i < partitions.size(); ++i) each(i, PeekResult::kUnknown, {});
}

void ScanPage::Add(ByteView sort, const RecordView& record) {
  Append(Outcome::kFound, sort, record);
}

void ScanPage::AddCorrupt(ByteView sort) {
  Append(Outcome::kCorrupt, sort, {});
}

void ScanPage::AddGap() {
  if (!ends_in_gap()) Append(Outcome::kGap, {}, {});
}

void ScanPage::Append(Outcome outcome, ByteView sort, const RecordView& record) {
  static_assert(kMaxEncodedKeyBytes <= UINT32_MAX);
  CHECK(sort.size() <= kMaxEncodedKeyBytes);
  CHECK(record.value.size() <= UINT32_MAX, "neither engine stores a larger value");
  CHECK(outcome != Outcome::kGap || sort.empty(), "a gap has no sort key");
  CHECK(outcome == Outcome::kFound || record.version == 0, "what cannot be read has no record");
  whole_ = whole_ && outcome == Outcome::kFound;
  entries_.push_back({.offset = bytes_.size(),
                      .sort_size = static_cast<uint32_t>(sort.size()),
                      .value_size = static_cast<uint32_t>(record.value.size()),
                      .version = record.version,
                      .checksum = record.checksum,
                      .expires_ms = record.expires_ms,
                      .outcome = outcome});
  bytes_.append(sort);
  bytes_.append(record.value);
}

ScanPage::Entry ScanPage::operator[](size_t i) const {
  CHECK(i < entries_.size());
  const Span& span = entries_[i];
  CHECK(span.offset + span.sort_size + span.value_size <= bytes_.size());
  const ByteView bytes(bytes_);
  return {.outcome = span.outcome,
          .sort = bytes.substr(span.offset, span.sort_size),
          .record = {.version = span.version,
                     .checksum = span.checksum,
                     .expires_ms = span.expires_ms,
                     .value = bytes.substr(span.offset + span.sort_size, span.value_size)}};
}

uint64_t Engine::Observe(ChangeObserver* observer) {
  CHECK(observer == nullptr, "this engine tells nobody of its changes");
  return 0;
}

}  // namespace smile
