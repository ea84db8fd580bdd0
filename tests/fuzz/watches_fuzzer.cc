// Watches of several connections: the bytes choose what happens, and all that is told is compared
// with what happened (tests/server/watch_model.h).
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "tests/server/watch_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kMaxSteps = 300;
  size_t at = 0;
  smile::testing::WatchModel model(
      [&](uint64_t count) { return at < size ? data[at++] % count : uint64_t{0}; });
  for (int step = 0; step < kMaxSteps && at < size; ++step) model.Step();
  model.Finish();
  CHECK(model.failure().empty(), model.failure());
  return 0;
}
