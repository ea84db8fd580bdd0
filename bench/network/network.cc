#include "bench/network/network.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bench/network/actors.h"
#include "bench/network/network_load.h"
#include "bench/network/network_store.h"
#include "bench/network/people.h"

namespace smile::bench {
namespace {

int64_t NanosOf(double seconds) {
  return static_cast<int64_t>(seconds * 1e9);
}

double SecondsSince(int64_t nanos, const Clock& clock) {
  return static_cast<double>(clock.MonotonicNanos() - nanos) / 1e9;
}

// A store on a loop of its own.
class RunningStore {
 public:
  RunningStore(const NetworkOptions& options, const Clock& clock, std::unique_ptr<EventLoop> loop)
      : loop_(std::move(loop)) {
    const StoreParts parts = {.server = options.target.endpoint,
                              .loop = loop_.get(),
                              .clock = &clock,
                              .connections = options.connections};
    store_ = options.target.driver == DriverKind::kSmile ? MakeSmileNetwork(parts)
                                                         : MakeRedisNetwork(parts);
    loop_->OnTurnEnd([this] { store_->Flush(); });
  }
  ~RunningStore() { loop_->OnTurnEnd(nullptr); }
  RunningStore(const RunningStore&) = delete;
  RunningStore& operator=(const RunningStore&) = delete;

  EventLoop* loop() const { return loop_.get(); }
  NetworkStore* store() const { return store_.get(); }

 private:
  const std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<NetworkStore> store_;
};

void LetAct(const NetworkOptions& options, const People& people, const Clock& clock,
            const RunningStore& running, const NetworkHooks& hooks, NetworkResults* results) {
  Actors actors(options, people, clock, running.loop(), running.store(), hooks, results);
  actors.LogIn();
  if (results->interrupted || !results->first_error.ok()) return;
  actors.Watch();
  if (!results->first_error.ok()) return;
  if (options.warm_seconds > 0) {
    actors.Act(INT64_MAX, clock.MonotonicNanos() + NanosOf(options.warm_seconds));
  }
  const ProcessMeter server(options.server_pid);
  const double own_cpu = OwnCpuSeconds();
  const int64_t start = clock.MonotonicNanos();
  actors.Act(start, start + NanosOf(options.seconds));
  results->seconds = SecondsSince(start, clock);
  results->client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (options.server_pid != 0) results->server = server.Read();
}

}  // namespace

uint64_t NetworkResults::done() const {
  uint64_t total = 0;
  for (const Histogram& act : acts) total += act.count();
  return total;
}

StoreCost NetworkResults::cost() const {
  StoreCost total;
  for (const StoreCost& each : costs) total += each;
  return total;
}

Result<NetworkResults> RunNetwork(const NetworkOptions& options, const Clock& clock,
                                  const NetworkHooks& hooks) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  SMILE_ASSIGN(const People people, People::Create(options));
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  const RunningStore running(options, clock, std::move(loop));
  SMILE_TRY(running.store()->Connect());
  NetworkResults results;
  results.people = people.count();
  if (options.load) {
    const int64_t start = clock.MonotonicNanos();
    NetworkLoad(options, people, running.loop(), running.store(), hooks, &results).Run();
    results.load_seconds = SecondsSince(start, clock);
  }
  if (options.run && !results.interrupted && results.first_error.ok()) {
    LetAct(options, people, clock, running, hooks, &results);
  }
  return results;
}

}  // namespace smile::bench
