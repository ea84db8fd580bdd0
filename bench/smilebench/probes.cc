#include "bench/smilebench/probes.h"

#include <chrono>
#include <thread>

#include "base/hash.h"
#include "client/blocking.h"
#include "model/key.h"

namespace smile::bench {
namespace {

constexpr uint64_t kUser = uint64_t{1} << 40;
constexpr size_t kValueBytes = 100;
constexpr auto kProbeInterval = std::chrono::milliseconds(1);

}  // namespace

Probes::Probes(Client* same, Client* other, Client* third, const Clock* clock)
    : same_(same), other_(other), third_(third), clock_(clock), value_(kValueBytes, 'p') {}

Status Probes::Prepare() {
  const Key key = UserKey(kUser, "probe");
  op::Put::Request request;
  request.key = key.view();
  request.value = value_;
  for (Client* const client : {same_, other_, third_}) {
    const auto answer = BlockingClient(client).Call<op::Put>(request);
    if (!answer.ok()) return answer.status();
  }
  return {};
}

void Probes::Send() {
  if (Take(&get_same_)) Get(same_, &get_same_, &results_.get_same);
  if (Take(&get_other_)) Get(other_, &get_other_, &results_.get_other);
  if (Take(&put_other_)) Put();
}

bool Probes::Take(bool* in_flight) {
  const std::lock_guard lock(mutex_);
  return failure_.ok() && !std::exchange(*in_flight, true);
}

void Probes::Get(Client* client, bool* in_flight, Histogram* latencies) {
  const Key key = UserKey(kUser, "probe");
  const int64_t start = clock_->MonotonicNanos();
  client->Call<op::Get>({.key = key.view()}, {.retry = false, .any_order = true},
                        [this, start, in_flight, latencies](const Answer<op::Get>& answer) {
                          Record(answer.status(), start, in_flight, latencies);
                        });
}

void Probes::Put() {
  const Key key = UserKey(kUser + 1, "probe");
  op::Put::Request request;
  request.key = key.view();
  request.value = value_;
  const int64_t start = clock_->MonotonicNanos();
  third_->Call<op::Put>(request, {.retry = false, .any_order = true},
                        [this, start](const Answer<op::Put>& answer) {
                          Record(answer.status(), start, &put_other_, &results_.put_other);
                        });
}

void Probes::Record(const Status& status, int64_t start_nanos, bool* in_flight,
                    Histogram* latencies) {
  const std::lock_guard lock(mutex_);
  *in_flight = false;
  if (!status.ok()) {
    if (failure_.ok()) failure_ = status;
    return;
  }
  latencies->Add(clock_->MonotonicNanos() - start_nanos);
}

Result<ProbeResults> Probes::Finish() {
  std::unique_lock lock(mutex_);
  while (get_same_ || get_other_ || put_other_) {
    lock.unlock();
    std::this_thread::sleep_for(kProbeInterval);
    lock.lock();
  }
  if (!failure_.ok()) return failure_;
  return results_;
}

}  // namespace smile::bench
