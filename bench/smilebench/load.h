// The whole load: connects, writes the records that will be read, then measures.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/report.h"

namespace smile::bench {

// Shows one line that replaces the one before; an empty one removes it.
using ShowProgress = std::function<void(const std::string& line)>;

// Blocks until the load is done. kUnavailable: no server, or it was lost before there was anything
// to measure. kInvalid: the options cannot be met. Any other failure: the records could not be
// written.
Result<Results> RunLoad(const BenchOptions& options, const Clock& clock,
                        const ShowProgress& show_progress);

}  // namespace smile::bench
