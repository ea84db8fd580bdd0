#include "bench/network/network.h"

#include <algorithm>
#include <memory>

#include "bench/network/actors.h"
#include "bench/network/network_connections.h"
#include "bench/network/network_load.h"
#include "bench/network/people.h"

namespace smile::bench {
namespace {

int64_t NanosOf(double seconds) {
  return static_cast<int64_t>(seconds * 1e9);
}

double SecondsSince(int64_t nanos, const Clock& clock) {
  return static_cast<double>(clock.MonotonicNanos() - nanos) / 1e9;
}

void LetAct(const NetworkOptions& options, const People& people, const Clock& clock,
            NetworkConnections* connections, const NetworkHooks& hooks, NetworkResults* results) {
  Actors actors(options, people, clock, connections, hooks, results);
  actors.LogIn();
  if (results->interrupted || !results->first_error.ok()) return;
  actors.Watch();
  if (options.warm_seconds > 0) {
    actors.Act(INT64_MAX, clock.MonotonicNanos() + NanosOf(options.warm_seconds));
  }
  results->feed_posts = 0;
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

Result<NetworkResults> RunNetwork(const NetworkOptions& options, const Clock& clock,
                                  const NetworkHooks& hooks) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  SMILE_ASSIGN(const People people, People::Create(options));
  SMILE_ASSIGN(const std::unique_ptr<NetworkConnections> connections,
               NetworkConnections::Create(options, &clock));
  SMILE_TRY(connections->Connect());
  NetworkResults results;
  results.people = people.count();
  if (options.load) {
    const int64_t start = clock.MonotonicNanos();
    NetworkLoad(options, people, connections.get(), hooks, &results).Run();
    results.load_seconds = SecondsSince(start, clock);
  }
  if (options.run && !results.interrupted && results.first_error.ok()) {
    LetAct(options, people, clock, connections.get(), hooks, &results);
  }
  return results;
}

}  // namespace smile::bench
