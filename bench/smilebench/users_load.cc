#include "bench/smilebench/users_load.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "bench/smilebench/users.h"
#include "bench/smilebench/users_client.h"
#include "client/backoff.h"
#include "net/event_loop.h"

namespace smile::bench {
namespace {

constexpr int64_t kFirstBackoffMillis = 5;
constexpr int64_t kMaxBackoffMillis = 1'000;
// A write that is not taken for so long ends the load.
constexpr int64_t kLoadPatienceNanos = 60'000 * kNanosPerMilli;

class UsersLoad {
 public:
  UsersLoad(const UsersOptions& options, const Clock* clock, const UsersLoadHooks* hooks,
            UsersClient* client)
      : options_(options),
        clock_(clock),
        hooks_(hooks),
        client_(client),
        backoff_(kFirstBackoffMillis, kMaxBackoffMillis, std::random_device()()),
        slots_(client->slots()),
        next_(options.from),
        first_left_(options.users + 1) {}

  UsersLoadResults Run();

 private:
  // One user on its way; a place without one has none to take any more.
  struct Slot {
    uint64_t user = 0;
    bool has_login = false;
    int64_t since_nanos = 0;  // this record is being written
    uint32_t tries = 0;       // that failed
    std::unique_ptr<Timer> retry;
  };

  bool ToEnd();
  void Take(uint32_t index);
  void Write(uint32_t index);
  void OnPut(uint32_t index, const Status& status);
  void Compare(uint32_t index);
  void Retry(uint32_t index, const Status& status);
  void OnWritten(uint32_t index);
  void Leave(uint32_t index);
  void Fail(uint32_t index, Status status);

  const UsersOptions& options_;
  const Clock* const clock_;
  const UsersLoadHooks* const hooks_;
  UsersClient* const client_;
  Backoff backoff_;
  std::vector<Slot> slots_;
  uint64_t next_;        // user that nobody has taken
  uint64_t first_left_;  // the first of those that were taken and given up
  uint64_t users_written_ = 0;
  uint32_t busy_ = 0;
  Bytes value_;
  UsersLoadResults results_;
};

UsersLoadResults UsersLoad::Run() {
  const int64_t start_nanos = clock_->MonotonicNanos();
  const ProcessMeter server(options_.server_pid);
  busy_ = static_cast<uint32_t>(slots_.size());
  for (uint32_t index = 0; index < slots_.size(); ++index) Take(index);
  client_->Run();
  results_.next = std::min(next_, first_left_);
  results_.seconds = static_cast<double>(clock_->MonotonicNanos() - start_nanos) / 1e9;
  results_.server = server.Read();
  return std::move(results_);
}

bool UsersLoad::ToEnd() {
  results_.interrupted = results_.interrupted || hooks_->interrupted();
  return results_.interrupted || !results_.failure.ok();
}

void UsersLoad::Take(uint32_t index) {
  Slot& slot = slots_[index];
  slot = {};
  if (next_ > options_.users || ToEnd()) {
    if (--busy_ == 0) client_->Stop();
    return;
  }
  slot.user = next_++;
  slot.since_nanos = clock_->MonotonicNanos();
  Write(index);
}

void UsersLoad::Write(uint32_t index) {
  const Slot& slot = slots_[index];
  const Key key = slot.has_login ? ProfileKeyOf(slot.user) : LoginKeyOf(slot.user);
  op::Put::Request request;
  if (slot.has_login) {
    MakeProfile(slot.user, &value_);
  } else {
    MakeLoginRecord(slot.user, &value_);
    request.condition.kind = ConditionKind::kIfAbsent;
  }
  request.key = key.view();
  request.value = value_;
  request.checksum = Hash64(value_);
  client_->Call<op::Put>(index, request, [this, index](const Answer<op::Put>& answer) {
    OnPut(index, answer.status());
  });
}

void UsersLoad::OnPut(uint32_t index, const Status& status) {
  if (status.ok()) {
    ++results_.rows;
    return OnWritten(index);
  }
  if (status.code() == Code::kConditionFailed) return Compare(index);
  if (status.error_class() == ErrorClass::kNever) return Fail(index, status);
  Retry(index, status);
}

// The login is there already: is it this user's?
void UsersLoad::Compare(uint32_t index) {
  const Key key = LoginKeyOf(slots_[index].user);
  client_->Call<op::Get>(index, {.key = key.view()}, [this, index](const Answer<op::Get>& answer) {
    if (!answer.ok()) return Retry(index, answer.status());
    MakeLoginRecord(slots_[index].user, &value_);
    if (answer->record.value != value_) {
      return Fail(index, {Code::kConditionFailed, fmt::format("the login {} is somebody else's",
                                                              LoginOf(slots_[index].user))});
    }
    ++results_.already_there;
    OnWritten(index);
  });
}

void UsersLoad::Retry(uint32_t index, const Status& status) {
  Slot& slot = slots_[index];
  if (ToEnd()) return Leave(index);
  if (clock_->MonotonicNanos() - slot.since_nanos > kLoadPatienceNanos) return Fail(index, status);
  ++results_.retried;
  const int64_t millis = status.retry_after_ms() + 1 + backoff_.PauseMillis(slot.tries++);
  slot.retry = client_->loop()->StartTimer(millis, 0, [this, index] { Write(index); });
}

// One of the user's records.
void UsersLoad::OnWritten(uint32_t index) {
  Slot& slot = slots_[index];
  if (!slot.has_login) {
    slot = {.user = slot.user, .has_login = true, .since_nanos = clock_->MonotonicNanos()};
    return Write(index);
  }
  ++users_written_;
  const uint64_t before = options_.from - 1;
  hooks_->progress({.unit = "users",
                    .done = before + users_written_,
                    .done_here = users_written_,
                    .part = before + users_written_,
                    .part_at_start = before,
                    .whole = options_.users});
  Take(index);
}

void UsersLoad::Leave(uint32_t index) {
  first_left_ = std::min(first_left_, slots_[index].user);
  Take(index);
}

void UsersLoad::Fail(uint32_t index, Status status) {
  if (results_.failure.ok()) results_.failure = std::move(status);
  Leave(index);
}

}  // namespace

Result<UsersLoadResults> LoadUsers(const UsersOptions& options, const Clock& clock,
                                   const UsersLoadHooks& hooks) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  SMILE_ASSIGN(std::unique_ptr<UsersClient> client, UsersClient::Create(options, &clock));
  SMILE_TRY(client->Connect());
  UsersLoadResults results = UsersLoad(options, &clock, &hooks, client.get()).Run();
  results.disk_bytes = client->DiskBytes();
  return results;
}

}  // namespace smile::bench
