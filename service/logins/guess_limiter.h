// Slows down the guessing of passwords. Failures are counted by
//
//   login and label   5 free, then one guess after 1, 2, 4, ... seconds, at most 15 minutes; a
//   right
//                     password forgets them, and makes the label known to the login
//   login             20 free, then likewise, at most 5 minutes; only failures of labels that are
//                     not known to the login, and only for those
//   label             50 free, then likewise, at most 15 minutes
//
// The label is what the backend says of the caller, such as a client's address; an empty one is
// not counted by itself. So whoever guesses the password of a login slows down strangers, but
// nobody who uses it from where it was used before. A count is forgotten after
// limits::kGuessesKeptMillis without a failure, and when the password is set.
//
// A login that does not exist is counted as one that does. Counts are stored before the answer, so
// that a crash is no reset; guesses in flight count as failures. Keys are hashed: the records do
// not tell which logins and labels there are.
//
// Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/keyed_lock.h"
#include "service/logins/login_records.h"
#include "storage/engine.h"

namespace smile {

class GuessLimiter {
 public:
  // Both outlive the limiter.
  GuessLimiter(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  // What is counted.
  enum Count : uint8_t { kPair = 0, kLogin = 1, kLabel = 2 };
  static constexpr size_t kCounts = 3;
  using Keys = std::array<Bytes, kCounts>;  // of the records

  // A guess in flight; not any more when it is destroyed.
  class Guess {
   public:
    Guess(const GuessLimiter* limiter, Keys keys) : limiter_(limiter), keys_(std::move(keys)) {}
    Guess(Guess&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)),
          keys_(std::move(other.keys_)),
          is_known_(other.is_known_),
          has_label_(other.has_label_) {}
    Guess& operator=(Guess&&) = delete;
    ~Guess() {
      if (limiter_ != nullptr) limiter_->Leave(keys_);
    }

   private:
    friend class GuessLimiter;
    const GuessLimiter* limiter_;
    Keys keys_;
    bool is_known_ = false;  // the label to the login
    bool has_label_ = false;
  };

  // kTooManyGuesses with a time to retry after; kOverloaded while so many are in flight that they
  // would be too many if they failed.
  Task<Result<Guess>> Begin(Bytes login, Bytes label) const;
  // The password was wrong. Durable when it is answered.
  Task<Status> Fail(const Guess& guess) const;
  // It was right.
  Task<Status> Succeed(const Guess& guess) const;
  // The password of the login was set, by somebody with this label.
  Task<Status> Forget(Bytes login, Bytes label) const;

 private:
  std::array<uint32_t, kCounts> Enter(const Keys& keys) const;
  void Leave(const Keys& keys) const;
  Task<Result<GuessRecord>> Read(Bytes key) const;
  Task<Status> Write(std::vector<WriteRequest> requests) const;
  WriteRequest RequestFor(const Bytes& key, const GuessRecord& record) const;
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const EngineCalls engine_;
  const Clock& clock_;
  mutable KeyedLock<Bytes> locks_;  // of records; taken in ascending order
  mutable std::mutex mutex_;
  mutable std::map<Bytes, uint32_t> in_flight_;  // by key
};

}  // namespace smile
