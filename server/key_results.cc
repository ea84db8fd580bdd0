#include "server/key_results.h"

#include "base/check.h"
#include "base/coding.h"
#include "protocol/codec.h"

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
      return {.outcome = KeyOutcome::kAskAgain};
  }
}

// Counts the value in. The first always fits, more only up to the bound of a reply.
bool Fits(const RecordView& record, size_t* value_bytes) {
  const bool first = *value_bytes == 0;
  *value_bytes += record.value.size();
  return first || *value_bytes <= limits::kMaxReplyValueBytes;
}

}  // namespace

KeyResultsInMemory::KeyResultsInMemory(Bytes* body, KnownResults* known)
    : body_(body), known_(known), to_(body), begin_(body->size()) {}

bool KeyResultsInMemory::Add(Engine* engine, const std::vector<KeyView>& keys) {
  CHECK(keys.size() <= sizes_.size());
  AppendVarint(body_, keys.size());
  begin_ = body_->size();
  bool full = false;
  engine->PeekMany(keys, [&](size_t, PeekResult result, const RecordView& record) {
    switch (result) {
      case PeekResult::kFound:
        full = !Fits(record, &value_bytes_);
        if (!full) AddOne({.outcome = KeyOutcome::kFound, .record = record});
        return !full;
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
  while (added_ < keys.size()) AddOne({.outcome = KeyOutcome::kAskAgain});
  if (to_ == body_) return true;
  known_->sizes.assign(sizes_.begin(), sizes_.begin() + static_cast<ptrdiff_t>(added_));
  known_->value_bytes = value_bytes_;
  return false;
}

void KeyResultsInMemory::AddOne(const op::KeyResult& result) {
  const size_t before = to_->size();
  Encode(result, to_);
  sizes_[added_++] = static_cast<uint32_t>(to_->size() - before);
}

void KeyResultsInMemory::KeepForLater() {
  known_->encoded.assign(*body_, begin_);
  to_ = &known_->encoded;
}

void AppendKeyResults(const KnownResults& known, const ReadReply& read, Bytes* body) {
  const size_t count = known.sizes.empty() ? read.size() : known.sizes.size();
  AppendVarint(body, count);
  size_t value_bytes = known.value_bytes;
  ByteView encoded = known.encoded;
  auto next = read.begin();
  for (size_t i = 0; i < count; ++i) {
    if (known.Knows(i)) {
      body->append(encoded.substr(0, known.sizes[i]));
      encoded.remove_prefix(known.sizes[i]);
      continue;
    }
    op::KeyResult result = ToKeyResult(*next++);
    const bool found = result.outcome == KeyOutcome::kFound;
    if (found && !Fits(result.record, &value_bytes)) result = {.outcome = KeyOutcome::kAskAgain};
    Encode(result, body);
  }
}

}  // namespace smile
