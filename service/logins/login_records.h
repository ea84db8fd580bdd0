// The records of logins and sessions, and their stored form.
//
//   logins/LOGIN                           LoginRecord: whose it is, and the credential
//   accounts/USER/login/LOGIN              nothing: so that the logins of a user can be listed
//   sessions/SHA-256 OF THE TOKEN          SessionRecord; expires with the session
//   accounts/USER/session/TIME SHA-256     the same, so that they can be listed, oldest first
//   guesses/SHA-256                        GuessRecord; see service/logins/guess_limiter.h
//
// Both records of a login, and of a session, are written and deleted in one write. Integers are
// little-endian; byte strings have a varint with their length before them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/sha256.h"
#include "model/key.h"
#include "service/account_sorts.h"

namespace smile {

struct LoginRecord {
  uint64_t user = 0;
  uint64_t created_ms = 0;  // Unix milliseconds
  uint64_t changed_ms = 0;  // when the password was set
  Bytes credential;         // see service/logins/credential.h

  bool operator==(const LoginRecord&) const = default;
};

struct SessionRecord {
  uint64_t user = 0;
  uint64_t created_ms = 0;
  uint64_t expires_ms = 0;
  Bytes label;  // what the backend said of it, such as the name of a device

  bool operator==(const SessionRecord&) const = default;
};

struct GuessRecord {
  uint32_t failures = 0;
  uint64_t until_ms = 0;  // no guess before
  uint64_t known_ms = 0;  // when the label was last used with the right password; 0: never

  bool operator==(const GuessRecord&) const = default;
};

Bytes Encode(const LoginRecord& login);
Bytes Encode(const SessionRecord& session);
Bytes Encode(const GuessRecord& guess);
// None: damaged, or not written by this service.
std::optional<LoginRecord> DecodeLoginRecord(ByteView bytes);
std::optional<SessionRecord> DecodeSessionRecord(ByteView bytes);
std::optional<GuessRecord> DecodeGuessRecord(ByteView bytes);

Bytes AccountLoginSort(ByteView login);
Bytes AccountSessionSort(uint64_t created_ms, const Sha256Digest& token);
// The digest of a token in the name of a session.
std::optional<Sha256Digest> DecodeSessionName(ByteView name);

Key SessionKey(const Sha256Digest& token);

}  // namespace smile
