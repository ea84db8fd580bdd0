// XXH3-64, the one hash of Smile. Source: xxHash 0.8, https://xxhash.com.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace smile {

// With seed 0, so that everybody gets the same: checksums of frames (low half) and values, and
// which of a few writers or lanes is for a partition. Whoever chooses what is hashed can choose the
// hash: a client can send all its partitions to one writer, where they only wait for each other.
uint64_t Hash64(ByteView bytes);
// The same of two pieces, one behind the other.
uint64_t Hash64(ByteView first, ByteView second);

// The Hash64 of bytes that come in pieces.
class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(const StreamHash&) = delete;
  StreamHash& operator=(const StreamHash&) = delete;

  // Starts over with no bytes.
  void Reset();
  void Update(ByteView bytes);

  // Of all bytes so far; more may follow.
  uint64_t Digest() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// With a secret, for the tables in memory whose keys come from clients: who does not know the
// secret cannot say which keys share a bucket, not even of keys whose Hash64 is the same. It is
// never stored or sent, nor is any hash made with it.
//
// It costs what Hash64 does. It is not a cryptographic function: against somebody who can learn
// from the times of many answers which of his keys share a bucket, it promises nothing.
class SecretHash {
 public:
  // With a secret from the system's source of randomness.
  SecretHash();
  // With one that follows from `seed`, for tests.
  explicit SecretHash(uint64_t seed);

  uint64_t operator()(ByteView bytes) const;

 private:
  // As long as XXH3's own, so that each part of an input meets its own part of the secret.
  std::array<uint32_t, 48> secret_;
};

}  // namespace smile
