#include "service/logins/credential.h"

#include <argon2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"

namespace smile {
namespace {

Status Malformed(std::string_view what) {
  return {Code::kInvalid, fmt::format("the credential is not valid: {}", what)};
}

Status TooCostly(std::string_view what, uint64_t value, uint64_t limit) {
  return {Code::kTooLarge,
          fmt::format("the credential is too costly to verify: {} {} exceeds the limit of {}", what,
                      value, limit)};
}

// --- PHC strings ---------------------------------------------------------------------------------

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Without padding.
void AppendBase64(Bytes* out, ByteView bytes) {
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6) out->push_back(kBase64[(bits >> (count - 6)) & 63]);
  }
  if (count > 0) out->push_back(kBase64[(bits << (6 - count)) & 63]);
}

std::optional<Bytes> FromBase64(ByteView text) {
  Bytes bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>((bits >> count) & 0xff));
  }
  const bool is_whole = count < 6 && (bits & ((1u << count) - 1)) == 0;
  return is_whole ? std::optional(bytes) : std::nullopt;
}

// Takes text from the front of a credential. Each returns false if it is not there.
class Scanner {
 public:
  explicit Scanner(ByteView text) : rest_(text) {}

  bool Skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  // Decimal, without leading zeros.
  bool Number(uint32_t* number) {
    if (rest_.size() > 1 && rest_[0] == '0' && rest_[1] >= '0' && rest_[1] <= '9') return false;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), *number);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }
  // Up to `end`, which is skipped, or up to the end.
  ByteView Until(char end) {
    const ByteView taken = rest_.substr(0, rest_.find(end));
    rest_.remove_prefix(std::min(rest_.size(), taken.size() + 1));
    return taken;
  }
  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

struct Argon2Name {
  CredentialKind kind;
  std::string_view prefix;
};
constexpr std::array kArgon2Names = {Argon2Name{CredentialKind::kArgon2id, "$argon2id$"},
                                     Argon2Name{CredentialKind::kArgon2i, "$argon2i$"},
                                     Argon2Name{CredentialKind::kArgon2d, "$argon2d$"}};

// --- Strings of libcrypt -------------------------------------------------------------------------

constexpr std::string_view kCryptAlphabet =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool IsOfCryptAlphabet(ByteView text) {
  return text.find_first_not_of(kCryptAlphabet) == ByteView::npos;
}

// What libcrypt accepts in a salt (crypt(5)): printable ASCII without these.
bool IsPrintable(ByteView text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' && std::string_view("!*:;\\").find(c) == std::string_view::npos;
  });
}

Status CheckBcrypt(ByteView text) {
  constexpr size_t kBytes = 60;
  Scanner scanner(text.substr(4));
  const ByteView cost = scanner.Until('$');
  uint32_t number = 0;
  const bool is_number =
      cost.size() == 2 && cost[0] >= '0' && cost[0] <= '9' && cost[1] >= '0' && cost[1] <= '9';
  if (is_number) number = static_cast<uint32_t>((cost[0] - '0') * 10 + (cost[1] - '0'));
  if (text.size() != kBytes || number < 4 || !IsOfCryptAlphabet(scanner.rest())) {
    return Malformed("it is not one of bcrypt");
  }
  if (number > limits::kMaxBcryptCost) return TooCostly("cost", number, limits::kMaxBcryptCost);
  return {};
}

Status CheckSha512Crypt(ByteView text) {
  constexpr size_t kHashBytes = 86;
  Scanner scanner(text.substr(3));
  uint32_t rounds = 5000;
  if (scanner.Skip("rounds=")) {
    if (!scanner.Number(&rounds) || !scanner.Skip("$")) return Malformed("the rounds of $6$");
  }
  const ByteView salt = scanner.Until('$');
  if (salt.empty() || salt.size() > 16 || !IsPrintable(salt) ||
      scanner.rest().size() != kHashBytes || !IsOfCryptAlphabet(scanner.rest())) {
    return Malformed("it is not one of SHA-512-crypt");
  }
  if (rounds > limits::kMaxCryptRounds) return TooCostly("rounds", rounds, limits::kMaxCryptRounds);
  return {};
}

// Blocks of 128 * r bytes, how many passes over them.
struct ScryptCosts {
  uint64_t log_n = 0;
  uint64_t r = 0;
  uint64_t p = 1;
  uint64_t t = 0;
};

