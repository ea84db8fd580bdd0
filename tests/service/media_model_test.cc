#include "tests/service/media_model.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace smile::testing {
namespace {

constexpr uint64_t kMediaSeeds = 300;
constexpr int kMediaSteps = 120;

// SMILE_SEED: the first of the seeds.
TEST(MediaModelTest, AnyOrderOfCallsWithFaultsIsAsTheModelSays) {
  const char* const given = std::getenv("SMILE_SEED");
  const uint64_t first = given != nullptr ? std::stoull(given) : std::random_device()();
  for (uint64_t seed = first; seed < first + kMediaSeeds; ++seed) {
    std::mt19937_64 random(seed);
    MediaModel model([&random](uint64_t count) { return random() % count; });
    for (int step = 0; step < kMediaSteps; ++step) model.Step();
    model.Finish();
    ASSERT_EQ(model.failure(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace smile::testing
