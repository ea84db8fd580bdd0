#include "service/logins/password_hasher.h"

#include <argon2.h>
#include <crypt.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/random_bytes.h"
#include "base/secret.h"
#include "base/thread_name.h"

namespace smile {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;
// As of readers. A password takes a core for longer than the scheduler lets others wait for one.
constexpr int kNice = 10;

// libargon2's allocator has no argument of its own: this is the memory of the calling thread.
thread_local uint8_t* thread_memory = nullptr;

int LendMemory(uint8_t** memory, size_t) {
  *memory = thread_memory;
  return *memory == nullptr ? ARGON2_MEMORY_ALLOCATION_ERROR : ARGON2_OK;
}

void TakeMemoryBack(uint8_t*, size_t) {}

argon2_type TypeOf(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::kArgon2i:
      return Argon2_i;
    case CredentialKind::kArgon2d:
      return Argon2_d;
    default:
      return Argon2_id;
  }
}

uint8_t* BytesOf(Bytes* bytes) {
  return reinterpret_cast<uint8_t*>(bytes->data());
}

// A mapping, in huge pages if there are any.
class MappedMemory {
 public:
  explicit MappedMemory(size_t bytes) : bytes_(bytes) {
    void* const mapped =
        mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return;
    memory_ = static_cast<uint8_t*>(mapped);
    (void)madvise(mapped, bytes_, MADV_HUGEPAGE);
  }
  ~MappedMemory() {
    if (memory_ != nullptr) munmap(memory_, bytes_);
  }
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

  uint8_t* get() const { return memory_; }  // null: there is none
  size_t bytes() const { return bytes_; }

 private:
  const size_t bytes_;
  uint8_t* memory_ = nullptr;
};

size_t BytesFor(const Argon2Params& params) {
  return size_t{params.memory_kib} << 10;  // libargon2 rounds down to a multiple of 4 * lanes
}

Status NoMemory() {
  return {Code::kOverloaded, "no memory to hash a password", limits::kHashQueueRetryMillis};
}

}  // namespace

// What a thread keeps between passwords.
class PasswordHasher::Scratch {
 public:
  Scratch(const Argon2Params& params, std::mutex& large)
      : memory_(BytesFor(params)), crypt_(std::make_unique<crypt_data>()), large_(large) {}

  // Computes hash->hash of its size.
  Status Compute(Bytes* password, Argon2Hash* hash) {
    if (BytesFor(hash->params) <= memory_.bytes()) return Compute(password, hash, memory_);
    const std::lock_guard lock(large_);
    return Compute(password, hash, MappedMemory(BytesFor(hash->params)));
  }

  // Whether libcrypt computes the credential from the password.
  bool Matches(const Bytes& password, const Bytes& credential, uint64_t memory_kib) {
    // libcrypt's passwords end at the first zero.
    if (password.find('\0') != Bytes::npos) return false;
    std::unique_lock lock(large_, std::defer_lock);
    if (memory_kib << 10 > memory_.bytes()) lock.lock();
    const char* const computed =
        crypt_rn(password.c_str(), credential.c_str(), crypt_.get(), sizeof(crypt_data));
    const bool matches = computed != nullptr && EqualInConstantTime(computed, credential);
    explicit_bzero(crypt_.get(), sizeof(crypt_data));
    return matches;
  }

 private:
  static Status Compute(Bytes* password, Argon2Hash* hash, const MappedMemory& memory) {
    argon2_context context = {};
    context.out = BytesOf(&hash->hash);
    context.outlen = static_cast<uint32_t>(hash->hash.size());
    context.pwd = BytesOf(password);
    context.pwdlen = static_cast<uint32_t>(password->size());
    context.salt = BytesOf(&hash->salt);
    context.saltlen = static_cast<uint32_t>(hash->salt.size());
    context.t_cost = hash->params.passes;
    context.m_cost = hash->params.memory_kib;
    context.lanes = hash->params.lanes;
    context.threads = 1;  // the lanes one after the other
    context.version = hash->version;
    context.allocate_cbk = LendMemory;
    context.free_cbk = TakeMemoryBack;
    thread_memory = memory.get();
    const int error = argon2_ctx(&context, TypeOf(hash->kind));
    thread_memory = nullptr;
    if (error == ARGON2_OK) return {};
    CHECK(error == ARGON2_MEMORY_ALLOCATION_ERROR, argon2_error_message(error));
    return NoMemory();
  }

  const MappedMemory memory_;
  const std::unique_ptr<crypt_data> crypt_;
  std::mutex& large_;
};