// The memory in KiB.
Result<uint64_t> CheckCosts(const ScryptCosts& costs) {
  if (costs.log_n < 1 || costs.r < 1 || costs.p < 1) return Malformed("its costs are 0");
  constexpr uint64_t kMost = limits::kMaxCredentialMemoryKib;
  // Each factor is bounded first, so that the products do not overflow.
  if (costs.log_n > 24) return TooCostly("log2 of N", costs.log_n, 24);
  if (costs.r > kMost) return TooCostly("r", costs.r, kMost);
  if (costs.p > kMost) return TooCostly("p", costs.p, kMost);
  if (costs.t > kMost) return TooCostly("t", costs.t, kMost);
  const uint64_t memory_kib = (((uint64_t{1} << costs.log_n) + costs.p) * costs.r + 7) / 8;
  if (memory_kib > kMost) return TooCostly("memory in KiB", memory_kib, kMost);
  const uint64_t work_kib = memory_kib * costs.p * (costs.t + 1);
  if (work_kib > limits::kMaxCredentialWorkKib) {
    return TooCostly("memory in KiB, times passes,", work_kib, limits::kMaxCredentialWorkKib);
  }
  return memory_kib;
}

// The variable-length integers of yescrypt's settings: the first character says how many follow.
bool TakeVariable(ByteView* text, uint64_t least, uint64_t* value) {
  const auto next = [text]() -> std::optional<uint64_t> {
    if (text->empty()) return std::nullopt;
    const size_t digit = kCryptAlphabet.find((*text)[0]);
    if (digit == std::string_view::npos) return std::nullopt;
    text->remove_prefix(1);
    return digit;
  };
  const std::optional<uint64_t> first = next();
  if (!first) return false;
  uint64_t start = 0;
  uint64_t end = 47;
  int more = 0;
  *value = least;
  while (*first > end) {
    *value += (end + 1 - start) << (6 * more);
    start = end + 1;
    end = start + (62 - end) / 2;
    ++more;
  }
  *value += (*first - start) << (6 * more);
  while (more-- > 0) {
    const std::optional<uint64_t> digit = next();
    if (!digit) return false;
    *value += *digit << (6 * more);
  }
  return true;
}

Result<uint64_t> CheckYescrypt(ByteView text) {
  constexpr size_t kHashBytes = 43;
  ByteView rest = text.substr(3);
  const Status malformed = Malformed("it is not one of yescrypt");
  ScryptCosts costs;
  uint64_t flavor = 0;
  if (!TakeVariable(&rest, 0, &flavor) || !TakeVariable(&rest, 1, &costs.log_n) ||
      !TakeVariable(&rest, 1, &costs.r)) {
    return malformed;
  }
  if (!rest.starts_with('$')) {
    uint64_t have = 0;
    if (!TakeVariable(&rest, 1, &have)) return malformed;
    if ((have & 1) != 0 && !TakeVariable(&rest, 2, &costs.p)) return malformed;
    if ((have & 2) != 0 && !TakeVariable(&rest, 1, &costs.t)) return malformed;
    if (have > 3) return Malformed("upgraded hashes and ROMs of yescrypt are not supported");
  }
  Scanner scanner(rest);
  if (!scanner.Skip("$")) return malformed;
  const ByteView salt = scanner.Until('$');
  if (!IsOfCryptAlphabet(salt) || scanner.rest().size() != kHashBytes ||
      !IsOfCryptAlphabet(scanner.rest())) {
    return malformed;
  }
  return CheckCosts(costs);
}

Result<uint64_t> CheckScrypt(ByteView text) {
  constexpr size_t kCostBytes = 11;
  constexpr size_t kHashBytes = 43;
  const ByteView rest = text.substr(3);
  const size_t end = rest.rfind('$');
  if (end == ByteView::npos || end < kCostBytes || rest.size() - end - 1 != kHashBytes ||
      !IsOfCryptAlphabet(rest.substr(0, kCostBytes)) || !IsPrintable(rest)) {
    return Malformed("it is not one of scrypt");
  }
  const auto take = [&](size_t from, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      value |= uint64_t{kCryptAlphabet.find(rest[from + i])} << (6 * i);
    }
    return value;
  };
  return CheckCosts({.log_n = take(0, 1), .r = take(1, 5), .p = take(6, 5), .t = 0});
}

}  // namespace

