// The results of an MGET, encoded as they are found, in the order of its keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "protocol/operations.h"
#include "storage/engine.h"

namespace smile {

// Version, checksum and expiry time of an encoded record.
inline constexpr size_t kRecordBytesWithoutValue = 3 * sizeof(uint64_t);

// Room for values in the reply to an MGET, beside an outcome for each key.
class ValueRoom {
 public:
  ValueRoom(size_t max_body_bytes, size_t keys, size_t used_before = 0);

  // For the next record found: kFound if it fits, and it is counted; kTooLarge if it would not fit
  // even alone; otherwise kRetry, as for all later ones. So each reply has an outcome other than
  // kRetry if any record was found.
  KeyOutcome Take(const RecordView& record);

  size_t used() const { return used_; }

 private:
  const size_t most_;
  size_t used_;
};

// The part of an MGET's results that was found in memory, if not all were.
struct KnownResults {
  Bytes encoded;  // in the order of the keys
  // Size of each key's result in `encoded`, 0 if it is not known. Empty: nothing is known.
  std::vector<uint32_t> sizes;
  size_t value_bytes = 0;

  bool Knows(size_t index) const { return index < sizes.size() && sizes[index] != 0; }
};

// Encodes results that are in memory: into the reply as long as none is missing, then into
// KnownResults.
class KeyResultsInMemory {
 public:
  // The results go to `body`; if one is missing, to `known`. At most limits::kMaxPeekKeys keys.
  KeyResultsInMemory(size_t max_body_bytes, Bytes* body, KnownResults* known);

  // True if all results are in `body`.
  bool Add(Engine* engine, const std::vector<KeyView>& keys);

 private:
  void AddOne(const op::KeyResult& result);
  void KeepForLater();

  const size_t max_body_bytes_;
  Bytes* const body_;
  KnownResults* const known_;
  Bytes* to_;
  size_t begin_;
  size_t added_ = 0;
  std::array<uint32_t, limits::kMaxPeekKeys> sizes_;
};

// Appends the body of the reply: the known results and, for the other keys, those of `read`, in
// order.
void AppendKeyResults(const KnownResults& known, const ReadReply& read, size_t max_body_bytes,
                      Bytes* body);

}  // namespace smile
