#include "service/logins/login_records.h"

#include <cstring>

#include "base/coding.h"
#include "service/byte_strings.h"

namespace smile {
namespace {

constexpr char kLoginFormat = 1;
constexpr char kSessionFormat = 1;
constexpr char kGuessFormat = 1;

Bytes StartOf(char format) {
  return Bytes(1, format);
}

bool SkipFormat(ByteReader* reader, char format) {
  ByteView found;
  return reader->ReadBytes(1, &found) && found[0] == format;
}

}  // namespace

Bytes Encode(const LoginRecord& login) {
  Bytes bytes = StartOf(kLoginFormat);
  AppendLittle(&bytes, login.user);
  AppendLittle(&bytes, login.created_ms);
  AppendLittle(&bytes, login.changed_ms);
  AppendString(&bytes, login.credential);
  return bytes;
}

std::optional<LoginRecord> DecodeLoginRecord(ByteView bytes) {
  LoginRecord login;
  ByteReader reader(bytes);
  if (!SkipFormat(&reader, kLoginFormat) || !reader.ReadLittle(&login.user) ||
      !reader.ReadLittle(&login.created_ms) || !reader.ReadLittle(&login.changed_ms) ||
      !ReadString(&reader, &login.credential) || !reader.empty()) {
    return std::nullopt;
  }
  return login;
}

Bytes Encode(const SessionRecord& session) {
  Bytes bytes = StartOf(kSessionFormat);
  AppendLittle(&bytes, session.user);
  AppendLittle(&bytes, session.created_ms);
  AppendLittle(&bytes, session.expires_ms);
  AppendString(&bytes, session.label);
  return bytes;
}

std::optional<SessionRecord> DecodeSessionRecord(ByteView bytes) {
  SessionRecord session;
  ByteReader reader(bytes);
  if (!SkipFormat(&reader, kSessionFormat) || !reader.ReadLittle(&session.user) ||
      !reader.ReadLittle(&session.created_ms) || !reader.ReadLittle(&session.expires_ms) ||
      !ReadString(&reader, &session.label) || !reader.empty()) {
    return std::nullopt;
  }
  return session;
}

Bytes Encode(const GuessRecord& guess) {
  Bytes bytes = StartOf(kGuessFormat);
  AppendLittle(&bytes, guess.failures);
  AppendLittle(&bytes, guess.until_ms);
  AppendLittle(&bytes, guess.known_ms);
  return bytes;
}

std::optional<GuessRecord> DecodeGuessRecord(ByteView bytes) {
  GuessRecord guess;
  ByteReader reader(bytes);
  if (!SkipFormat(&reader, kGuessFormat) || !reader.ReadLittle(&guess.failures) ||
      !reader.ReadLittle(&guess.until_ms) || !reader.ReadLittle(&guess.known_ms) ||
      !reader.empty()) {
    return std::nullopt;
  }
  return guess;
}

Bytes AccountLoginSort(ByteView login) {
  return AccountSort(AccountPart::kLogin, login);
}

Bytes AccountSessionSort(uint64_t created_ms, const Sha256Digest& token) {
  Bytes sort = FirstAccountSort(AccountPart::kSession);
  AppendBig(&sort, created_ms);
  return sort.append(token.view());
}

std::optional<Sha256Digest> DecodeSessionName(ByteView name) {
  Sha256Digest token;
  if (name.size() != sizeof(uint64_t) + token.bytes.size()) return std::nullopt;
  std::memcpy(token.bytes.data(), name.data() + sizeof(uint64_t), token.bytes.size());
  return token;
}

Key SessionKey(const Sha256Digest& token) {
  return {Table::kSessions, Bytes(token.view()), {}};
}

}  // namespace smile
