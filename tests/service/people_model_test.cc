// People in any order of calls, with crashes, compared with a model.
#include "tests/service/people_model.h"

#include <gtest/gtest.h>

#include <random>

namespace smile::testing {
namespace {

TEST(PeopleModelTest, AnyOrderOfCallsIsAsTheModel) {
  constexpr int kRuns = 30;
  constexpr int kSteps = 60;
  const uint64_t first = std::random_device()();
  for (uint64_t seed = first; seed < first + kRuns; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    PeopleModel model([&](uint64_t count) { return random() % count; });
    for (int step = 0; step < kSteps; ++step) model.Step();
    model.Check();
    ASSERT_EQ(model.failure(), "");
  }
}

}  // namespace
}  // namespace smile::testing
