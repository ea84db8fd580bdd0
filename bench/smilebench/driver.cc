#include "bench/smilebench/driver.h"

#include "bench/smilebench/smile_driver.h"

namespace smile::bench {

Result<std::unique_ptr<Driver>> MakeDriver(const BenchOptions& options, const DriverParts& parts,
                                           uint32_t active, uint32_t idle) {
  if (options.target.driver != DriverKind::kSmile) {
    return Status(Code::kUnsupported, "only smile:// is spoken yet");
  }
  return std::unique_ptr<Driver>(std::make_unique<SmileDriver>(options, parts, active, idle));
}

}  // namespace smile::bench
