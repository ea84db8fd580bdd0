// What the reports of several commands of smilebench have in common.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace smile::bench {

inline double Micros(uint64_t nanos) {
  return static_cast<double>(nanos) / 1e3;
}
inline double Millis(uint64_t nanos) {
  return static_cast<double>(nanos) / 1e6;
}

// A report as text, with its line end. Any bytes may be in its strings.
std::string JsonReport(const nlohmann::ordered_json& json);

}  // namespace smile::bench
