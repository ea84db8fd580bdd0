// CHECK stops the process when our own code is wrong, in every build. What the world can cause
// (input, disk, network, configuration) is a Status instead, never a CHECK.
#pragma once

#include <string_view>

namespace smile {

// Prints where and what to stderr, then aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view words = {});

}  // namespace smile

// CHECK(condition) or CHECK(condition, "what this means").
#define CHECK(condition, ...)                        \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::smile::CheckFailed(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__))
