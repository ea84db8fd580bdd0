// XXH3-64, the only hash function of Smile. Source: xxHash 0.8, https://xxhash.com.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace smile {

// With seed 0, the same everywhere: checksums of frames (low half) and values, and the assignment
// of partitions to lanes. A client that chooses the input can choose the hash: it can send all its
// partitions to one lane, where they only wait for each other.
uint64_t Hash64(ByteView bytes);
// The hash of two pieces, one after the other.
uint64_t Hash64(ByteView first, ByteView second);

// The Hash64 of bytes that arrive in pieces.
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

// Keyed, for hash tables in memory whose keys come from clients: without the secret nobody can tell
// which keys share a bucket, not even for keys with the same Hash64. Neither the secret nor any
// hash made with it is stored or sent.
//
// As fast as Hash64. Not a cryptographic function: it does not protect against a client that learns
// from the timing of many replies which of its keys share a bucket.
class SecretHash {
 public:
  // With a random secret from the system.
  SecretHash();
  // With a secret derived from `seed`, for tests.
  explicit SecretHash(uint64_t seed);

  uint64_t operator()(ByteView bytes) const;

 private:
  // As long as XXH3's default secret, so that each part of an input meets a different part of it.
  std::array<uint32_t, 48> secret_;
};

}  // namespace smile
