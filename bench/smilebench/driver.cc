#include "bench/smilebench/driver.h"

#include "bench/smilebench/files_driver.h"
#include "bench/smilebench/http_protocol.h"
#include "bench/smilebench/redis_protocol.h"
#include "bench/smilebench/rocks_driver.h"
#include "bench/smilebench/smile_driver.h"
#include "bench/smilebench/tarantool_protocol.h"
#include "bench/smilebench/wire.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {

Result<std::unique_ptr<Driver>> MakeDriver(const BenchOptions& options, const DriverParts& parts,
                                           uint32_t active, uint32_t idle) {
  const uint32_t posts_per_author = InfoOf(options.workload).posts_per_author;
  const bool adds = InfoOf(options.workload).adds;
  const auto over_wire = [&](const MakeProtocol& make_protocol) {
    return std::make_unique<WireDriver>(options.target.endpoint, parts.loop, active + idle,
                                        make_protocol);
  };
  std::unique_ptr<Driver> driver;
  switch (options.target.driver) {
    case DriverKind::kSmile:
      driver = std::make_unique<SmileDriver>(options, parts, active, idle);
      break;
    case DriverKind::kRedis:
      driver = over_wire(
          [&] { return std::make_unique<RedisProtocol>(posts_per_author, parts.events, adds); });
      break;
    case DriverKind::kTarantool:
      driver = over_wire(
          [&] { return std::make_unique<TarantoolProtocol>(posts_per_author, parts.events); });
      break;
    case DriverKind::kHttp:
      driver = over_wire([&] {
        return std::make_unique<HttpProtocol>(options.target.endpoint.ToString(), parts.events);
      });
      break;
    case DriverKind::kRocksDb:
      return RocksDriver::Open(options, parts);
    case DriverKind::kFiles:
      return FilesDriver::Open(options, parts);
    case DriverKind::kTcp:
      return Status(Code::kInvalid, "--target: tcp: is for smilebench streams");
  }
  return driver;
}

}  // namespace smile::bench
