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
  KeyResultsInMemory(Bytes* body, KnownResults* known);

  // True: all results are in the body.
  bool Add(Engine* engine, const std::vector<KeyView>& keys);

 private:
  void AddOne(const op::KeyResult& result);
  void KeepForLater();

  Bytes* const body_;
  KnownResults* const known_;
  Bytes* to_;
  size_t begin_;
  size_t added_ = 0;
  size_t value_bytes_ = 0;
  std::array<uint32_t, limits::kMaxPeekKeys> sizes_;
};

// Appends the body of the reply: what was known before, and `read`, in their order, for the other
// keys.
void AppendKeyResults(const KnownResults& known, const ReadReply& read, Bytes* body);

}  // namespace smile