PasswordHasher::PasswordHasher(const HasherOptions& options, const Clock& clock)
    : options_(options), clock_(clock) {
  CHECK(CheckParams(options_.params).ok());
  for (uint32_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

PasswordHasher::~PasswordHasher() {
  Stop();
}

void PasswordHasher::Stop() {
  std::deque<Job> rejected;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    rejected.swap(jobs_);
  }
  changed_.notify_all();
  for (const Job& job : rejected) job.reject({Code::kShuttingDown, "the server is stopping"});
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void PasswordHasher::Submit(Job job) {
  if (options_.threads == 0) {
    Scratch scratch(options_.params, large_);
    return job.execute(scratch);
  }
  Status rejection;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      rejection = {Code::kShuttingDown, "the server is stopping"};
    } else if (jobs_.size() >= options_.queue_per_thread * options_.threads) {
      rejection = {Code::kOverloaded, "too many passwords wait to be hashed",
                   limits::kHashQueueRetryMillis};
      ++rejected_;
    }
    if (rejection.ok()) {
      jobs_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  job.reject(std::move(rejection));
}

void PasswordHasher::Run() {
  NameThisThread("smile-hasher");
  LowerPriorityOfThisThread(kNice);
  Scratch scratch(options_.params, large_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    const int64_t deadline = job.call.deadline_nanos;
    const bool is_late = deadline != 0 && clock_.MonotonicNanos() >= deadline;
    if (is_late || job.call.caller_state() == Caller::State::kGone) {
      job.reject({Code::kDeadlineExceeded, "the deadline passed before the password was hashed"});
      lock.lock();
    } else {
      job.execute(scratch);
      lock.lock();
      ++hashed_;
    }
  }
}

template <class T>
Task<Result<T>> PasswordHasher::Do(CallContext call,
                                   std::function<Result<T>(Scratch& scratch)> work) {
  const auto submit = [&](std::function<void(Result<T>)> done) {
    Submit({.execute = [done, &work](Scratch& scratch) { done(work(scratch)); },
            .reject = [done](Status status) { done(std::move(status)); },
            .call = std::move(call)});
  };
  co_return co_await FromCallback<Result<T>>(submit);
}

Task<Result<Bytes>> PasswordHasher::Hash(Bytes password, CallContext call) {
  const std::function<Result<Bytes>(Scratch&)> work = [&](Scratch& scratch) -> Result<Bytes> {
    Argon2Hash hash{.kind = CredentialKind::kArgon2id,
                    .version = ARGON2_VERSION_13,
                    .params = options_.params,
                    .salt = RandomBytes(kSaltBytes),
                    .hash = Bytes(kHashBytes, '\0')};
    SMILE_TRY(scratch.Compute(&password, &hash));
    return Encode(hash);
  };
  Result<Bytes> hashed = co_await Do<Bytes>(std::move(call), work);
  Wipe(&password);
  co_return hashed;
}

Task<Result<bool>> PasswordHasher::Verify(Bytes password, Bytes credential, CallContext call) {
  const std::function<Result<bool>(Scratch&)> work = [&](Scratch& scratch) -> Result<bool> {
    const Result<CredentialInfo> info = ParseCredential(credential);
    const bool is_known = info.ok() && info->kind != CredentialKind::kNone;
    if (is_known && info->kind >= CredentialKind::kBcrypt) {
      return scratch.Matches(password, credential, info->memory_kib);
    }
    Argon2Hash expected{.params = options_.params,
                        .salt = Bytes(kSaltBytes, '\0'),
                        .hash = Bytes(kHashBytes, '\0')};
    if (is_known) {
      SMILE_ASSIGN(expected, ParseArgon2(credential));
    }
    Argon2Hash computed = expected;
    SMILE_TRY(scratch.Compute(&password, &computed));
    const bool equal = EqualInConstantTime(computed.hash, expected.hash);
    return is_known && equal;
  };
  Result<bool> verified = co_await Do<bool>(std::move(call), work);
  Wipe(&password);
  co_return verified;
}

bool PasswordHasher::IsOutdated(ByteView credential) const {
  const Result<Argon2Hash> hash = ParseArgon2(credential);
  return !hash.ok() || hash->kind != CredentialKind::kArgon2id ||
         hash->version != ARGON2_VERSION_13 || hash->params != options_.params ||
         hash->salt.size() < kSaltBytes || hash->hash.size() < kHashBytes;
}

EngineStats PasswordHasher::Stats() const {
  const std::lock_guard lock(mutex_);
  return {{"logins.hashed_count", hashed_},
          {"logins.hashes_rejected_count", rejected_},
          {"logins.hashes_waiting_count", jobs_.size()}};
}

}  // namespace smile