Status CheckParams(const Argon2Params& params) {
  if (params.lanes < 1 || params.passes < 1 || params.memory_kib < 8 * params.lanes) {
    return Malformed("argon2 needs t and p of at least 1, and m of at least 8 * p");
  }
  if (params.lanes > limits::kMaxArgon2Lanes) {
    return TooCostly("p", params.lanes, limits::kMaxArgon2Lanes);
  }
  if (params.memory_kib > limits::kMaxCredentialMemoryKib) {
    return TooCostly("memory in KiB", params.memory_kib, limits::kMaxCredentialMemoryKib);
  }
  const uint64_t work_kib = uint64_t{params.memory_kib} * params.passes;
  if (work_kib > limits::kMaxCredentialWorkKib) {
    return TooCostly("memory in KiB, times passes,", work_kib, limits::kMaxCredentialWorkKib);
  }
  return {};
}

Bytes Encode(const Argon2Hash& hash) {
  std::string_view prefix;
  for (const Argon2Name& name : kArgon2Names) {
    if (name.kind == hash.kind) prefix = name.prefix;
  }
  Bytes text = fmt::format("{}v={}$m={},t={},p={}$", prefix, hash.version, hash.params.memory_kib,
                           hash.params.passes, hash.params.lanes);
  AppendBase64(&text, hash.salt);
  text.push_back('$');
  AppendBase64(&text, hash.hash);
  return text;
}

Result<Argon2Hash> ParseArgon2(ByteView credential) {
  const Status malformed = Malformed("it is not a PHC string of argon2");
  Argon2Hash parsed;
  Scanner scanner(credential);
  const bool known = std::any_of(kArgon2Names.begin(), kArgon2Names.end(), [&](const auto& name) {
    parsed.kind = name.kind;
    return scanner.Skip(name.prefix);
  });
  if (!known) return malformed;
  if (scanner.Skip("v=")) {
    if (!scanner.Number(&parsed.version) || !scanner.Skip("$")) return malformed;
  } else {
    parsed.version = ARGON2_VERSION_10;  // as libargon2 reads strings without it
  }
  if (parsed.version != ARGON2_VERSION_10 && parsed.version != ARGON2_VERSION_13) return malformed;
  Argon2Params& params = parsed.params;
  if (!scanner.Skip("m=") || !scanner.Number(&params.memory_kib) || !scanner.Skip(",t=") ||
      !scanner.Number(&params.passes) || !scanner.Skip(",p=") || !scanner.Number(&params.lanes) ||
      !scanner.Skip("$")) {
    return malformed;
  }
  SMILE_TRY(CheckParams(params));
  std::optional<Bytes> salt = FromBase64(scanner.Until('$'));
  std::optional<Bytes> hash = FromBase64(scanner.rest());
  if (!salt || !hash || salt->size() < ARGON2_MIN_SALT_LENGTH || hash->size() < 16)
    return malformed;
  parsed.salt = std::move(*salt);
  parsed.hash = std::move(*hash);
  return parsed;
}

Result<CredentialInfo> ParseCredential(ByteView credential) {
  if (credential.empty()) return CredentialInfo{};
  if (credential.size() > limits::kMaxCredentialBytes) {
    return TooCostly("length", credential.size(), limits::kMaxCredentialBytes);
  }
  const auto is = [credential](std::string_view prefix) { return credential.starts_with(prefix); };
  if (is("$argon2")) {
    SMILE_ASSIGN(const Argon2Hash hash, ParseArgon2(credential));
    return CredentialInfo{hash.kind, hash.params.memory_kib};
  }
  if (is("$2a$") || is("$2b$") || is("$2y$")) {
    SMILE_TRY(CheckBcrypt(credential));
    return CredentialInfo{CredentialKind::kBcrypt, 0};
  }
  if (is("$7$")) {
    SMILE_ASSIGN(const uint64_t memory_kib, CheckScrypt(credential));
    return CredentialInfo{CredentialKind::kScrypt, memory_kib};
  }
  if (is("$y$")) {
    SMILE_ASSIGN(const uint64_t memory_kib, CheckYescrypt(credential));
    return CredentialInfo{CredentialKind::kYescrypt, memory_kib};
  }
  if (is("$6$")) {
    SMILE_TRY(CheckSha512Crypt(credential));
    return CredentialInfo{CredentialKind::kSha512Crypt, 0};
  }
  return Malformed(
      "it must be a PHC string of argon2, or one of bcrypt, scrypt ($7$), yescrypt ($y$) or "
      "SHA-512-crypt ($6$)");
}

}  // namespace smile
