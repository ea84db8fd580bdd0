#include "client/smilecat/exit_status.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace smile::cat {
namespace {

size_t RankOf(ExitStatus status) {
  const auto found =
      std::find_if(kExitStatuses.begin(), kExitStatuses.end(),
                   [&](const ExitStatusInfo& info) { return info.status == status; });
  CHECK(found != kExitStatuses.end());
  return static_cast<size_t>(found - kExitStatuses.begin());
}

}  // namespace

ExitStatus ExitStatusOf(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return ExitStatus::kOk;
    case Code::kNotFound:
      return ExitStatus::kNotFound;
    case Code::kConditionFailed:
      return ExitStatus::kConditionFailed;
    case Code::kOverloaded:
    case Code::kNoSpace:
    case Code::kShuttingDown:
    case Code::kDeadlineExceeded:
    case Code::kDamagedInTransit:
    case Code::kTooManyGuesses:
      return ExitStatus::kOverloaded;
    case Code::kOutcomeUnknown:
      return ExitStatus::kOutcomeUnknown;
    case Code::kUnavailable:
    case Code::kProtocolError:
      return ExitStatus::kConnection;
    case Code::kInvalid:
    case Code::kUnsupported:
    case Code::kTooLarge:
    case Code::kCorrupt:
    case Code::kCancelled:
    case Code::kStorageFailed:
      break;
  }
  return ExitStatus::kRefused;
}

ExitStatus WorseOf(ExitStatus a, ExitStatus b) {
  return RankOf(a) < RankOf(b) ? b : a;
}

std::string ExitStatusTable() {
  auto by_number = kExitStatuses;
  std::sort(by_number.begin(), by_number.end(),
            [](const auto& a, const auto& b) { return a.status < b.status; });
  std::string text;
  for (const ExitStatusInfo& info : by_number) {
    text += fmt::format("  {:<4} {}\n", static_cast<int>(info.status), info.meaning);
  }
  return text;
}

}  // namespace smile::cat
