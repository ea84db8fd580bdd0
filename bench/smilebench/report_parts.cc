#include "bench/smilebench/report_parts.h"

#include "base/text.h"

namespace smile::bench {

std::string JsonReport(const nlohmann::ordered_json& json) {
  return EscapeUnsafeJson(
             json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) +
         "\n";
}

}  // namespace smile::bench
