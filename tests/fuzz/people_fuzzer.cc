// People: the bytes choose calls of the services for people, and crashes, which are compared with a
// model (tests/service/people_model.h).
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "tests/service/people_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kMaxSteps = 100;
  size_t at = 0;
  smile::testing::PeopleModel model(
      [&](uint64_t count) { return at < size ? data[at++] % count : uint64_t{0}; });
  for (int step = 0; step < kMaxSteps && at < size; ++step) model.Step();
  model.Check();
  CHECK(model.failure().empty(), model.failure());
  return 0;
}
