// Links: the bytes choose changes of links, also many at once, faults and restarts, which are
// compared with a model (tests/service/link_model.h).
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "tests/service/link_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kMaxSteps = 200;
  size_t at = 0;
  smile::testing::LinkModel model(
      [&](uint64_t count) { return at < size ? data[at++] % count : uint64_t{0}; });
  for (int step = 0; step < kMaxSteps && at < size; ++step) model.Step();
  model.CheckRecords();
  CHECK(model.failure().empty(), model.failure());
  return 0;
}
