// How an operation ended: one table of codes, the same in every folder and on the wire.
//
// A code exists only if callers treat it differently. Its number is the code byte of a reply and is
// never reused. Each code belongs to one class, which says what a caller may do.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace smile {

// What a caller may do after an error.
enum class ErrorClass : uint8_t {
  kNone = 0,            // not an error
  kRetryNow = 1,        // nothing took effect; the request may be sent again at once
  kRetryAfter = 2,      // nothing took effect; wait retry_after_ms first
  kNever = 3,           // nothing took effect; the request will be rejected again
  kOutcomeUnknown = 4,  // a write may or may not have taken effect: read before writing again
};

// How an operation ended. kCodes has the meaning and the class of each.
enum class Code : uint8_t {
  kOk = 0,
  kNotFound = 1,
  kConditionFailed = 2,
  kInvalid = 3,
  kUnsupported = 4,
  kTooLarge = 5,
  kProtocolError = 6,
  kCorrupt = 7,
  kDamagedInTransit = 8,
  kOverloaded = 9,
  kDeadlineExceeded = 10,
  kNoSpace = 11,
  kShuttingDown = 12,
  kStorageFailed = 13,
  kOutcomeUnknown = 14,
  kUnavailable = 15,
  kTooManyGuesses = 16,
  kCancelled = 17,
};

// The description of a code.
struct CodeInfo {
  Code code;                 // index in kCodes
  std::string_view name;     // in lower case, such as "not_found"
  ErrorClass error_class;    // kNone only for kOk
  std::string_view summary;  // one line
};

// All codes, indexed by number.
inline constexpr std::array kCodes = {
    CodeInfo{Code::kOk, "ok", ErrorClass::kNone, "done"},
    CodeInfo{Code::kNotFound, "not_found", ErrorClass::kNever, "no such record"},
    CodeInfo{Code::kConditionFailed, "condition_failed", ErrorClass::kNever,
             "condition not met; nothing written"},
    CodeInfo{Code::kInvalid, "invalid", ErrorClass::kNever,
             "a field of the request is missing, malformed or out of range"},
    CodeInfo{Code::kUnsupported, "unsupported", ErrorClass::kNever,
             "unknown operation, or unknown critical field"},
    CodeInfo{Code::kTooLarge, "too_large", ErrorClass::kNever, "a limit of the server is exceeded"},
    CodeInfo{Code::kProtocolError, "protocol_error", ErrorClass::kNever,
             "protocol violation; the connection closes after this reply"},
    CodeInfo{Code::kCorrupt, "corrupt", ErrorClass::kNever,
             "the stored record is damaged; restore it from a backup"},
    CodeInfo{Code::kDamagedInTransit, "damaged_in_transit", ErrorClass::kRetryNow,
             "the value does not match its checksum; nothing written, send it again"},
    CodeInfo{Code::kOverloaded, "overloaded", ErrorClass::kRetryAfter,
             "a limit of the server is reached; retry later"},
    CodeInfo{Code::kDeadlineExceeded, "deadline_exceeded", ErrorClass::kRetryNow,
             "the deadline passed before the request was executed; no effect"},
    CodeInfo{Code::kNoSpace, "no_space", ErrorClass::kRetryAfter,
             "the server's disk is full; only reads and deletes are served"},
    CodeInfo{Code::kShuttingDown, "shutting_down", ErrorClass::kRetryNow,
             "the server is stopping; it accepts no new requests"},
    CodeInfo{Code::kStorageFailed, "storage_failed", ErrorClass::kNever,
             "the server cannot read or write its disk; its operator must act"},
    CodeInfo{Code::kOutcomeUnknown, "outcome_unknown", ErrorClass::kOutcomeUnknown,
             "the write may or may not have taken effect"},
    CodeInfo{Code::kUnavailable, "unavailable", ErrorClass::kRetryNow,
             "the server is starting, or (from the client) cannot be reached; no effect"},
    CodeInfo{Code::kTooManyGuesses, "too_many_guesses", ErrorClass::kNever,
             "too many wrong passwords; try again after retry_after_ms, not earlier"},
    CodeInfo{Code::kCancelled, "cancelled", ErrorClass::kNever,
             "the client ended the request; no effect"},
};

// Null for a number this version does not know.
constexpr const CodeInfo* FindCode(uint8_t number) {
  return number < kCodes.size() ? &kCodes[number] : nullptr;
}
// The description of a code.
constexpr const CodeInfo& InfoOf(Code code) {
  return kCodes[static_cast<size_t>(code)];
}

static_assert(
    [] {
      for (size_t i = 0; i < kCodes.size(); ++i) {
        if (static_cast<size_t>(kCodes[i].code) != i) return false;
      }
      return true;
    }(),
    "kCodes is indexed by number");
static_assert(
    [] {
      for (const CodeInfo& info : kCodes) {
        if (info.name.empty() || info.summary.empty()) return false;
        if ((info.error_class == ErrorClass::kNone) != (info.code == Code::kOk)) return false;
        for (const CodeInfo& other : kCodes) {
          if (other.name == info.name && other.code != info.code) return false;
        }
      }
      return true;
    }(),
    "codes have names of their own, and only ok is no error");

// A code and, for errors, a message for a person and possibly a time to wait.
class [[nodiscard]] Status {
 public:
  // Ok.
  Status() = default;
  // An error: `message` is one sentence for a person, `retry_after_ms` a time to wait before a
  // retry (0: not specified).
  Status(Code code, std::string message, uint32_t retry_after_ms = 0)
      : code_(code), retry_after_ms_(retry_after_ms), message_(std::move(message)) {}

  // Whether the operation succeeded.
  bool ok() const { return code_ == Code::kOk; }
  // What happened.
  Code code() const { return code_; }
  // What a caller may do about it.
  ErrorClass error_class() const { return InfoOf(code_).error_class; }
  // For a person, never to be parsed. Empty if ok.
  const std::string& message() const { return message_; }
  // Milliseconds to wait before a retry; 0 if not specified.
  uint32_t retry_after_ms() const { return retry_after_ms_; }

  // "not_found: there is no users/42/profile"
  std::string ToString() const;

 private:
  Code code_ = Code::kOk;
  uint32_t retry_after_ms_ = 0;
  std::string message_;
};

// Stops the process, as a failed CHECK does: the value of a failure was taken, or a failure was
// made of an ok status. For Result and Answer, whose headers users of libsmile see.
[[noreturn]] void StopForMisuse(const Status& status);

}  // namespace smile
