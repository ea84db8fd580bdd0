#include "storage/engine.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {

WriteRequest::WriteRequest(const PartitionView& partition, std::vector<MutationView> mutations,
                           int64_t deadline_nanos, uint64_t source)
    : partition_(partition),
      mutations_(std::move(mutations)),
      deadline_nanos_(deadline_nanos),
      source_(source) {
  CHECK(!mutations_.empty());
  size_t size = partition.id.size();
  for (const MutationView& mutation : mutations_)
    size += mutation.sort.size() + mutation.value.size();
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
  }
}

Status NoMemoryForResult() {
  return {Code::kOverloaded, "the connections of this server hold too much memory for this answer",
          limits::kShortMemoryRetryMillis};
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
  const Span& span = entries_[i];
  const ByteView bytes(bytes_);
  return {.outcome = span.outcome,
          .sort = bytes.substr(span.offset, span.sort_size),
          .record = {.version = span.version,
                     .checksum = span.checksum,
                     .expires_ms = span.expires_ms,
                     .value = bytes.substr(span.offset + span.sort_size, span.value_size)}};
}

}  // namespace smile
