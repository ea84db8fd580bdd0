// The contract suite of storage/engine.h, which every engine passes. A new engine is one more row
// of AllEngines(). The tests themselves are in contract_*_test.cc.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "storage/memory_engine.h"
#include "storage/rocks/rocks_engine.h"
#include "tests/storage/blocking_engine.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {

// What an engine is made from.
struct Surroundings {
  ManualClock clock;
  Logger log{LogLevel::kError};
  TempDirectory directory;
};

struct EngineKind {
  std::string name;
  std::function<std::unique_ptr<Engine>(Surroundings*)> make;

  friend std::ostream& operator<<(std::ostream& out, const EngineKind& kind) {
    return out << kind.name;
  }
};

inline std::unique_ptr<Engine> MakeRocksEngine(Surroundings* around) {
  RocksOptions options;
  options.directory = around->directory / "data";
  auto engine = RocksEngine::Open(options, &around->clock, &around->log);
  CHECK(engine.ok(), engine.status().message());
  return std::move(engine).value();
}

inline std::vector<EngineKind> AllEngines() {
  return {
      {"memory",
       [](Surroundings* around) {
         return std::make_unique<MemoryEngine>(&around->clock, MemoryEngine::Answers::kInline);
       }},
      {"memory_on_thread",
       [](Surroundings* around) {
         return std::make_unique<MemoryEngine>(&around->clock, MemoryEngine::Answers::kOnThread);
       }},
      {"rocks", [](Surroundings* around) { return MakeRocksEngine(around); }},
  };
}

class EngineContract : public ::testing::TestWithParam<EngineKind> {
 protected:
  EngineContract() : engine_(GetParam().make(&around_)), blocking_(engine_.get()) {}

  ManualClock& clock() { return around_.clock; }
  uint64_t now_ms() { return static_cast<uint64_t>(around_.clock.WallMillis()); }

  Surroundings around_;
  const std::unique_ptr<Engine> engine_;
  BlockingEngine blocking_;
};

#define SMILE_CONTRACT_SUITE(suite)                                            \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      Engines, suite, ::testing::ValuesIn(::smile::testing::AllEngines()),     \
      [](const ::testing::TestParamInfo<::smile::testing::EngineKind>& info) { \
        return info.param.name;                                                \
      })

}  // namespace smile::testing
