#include "server/key_results.h"

#include "base/check.h"
#include "base/coding.h"
#include "protocol/codec.h"
#include "protocol/frame.h"

namespace smile {
namespace {

op::KeyResult ToKeyResult(const Result<Record>& result) {
  if (result.ok()) return {.outcome = KeyOutcome::kFound, .record = result->view()};
  switch (result.status().code()) {
    case Code::kNotFound:
      return {.outcome = KeyOutcome::kNotFound};
    case Code::kCorrupt:
      return {.outcome = KeyOutcome::kCorrupt};
    default:
      return {.outcome = KeyOutcome::kRetry};
  }
}

// The outcome, the record, and the length of its value.
constexpr size_t kResultBytesWithoutValue = 1 + kRecordBytesWithoutValue + 3;
constexpr size_t kCountBytes = 2;
static_assert(limits::kMaxValueBytes < size_t{1} << 21 && limits::kMaxMGetKeys < size_t{1} << 14);
static_assert(limits::kLeastReplyFrameBytes >=
              kFrameHeaderBytes + kCountBytes + limits::kMaxMGetKeys * kResultBytesWithoutValue);

}  // namespace

ValueRoom::ValueRoom(size_t max_body_bytes, size_t keys, size_t used_before)
    : most_(max_body_bytes - kCountBytes - keys * kResultBytesWithoutValue), used_(used_before) {
  CHECK(max_body_bytes >= kCountBytes + keys * kResultBytesWithoutValue,
        "an outcome for each key fits into a reply");
}

KeyOutcome ValueRoom::Take(const RecordView& record) {
  const size_t size = record.value.size();
  if (size > most_) return KeyOutcome::kTooLarge;
  used_ += size;
  const bool fits = used_ <= most_ && (used_ == size || used_ <= limits::kMaxReplyValueBytes);
  return fits ? KeyOutcome::kFound : KeyOutcome::kRetry;
}

KeyResultsInMemory::KeyResultsInMemory(size_t max_body_bytes, Bytes* body, KnownResults* known)
    : max_body_bytes_(max_body_bytes),
      body_(body),
      known_(known),
      to_(body),
      begin_(body->size()) {}

bool KeyResultsInMemory::Add(Engine* engine, const std::vector<KeyView>& keys) {
  CHECK(keys.size() <= sizes_.size());
  AppendVarint(body_, keys.size());
  begin_ = body_->size();
  ValueRoom room(max_body_bytes_, keys.size());
  engine->PeekMany(keys, [&](size_t, PeekResult result, const RecordView& record) {
    switch (result) {
      case PeekResult::kFound: {
        const KeyOutcome outcome = room.Take(record);
        if (outcome == KeyOutcome::kRetry) return false;
        AddOne(
            {.outcome = outcome, .record = outcome == KeyOutcome::kFound ? record : RecordView()});
        return true;
      }
      case PeekResult::kAbsent:
        AddOne({.outcome = KeyOutcome::kNotFound});
        return true;
      case PeekResult::kUnknown:
        if (to_ == body_) KeepForLater();
        sizes_[added_++] = 0;
        return true;
    }
    return true;
  });
  while (added_ < keys.size()) AddOne({.outcome = KeyOutcome::kRetry});
  if (to_ == body_) return true;
  known_->sizes.assign(sizes_.begin(), sizes_.begin() + static_cast<ptrdiff_t>(added_));
  known_->value_bytes = room.used();
  return false;
}

void KeyResultsInMemory::AddOne(const op::KeyResult& result) {
  CHECK(added_ < sizes_.size());
  const size_t before = to_->size();
  Encode(result, to_);
  CHECK(to_->size() > before, "a result is not empty: size 0 means unknown");
  sizes_[added_++] = static_cast<uint32_t>(to_->size() - before);
}

void KeyResultsInMemory::KeepForLater() {
  known_->encoded.assign(*body_, begin_);
  to_ = &known_->encoded;
}

void AppendKeyResults(const KnownResults& known, const ReadReply& read, size_t max_body_bytes,
                      Bytes* body) {
  const size_t count = known.sizes.empty() ? read.size() : known.sizes.size();
  AppendVarint(body, count);
  ValueRoom room(max_body_bytes, count, known.value_bytes);
  ByteView encoded = known.encoded;
  auto next = read.begin();
  for (size_t i = 0; i < count; ++i) {
    if (known.Knows(i)) {
      body->append(encoded.substr(0, known.sizes[i]));
      encoded.remove_prefix(known.sizes[i]);
      continue;
    }
    CHECK(next != read.end(), "each key that was not known was read");
    op::KeyResult result = ToKeyResult(*next++);
    if (result.outcome == KeyOutcome::kFound) {
      const KeyOutcome outcome = room.Take(result.record);
      if (outcome != KeyOutcome::kFound) result = {.outcome = outcome};
    }
    Encode(result, body);
  }
  CHECK(encoded.empty() && next == read.end(), "each result is sent once");
}

}  // namespace smile
