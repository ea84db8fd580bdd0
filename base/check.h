// CHECK states an invariant and stops the process if it is broken, in every build. Whatever the
// world can cause (input, disk, network, configuration) is a Status, never a CHECK.
#pragma once

#include <string_view>

namespace smile {

// Prints the location and the condition to stderr, then aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view message = {});

// For checks that cost more than a few instructions, such as a walk over a container:
// `if (kExpensiveChecks) ...`. True in builds with a sanitizer.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kExpensiveChecks = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kExpensiveChecks = true;
#else
inline constexpr bool kExpensiveChecks = false;
#endif
#else
inline constexpr bool kExpensiveChecks = false;
#endif

}  // namespace smile

// CHECK(condition) or CHECK(condition, "what this means").
#define CHECK(condition, ...)                        \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::smile::CheckFailed(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__))
