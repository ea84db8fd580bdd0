#include "bench/smilebench/users_lookups.h"

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "bench/smilebench/random.h"
#include "bench/smilebench/users.h"
#include "bench/smilebench/users_client.h"

namespace smile::bench {
namespace {

// How often an interruption is looked for.
constexpr int64_t kLookupPollMillis = 20;

// The first `count` lookups of a seed, repeatedly.
class Lookups {
 public:
  struct Lookup {
    uint64_t user = 0;
    bool of_login = false;
  };

  Lookups(uint64_t seed, uint64_t users, uint64_t count)
      : seed_(seed), users_(users), count_(count), random_(seed) {}

  Lookup Next() {
    if (taken_ == count_) *this = Lookups(seed_, users_, count_);
    ++taken_;
    const uint64_t user = 1 + random_.Below(users_);
    return {user, random_.Below(2) == 0};
  }
  uint64_t taken() const { return taken_; }

 private:
  uint64_t seed_;
  uint64_t users_;
  uint64_t count_;
  Random random_;
  uint64_t taken_ = 0;
};

// One round, in a closed loop.
class LookupRun {
 public:
  // The client may still call it after Run() when that was interrupted: it outlives the client.
  LookupRun(const UsersOptions& options, const Clock* clock, UsersClient* client, Lookups* lookups)
      : options_(options),
        clock_(clock),
        client_(client),
        lookups_(lookups),
        slots_(client->slots()) {}

  LookupRound Run(const std::function<bool()>& interrupted);

 private:
  struct Slot {
    Lookups::Lookup lookup;
    int64_t start_nanos = 0;
    bool in_flight = false;
  };

  void Cut();
  Histogram& LatenciesOf(const Slot& slot);
  void Ask(uint32_t index, int64_t now);
  void OnAnswer(uint32_t index, const Answer<op::Get>& answer);
  void Count(const Slot& slot, const Answer<op::Get>& answer, int64_t now);

  const UsersOptions& options_;
  const Clock* const clock_;
  UsersClient* const client_;
  Lookups* const lookups_;
  std::vector<Slot> slots_;
  int64_t end_nanos_ = 0;
  uint32_t busy_ = 0;
  bool lost_ = false;  // a connection: the round ends
  bool cut_ = false;   // later answers are ignored
  Bytes expected_;
  LookupRound round_;
};

LookupRound LookupRun::Run(const std::function<bool()>& interrupted) {
  const int64_t start_nanos = clock_->MonotonicNanos();
  const ProcessMeter server(options_.server_pid);
  end_nanos_ = start_nanos + static_cast<int64_t>(options_.seconds * 1e9);
  busy_ = static_cast<uint32_t>(slots_.size());
  for (uint32_t index = 0; index < slots_.size(); ++index) Ask(index, start_nanos);
  const auto watch = client_->loop()->StartTimer(kLookupPollMillis, kLookupPollMillis, [&] {
    if (interrupted()) Cut();
  });
  client_->Run();
  CHECK(busy_ == 0);
  round_.seconds = static_cast<double>(clock_->MonotonicNanos() - start_nanos) / 1e9;
  round_.server = server.Read();
  return std::move(round_);
}

// Ends the round now; what is in flight counts as unanswered.
void LookupRun::Cut() {
  if (cut_) return;
  cut_ = true;
  const int64_t now = clock_->MonotonicNanos();
  for (const Slot& slot : slots_) {
    if (!slot.in_flight) continue;
    ++round_.unanswered;
    LatenciesOf(slot).Add(now - slot.start_nanos);
  }
  busy_ = 0;
  client_->Stop();
}

Histogram& LookupRun::LatenciesOf(const Slot& slot) {
  return slot.lookup.of_login ? round_.logins : round_.profiles;
}

void LookupRun::Ask(uint32_t index, int64_t now) {
  if (now >= end_nanos_ || lost_) {
    if (--busy_ == 0) client_->Stop();
    return;
  }
  Slot& slot = slots_[index];
  slot = {lookups_->Next(), now, /*in_flight=*/true};
  const uint64_t user = slot.lookup.user;
  const Key key = slot.lookup.of_login ? LoginKeyOf(user) : ProfileKeyOf(user);
  client_->Call<op::Get>(index, {.key = key.view()},
                         [this, index](const Answer<op::Get>& answer) { OnAnswer(index, answer); });
}

void LookupRun::OnAnswer(uint32_t index, const Answer<op::Get>& answer) {
  if (cut_) return;
  const int64_t now = clock_->MonotonicNanos();
  CHECK(slots_[index].in_flight, "one answer per lookup");
  slots_[index].in_flight = false;
  Count(slots_[index], answer, now);
  Ask(index, now);
}

void LookupRun::Count(const Slot& slot, const Answer<op::Get>& answer, int64_t now) {
  if (!answer.ok()) {
    ++round_.errors;
    if (round_.first_error.ok()) round_.first_error = answer.status();
    const bool lost = answer.status().code() == Code::kUnavailable ||
                      answer.status().code() == Code::kOutcomeUnknown;
    lost_ = lost_ || lost;
    if (!lost && answer.status().code() != Code::kDeadlineExceeded) return;  // it was answered
    ++round_.unanswered;
    LatenciesOf(slot).Add(now - slot.start_nanos);
    return;
  }
  if (slot.lookup.of_login) {
    MakeLoginRecord(slot.lookup.user, &expected_);
  } else {
    MakeProfile(slot.lookup.user, &expected_);
  }
  if (answer->record.value != expected_) {
    ++round_.wrong_values;
    return;
  }
  ++round_.lookups;
  LatenciesOf(slot).Add(now - slot.start_nanos);
}

}  // namespace

Result<LookupResults> LookUpUsers(const UsersOptions& options, const Clock& clock,
                                  const std::function<bool()>& interrupted) {
  std::optional<LookupRun> cold;
  std::optional<LookupRun> warm;
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  SMILE_ASSIGN(std::unique_ptr<UsersClient> client, UsersClient::Create(options, &clock));
  SMILE_TRY(client->Connect());
  const uint64_t seed = (uint64_t{std::random_device()()} << 32) | std::random_device()();
  LookupResults results;
  Lookups random(seed, options.users, UINT64_MAX);
  results.cold = cold.emplace(options, &clock, client.get(), &random).Run(interrupted);
  Lookups again(seed, options.users, random.taken());
  if (!interrupted()) {
    results.warm = warm.emplace(options, &clock, client.get(), &again).Run(interrupted);
  }
  results.interrupted = interrupted();
  if (results.interrupted) return results;
  results.disk_bytes = client->DiskBytes();
  return results;
}

}  // namespace smile::bench
