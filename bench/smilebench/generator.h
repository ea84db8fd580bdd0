// Chooses what a loader asks next.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "bench/smilebench/driver.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/random.h"
#include "bench/smilebench/workload.h"
#include "bench/smilebench/zipf.h"

namespace smile::bench {

class Generator {
 public:
  // For the loader `index` of all threads in `options`.
  Generator(const BenchOptions& options, uint32_t index);

  struct Choice {
    OperationKind kind = OperationKind::kPing;
    bool then_put = false;  // the record is to be put once it was read: one operation of the two
    uint32_t limit = 0;     // as in Operation
    uint64_t number = 0;    // likewise
  };
  // The numbers of an mget are written to `numbers`, of at least kKeysPerMGet.
  Choice Next(std::span<uint64_t> numbers);

  // A put was answered. Inserted records are asked for only from then on.
  void WasPut(uint64_t number);

 private:
  Choice Read(std::span<uint64_t> numbers);
  Choice Scan();
  uint64_t NextNumber();
  uint64_t NextOf(uint64_t count, const ScrambledZipfian& zipfian);
  uint64_t NextLatest();
  uint64_t NumberOfInsert(uint64_t nth) const;
  Choice NextPhoto();

  const WorkloadInfo& workload_;
  const Distribution distribution_;
  const uint64_t keys_;
  const uint64_t first_;
  uint64_t photos_ = 0;  // used
  const uint64_t threads_;
  const uint64_t index_;
  Random random_;
  const ScrambledZipfian scrambled_keys_;
  const ScrambledZipfian scrambled_authors_;
  uint64_t inserts_ = 0;          // begun
  uint64_t inserted_ = 0;         // so many of them, from the first, are there for certain
  std::deque<bool> later_there_;  // of the inserts after these, whether they are
  std::optional<Zipfian> latest_;
};

}  // namespace smile::bench
