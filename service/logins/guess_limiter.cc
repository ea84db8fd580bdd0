#include "service/logins/guess_limiter.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "base/sha256.h"

namespace smile {
namespace {

struct Policy {
  uint32_t free;
  uint64_t max_delay_ms;
};
constexpr std::array<Policy, GuessLimiter::kCounts> kPolicies = {
    Policy{limits::kFreeGuesses, limits::kMaxGuessDelayMillis},
    Policy{limits::kFreeGuessesOfLogin, limits::kMaxLoginGuessDelayMillis},
    Policy{limits::kFreeGuessesOfLabel, limits::kMaxGuessDelayMillis}};

constexpr uint64_t kFirstDelayMillis = 1000;

Bytes KeyFor(GuessLimiter::Count count, ByteView login, ByteView label) {
  Bytes text(1, static_cast<char>(count));
  AppendVarint(&text, login.size());
  text.append(login).append(label);
  return Bytes(Sha256::Of(text).view());
}

GuessLimiter::Keys KeysFor(ByteView login, ByteView label) {
  return {KeyFor(GuessLimiter::kPair, login, label), KeyFor(GuessLimiter::kLogin, login, {}),
          KeyFor(GuessLimiter::kLabel, {}, label)};
}

uint64_t DelayAfter(uint32_t failures, const Policy& policy) {
  if (failures < policy.free) return 0;
  const uint32_t doublings = std::min(failures - policy.free, 30u);
  return std::min(kFirstDelayMillis << doublings, policy.max_delay_ms);
}

uint32_t FailuresAt(const GuessRecord& record, uint64_t now_ms) {
  return now_ms >= record.until_ms + limits::kGuessesKeptMillis ? 0 : record.failures;
}

bool IsKnownAt(const GuessRecord& record, uint64_t now_ms) {
  return record.known_ms != 0 && now_ms < record.known_ms + limits::kKnownLabelMillis;
}

Status TooManyGuesses(uint64_t wait_ms) {
  return {Code::kTooManyGuesses,
          "too many passwords were guessed: wait " + std::to_string((wait_ms + 999) / 1000) + " s",
          static_cast<uint32_t>(std::min<uint64_t>(wait_ms, UINT32_MAX))};
}

}  // namespace

std::array<uint32_t, GuessLimiter::kCounts> GuessLimiter::Enter(const Keys& keys) const {
  std::array<uint32_t, kCounts> counts{};
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < kCounts; ++i) counts[i] = ++in_flight_[keys[i]];
  return counts;
}

void GuessLimiter::Leave(const Keys& keys) const {
  const std::lock_guard lock(mutex_);
  for (const Bytes& key : keys) {
    const auto entry = in_flight_.find(key);
    CHECK(entry != in_flight_.end() && entry->second > 0);
    if (--entry->second == 0) in_flight_.erase(entry);
  }
}

Task<Result<GuessRecord>> GuessLimiter::Read(Bytes key) const {
  const Result<Record> read = co_await engine_.Read(Key(Table::kGuesses, key, {}));
  if (read.status().code() == Code::kNotFound) co_return GuessRecord{};
  if (!read.ok()) co_return read.status();
  const std::optional<GuessRecord> record = DecodeGuessRecord(read->value);
  if (!record) co_return Status(Code::kCorrupt, "the record of guesses is damaged");
  co_return *record;
}

WriteRequest GuessLimiter::RequestFor(const Bytes& key, const GuessRecord& record) const {
  Change change = PutChange({}, Encode(record));
  change.expires_ms = record.until_ms + limits::kGuessesKeptMillis;
  if (record.known_ms != 0) {
    change.expires_ms = std::max(change.expires_ms, record.known_ms + limits::kKnownLabelMillis);
  }
  return RequestOf(Key(Table::kGuesses, key, {}), std::move(change));
}

Task<Status> GuessLimiter::Write(std::vector<WriteRequest> requests) const {
  if (requests.empty()) co_return Status();
  WriteRequest request = std::move(requests.front());
  for (size_t i = 1; i < requests.size(); ++i) request.AddAlso(std::move(requests[i]));
  request.SetFreesSpace();  // guessing is slowed on a full disk, too
  const WriteReply reply = co_await engine_.Write(std::move(request));
  co_return reply.status;
}

