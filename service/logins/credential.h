// Credentials: how the password of a login is stored, and what it costs to verify one.
//
//   $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH   what Smile makes; argon2i and argon2d are verified
//   too $2b$12$...                                 bcrypt ($2a$, $2b$, $2y$) $7$..., $y$... scrypt
//   and yescrypt $6$...                                     SHA-512-crypt
//
// The costs are in the string, so that whoever may import one could demand gigabytes and minutes:
// ParseCredential has limits for them (base/limits.h). Error messages never contain the string.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace smile {

// The numbers are stored.
enum class CredentialKind : uint8_t {
  kNone = 0,  // no password matches
  kArgon2id = 1,
  kArgon2i = 2,
  kArgon2d = 3,
  kBcrypt = 4,
  kScrypt = 5,
  kYescrypt = 6,
  kSha512Crypt = 7,
};

struct Argon2Params {
  uint32_t memory_kib = 19'456;
  uint32_t passes = 2;
  uint32_t lanes = 1;

  bool operator==(const Argon2Params&) const = default;
};

// kInvalid or kTooLarge unless libargon2 can do it within the limits.
Status CheckParams(const Argon2Params& params);

// What is in a PHC string of argon2.
struct Argon2Hash {
  CredentialKind kind = CredentialKind::kArgon2id;
  uint32_t version = 0x13;
  Argon2Params params;
  Bytes salt;
  Bytes hash;
};

Bytes Encode(const Argon2Hash& hash);
Result<Argon2Hash> ParseArgon2(ByteView credential);

struct CredentialInfo {
  CredentialKind kind = CredentialKind::kNone;
  uint64_t memory_kib = 0;  // that its verification needs
};

// kInvalid: of no known form; kTooLarge: its costs exceed a limit. Empty: kNone.
Result<CredentialInfo> ParseCredential(ByteView credential);

}  // namespace smile
