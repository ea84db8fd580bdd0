// The results of an MGET: encoded where they are found, in the order of its keys.
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

// Of an encoded record: version, checksum, expiry time.
inline constexpr size_t kRecordBytesWithoutValue = 3 * sizeof(uint64_t);

// What an MGET's reply has room for, beside an outcome for each key.
class ValueRoom {
 public:
  ValueRoom(size_t max_body_bytes, size_t keys, size_t used_before = 0);

  // For the next record that was found: kFound, and it is counted in, if it fits; kTooLarge if it
  // would not fit had nothing been found before it; else kAskAgain, as all that come after it are.
  // So each reply has an outcome that is not kAskAgain, if anything was found.
  KeyOutcome Take(const RecordView& record);

  size_t used() const { return used_; }

 private:
  const size_t most_;
  size_t used_;
};

// What was found in memory of an MGET of which not all is there.
struct KnownResults {
  Bytes encoded;  // in the order of the keys
  std::vector<uint32_t>
      sizes;  // of each key's in `encoded`, 0 if it is not known; none: nothing is
  size_t value_bytes = 0;

  bool Knows(size_t index) const { return index < sizes.size() && sizes[index] != 0; }
};

// Encodes what the engine can say of the keys at once: straight into the reply as long as nothing
// is missing, then into KnownResults.
class KeyResultsInMemory {
 public:
  // `body` is where the results go, `known` where they go if one is missing. At most
  // limits::kMaxPeekKeys keys.
  KeyResultsInMemory(size_t max_body_bytes, Bytes* body, KnownResults* known);

  // True: all results are in the body.
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

// Appends the body of the reply: what was known before, and `read`, in their order, for the other
// keys.
void AppendKeyResults(const KnownResults& known, const ReadReply& read, size_t max_body_bytes,
                      Bytes* body);

}  // namespace smile
