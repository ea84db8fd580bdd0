// What the command lines of several commands of smilebench have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "net/endpoint.h"

namespace smile::bench {

inline constexpr std::string_view kSmileScheme = "smile://";
inline constexpr uint16_t kSmilePort = 7645;

// --server-pid and --json. `server_pid` stays as it is if it is not given.
void AddReportOptions(CLI::App* app, int64_t* server_pid, bool* json);

// kInvalid, with a message, for an invalid command line. With --help the result is ok and *help is
// the text of it: print it and exit.
Status ParseCommandLine(CLI::App* app, int argc, const char* const* argv, std::string* help);

// The server of --target, a text that begins with the scheme (CHECK). kInvalid, with a message.
Result<Endpoint> ServerOf(std::string_view target, std::string_view scheme, uint16_t usual_port);

}  // namespace smile::bench
