// SHA-256 (FIPS 180-4), which names the content of media. OpenSSL computes it, with the
// processor's instructions where there are any.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace smile {

struct Sha256Digest {
  std::array<uint8_t, 32> bytes{};

  auto operator<=>(const Sha256Digest&) const = default;
  // Borrows the bytes.
  ByteView view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  // 64 hexadecimal digits.
  std::string ToHex() const;
};

// The digest of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(ByteView bytes);
  // Of all bytes so far; more may follow.
  Sha256Digest Digest() const;

  static Sha256Digest Of(ByteView bytes);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace smile