Task<Result<GuessLimiter::Guess>> GuessLimiter::Begin(Bytes login, Bytes label) const {
  Guess guess(this, KeysFor(login, label));
  guess.has_label_ = !label.empty();
  // Before the records are read: whoever leaves afterwards has stored a failure that is read.
  const std::array<uint32_t, kCounts> in_flight = Enter(guess.keys_);
  const uint64_t now_ms = NowMillis();
  uint64_t wait_ms = 0;
  bool is_full = false;
  for (size_t i = 0; i < kCounts; ++i) {
    const Result<GuessRecord> record = co_await Read(guess.keys_[i]);
    if (!record.ok()) co_return record.status();
    if (i == kPair) guess.is_known_ = IsKnownAt(*record, now_ms);
    if ((i == kLogin && guess.is_known_) || (i == kLabel && !guess.has_label_)) continue;
    if (record->until_ms > now_ms) wait_ms = std::max(wait_ms, record->until_ms - now_ms);
    const uint32_t failures = FailuresAt(*record, now_ms);
    const uint32_t free = failures < kPolicies[i].free ? kPolicies[i].free - failures : 1;
    is_full = is_full || in_flight[i] > free;
  }
  if (wait_ms > 0) co_return TooManyGuesses(wait_ms);
  if (is_full) {
    co_return Status(Code::kOverloaded, "other passwords of this login, or label, are verified now",
                     limits::kGuessInFlightRetryMillis);
  }
  co_return guess;
}

Task<Status> GuessLimiter::Fail(const Guess& guess) const {
  std::vector<size_t> counts = {kPair};
  if (!guess.is_known_) counts.push_back(kLogin);
  if (guess.has_label_) counts.push_back(kLabel);
  std::sort(counts.begin(), counts.end(),
            [&](size_t a, size_t b) { return guess.keys_[a] < guess.keys_[b]; });
  std::vector<KeyedLock<Bytes>::Held> held;
  std::vector<WriteRequest> requests;
  for (const size_t i : counts) {
    held.push_back(co_await locks_.Lock(guess.keys_[i]));
    const Result<GuessRecord> read = co_await Read(guess.keys_[i]);
    if (!read.ok()) co_return read.status();
    const uint64_t now_ms = NowMillis();
    GuessRecord record = *read;
    record.failures = FailuresAt(record, now_ms);
    if (record.failures < UINT32_MAX) ++record.failures;
    record.until_ms = now_ms + DelayAfter(record.failures, kPolicies[i]);
    requests.push_back(RequestFor(guess.keys_[i], record));
  }
  co_return co_await Write(std::move(requests));
}

Task<Status> GuessLimiter::Succeed(const Guess& guess) const {
  const Bytes& key = guess.keys_[kPair];
  const auto held = co_await locks_.Lock(key);
  const Result<GuessRecord> read = co_await Read(key);
  if (!read.ok()) co_return read.status();
  const uint64_t now_ms = NowMillis();
  if (read->failures == 0 && now_ms < read->known_ms + limits::kKnownLabelWriteMillis) {
    co_return Status();
  }
  std::vector<WriteRequest> requests;
  requests.push_back(RequestFor(key, {.failures = 0, .until_ms = 0, .known_ms = now_ms}));
  co_return co_await Write(std::move(requests));
}

Task<Status> GuessLimiter::Forget(Bytes login, Bytes label) const {
  const Keys keys = KeysFor(login, label);
  std::array<size_t, 2> counts = {kPair, kLogin};
  if (keys[kLogin] < keys[kPair]) std::swap(counts[0], counts[1]);
  std::vector<KeyedLock<Bytes>::Held> held;
  std::vector<WriteRequest> requests;
  for (const size_t i : counts) {
    held.push_back(co_await locks_.Lock(keys[i]));
    const Result<GuessRecord> read = co_await Read(keys[i]);
    if (!read.ok()) co_return read.status();
    if (read->failures == 0) continue;
    requests.push_back(read->known_ms != 0
                           ? RequestFor(keys[i], {.known_ms = read->known_ms})
                           : RequestOf(Key(Table::kGuesses, keys[i], {}), DeleteChange({})));
  }
  co_return co_await Write(std::move(requests));
}

}  // namespace smile
