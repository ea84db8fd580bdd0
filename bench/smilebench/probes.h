// Small requests to a Smile server while streams run: what a person waits for who looks at a
// profile.
#pragma once

#include <mutex>

#include "base/clock.h"
#include "bench/smilebench/streams.h"
#include "client/client.h"

namespace smile::bench {

class Probes {
 public:
  // GETs are made with `same` and `other`, PUTs with `third`. All outlive the calls.
  Probes(Client* same, Client* other, Client* third, const Clock* clock);

  // Writes the record that GETs read. Blocks.
  Status Prepare();

  // Sends each request whose last one was answered. Called about once per millisecond.
  void Send();

  // Waits until all are answered; what was measured, or the first failure.
  Result<ProbeResults> Finish();

 private:
  void Get(Client* client, bool* in_flight, Histogram* latencies);
  void Put();
  void Record(const Status& status, int64_t start_nanos, bool* in_flight, Histogram* latencies);
  bool Take(bool* in_flight);

  Client* const same_;
  Client* const other_;
  Client* const third_;
  const Clock* const clock_;
  const Bytes value_;

  std::mutex mutex_;
  ProbeResults results_;
  Status failure_;
  bool get_same_ = false;  // in flight
  bool get_other_ = false;
  bool put_other_ = false;
};

}  // namespace smile::bench
