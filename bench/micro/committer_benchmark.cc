// What a committer itself costs a write: its queue, its groups and its answers, with a commit that
// does nothing.
#include <atomic>
#include <cstdint>
#include <thread>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "base/hash.h"
#include "model/key.h"
#include "storage/committer.h"

namespace smile {
namespace {

void CommitWrites(benchmark::State& state) {
  const int64_t writes_at_once = state.range(0);
  const SystemClock clock;
  std::atomic<int64_t> answered{0};  // outlives the committer, which touches it
  Committer committer(
      &clock, [] {},
      [](std::span<PendingWrite> group) {
        for (PendingWrite& write : group) write.reply.versions.assign(1, 1);
      });
  const Key key = UserKey(42, "profile");
  const Bytes value(100, 'v');
  MutationView put;
  put.sort = key.sort;
  put.checksum = Hash64(value);
  put.value = value;

  for (auto _ : state) {
    answered = 0;
    for (int64_t i = 0; i < writes_at_once; ++i) {
      committer.Submit(WriteRequest(key.view().partition_view(), {put}, 0),
                       [&answered, writes_at_once](const WriteReply&) {
                         if (++answered == writes_at_once) answered.notify_one();
                       });
    }
    for (int64_t now = answered; now < writes_at_once; now = answered) answered.wait(now);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * writes_at_once);
  const Committer::Counts counts = committer.counts();
  state.counters["writes/group"] =
      static_cast<double>(counts.writes) / static_cast<double>(counts.groups);
}
BENCHMARK(CommitWrites)->Arg(1)->Arg(32)->Arg(512)->UseRealTime();

}  // namespace
}  // namespace smile
