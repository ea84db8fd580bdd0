// What smilecat tells the shell: one table, which the help, docs/SMILECAT.md and the tests share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace smile::cat {

// Numbers are what scripts know: they are never given another meaning.
enum class ExitStatus : uint8_t {
  kOk = 0,
  kRefused = 1,
  kUsage = 2,
  kConnection = 3,
  kNotFound = 4,
  kConditionFailed = 5,
  kOverloaded = 6,
  kOutcomeUnknown = 7,
  kFile = 8,
  kIncomplete = 9,
  kInterrupted = 130,  // as a shell says it of SIGINT
};

struct ExitStatusInfo {
  ExitStatus status;
  std::string_view meaning;
};

// From the mildest to the worst: of several failures the exit status tells the worst.
inline constexpr std::array kExitStatuses = {
    ExitStatusInfo{ExitStatus::kOk, "success"},
    ExitStatusInfo{ExitStatus::kNotFound, "the record does not exist"},
    ExitStatusInfo{ExitStatus::kConditionFailed, "condition not met; nothing written"},
    ExitStatusInfo{ExitStatus::kRefused,
                   "rejected by the server for another reason; nothing written"},
    ExitStatusInfo{ExitStatus::kUsage, "invalid usage: an option, a request or a configuration"},
    ExitStatusInfo{ExitStatus::kOverloaded,
                   "not now (overloaded, disk full, shutting down, deadline exceeded); nothing "
                   "written, retry later"},
    ExitStatusInfo{ExitStatus::kIncomplete,
                   "finished, but parts failed (load, dump, user, decode); stderr names them"},
    ExitStatusInfo{ExitStatus::kFile, "a local file cannot be read or written"},
    ExitStatusInfo{ExitStatus::kConnection,
                   "no server can be reached, or the connection was lost; nothing written"},
    ExitStatusInfo{ExitStatus::kOutcomeUnknown, "a write may or may not have taken effect"},
    ExitStatusInfo{ExitStatus::kInterrupted, "interrupted (Ctrl-C)"},
};

ExitStatus ExitStatusOf(const Status& status);

// The one of the two that is further down in the table.
ExitStatus WorseOf(ExitStatus a, ExitStatus b);

// The table by number, for the help: "  0    success\n  1    …".
std::string ExitStatusTable();

}  // namespace smile::cat
