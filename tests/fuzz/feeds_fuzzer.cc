// Feeds: the bytes choose what is written, read and continued, and how tokens are damaged, and
// every page is compared with what reading everything finds (tests/server/feed_model.h).
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "tests/server/feed_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kMaxSteps = 300;
  size_t at = 0;
  smile::testing::FeedModel model(
      [&](uint64_t count) { return at < size ? data[at++] % count : uint64_t{0}; });
  for (int step = 0; step < kMaxSteps && at < size; ++step) model.Step();
  CHECK(model.failure().empty(), model.failure());
  return 0;
}
