#include "tests/server/feed_model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace smile::testing {
namespace {

// SMILE_SEED: the first of the seeds.
TEST(SessionFeedModelTest, PagesInAnyOrderAreWhatReadingEverythingFinds) {
  const char* const given = std::getenv("SMILE_SEED");
  const uint64_t first = given != nullptr ? std::stoull(given) : std::random_device()();
  for (uint64_t seed = first; seed < first + 50; ++seed) {
    std::mt19937_64 random(seed);
    FeedModel model([&random](uint64_t count) { return random() % count; });
    for (int step = 0; step < 300; ++step) model.Step();
    ASSERT_EQ(model.failure(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace smile::testing
