// What `smilebench streams` is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "bench/smilebench/options.h"

namespace smile::bench {

enum class StreamDirection : uint8_t { kUp, kDown };

struct StreamsOptions {
  Target target;  // smile, files (up) or tcp (down): a plain program and a plain server
  StreamDirection direction = StreamDirection::kUp;
  uint32_t streams = 1;
  uint64_t bytes = uint64_t{1} << 30;  // of each
  uint64_t first = 0;                  // number of the first stream
  std::optional<uint64_t> content;     // of all streams; none: that of its number
  uint32_t copies = 1;                 // times that each stream is repeated
  uint32_t connections = 1;            // streams are dealt to them
  uint32_t window = 8;                 // pieces in flight per stream
  double seconds = 0;                  // more than 0: the streams are repeated until then
  bool probe = false;                  // measure small requests meanwhile
  int64_t server_pid = 0;              // 0: not known
  bool json = false;
};

// As ParseBenchOptions; argv[0] is the word "streams".
Result<StreamsOptions> ParseStreamsOptions(int argc, const char* const* argv, std::string* help);

}  // namespace smile::bench
