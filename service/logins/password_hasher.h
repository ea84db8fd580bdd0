// Hashes and verifies passwords on threads of its own, because it takes tens of milliseconds: no
// event loop, reader or committer waits for it. The threads have a low priority, so that all others
// hardly wait for a core either.
//
// Each thread keeps the memory that argon2id needs with the parameters of new hashes, so the pool
// uses `threads` times that, and as much again for scrypt and yescrypt. Of the imported credentials
// that need more, one is verified at a time, with at most limits::kMaxCredentialMemoryKib.
//
// At most limits::kMaxHashQueuePerThread passwords per thread wait; further ones are answered
// kOverloaded at once. One whose deadline has passed, or whose caller is gone, is not hashed.
//
// Any thread may call. Coroutines that wait for an answer go on on the pool's threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/logins/credential.h"
#include "storage/call_context.h"
#include "storage/engine.h"

namespace smile {

struct HasherOptions {
  Argon2Params params;   // of new hashes; CheckParams is ok (CHECK)
  uint32_t threads = 1;  // 0: the caller hashes, in tests
  size_t queue_per_thread = limits::kMaxHashQueuePerThread;
};

class PasswordHasher {
 public:
  // The clock outlives the hasher.
  PasswordHasher(const HasherOptions& options, const Clock& clock);
  ~PasswordHasher();
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // Ends the threads after what they are hashing; what waits is answered kShuttingDown, as all
  // later calls are. Blocks for about a second at most; not on a thread of the pool.
  void Stop();

  // A new credential for the password, with a random salt.
  Task<Result<Bytes>> Hash(Bytes password, CallContext call);

  // Whether the password is that of the credential. Of one that no password matches (empty or
  // malformed), false after the time that a new hash takes.
  Task<Result<bool>> Verify(Bytes password, Bytes credential, CallContext call);

  // Whether Hash would make a credential of another kind or of other parameters.
  bool IsOutdated(ByteView credential) const;

  EngineStats Stats() const;

 private:
  class Scratch;
  struct Job {
    std::function<void(Scratch& scratch)> execute;
    std::function<void(Status)> reject;
    CallContext call;
  };

  template <class T>
  Task<Result<T>> Do(CallContext call, std::function<Result<T>(Scratch& scratch)> work);
  void Submit(Job job);
  void Run();

  const HasherOptions options_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  uint64_t hashed_ = 0;
  uint64_t rejected_ = 0;
  std::mutex large_;  // held while a credential is verified that needs more memory
  std::vector<std::thread> threads_;
};

}  // namespace smile
