#include "storage/rocks/maintenance.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "storage/rocks/check.h"
#include "storage/rocks/repair.h"

namespace smile {
namespace {

constexpr int kExitSound = 0;
constexpr int kExitDamaged = 1;
constexpr int kExitUsage = 2;
constexpr int kExitNotDone = 3;

constexpr std::string_view kHelp =
    "smiled check DIR\n"
    "  Verifies all of a data directory and changes nothing: the blocks of all table files, the\n"
    "  checksums of all records, values in blob files, the log. Names what is damaged.\n\n"
    "smiled repair DIR [--keep-older | --delete-older]\n"
    "  Gives up the blocks and records that are damaged, and nothing else. A table file that "
    "cannot\n"
    "  be opened is written anew from what can be read of it. What it changes is first put aside "
    "in\n"
    "  DIR/salvage/. Records inside what was given up may come to light in an older version, or\n"
    "  although they were deleted: they are written to older.jsonl there, for `smilecat load`, "
    "and\n"
    "  deleted; with --keep-older they are served. If a file has lost a part in which there are\n"
    "  older records, repair changes nothing unless one of the two says what is done with them.\n\n"
    "No smiled may serve the directory meanwhile.\n\n"
    "Exit status: 0 nothing is damaged (any more), 1 something is, 2 invalid usage, 3 not done.\n";

int Complain(std::string_view words, int exit_status) {
  fmt::print(stderr, "smiled: {}\n", words);
  return exit_status;
}

CheckProgress ShowOn(Progress* progress) {
  return [progress](uint64_t done, uint64_t whole) {
    progress->Update(
        {.unit = "bytes", .done = done, .done_here = done, .part = done, .whole = whole});
  };
}

void PrintLines(const CheckReport& report) {
  for (const std::string& line : report.Lines()) fmt::print("{}\n", line);
}

int Conclude(const CheckReport& report) {
  fmt::print("checked {} records, {} table files: {}\n", WithCommas(report.checked_records),
             WithCommas(report.checked_files),
             report.clean()
                 ? std::string("nothing is damaged")
                 : fmt::format("damaged blocks {}, records {}, files {}", report.blocks.size(),
                               report.records.size(), report.files.size()));
  return report.clean() ? kExitSound : kExitDamaged;
}

int Check(const RocksDirectory& directory) {
  const SystemClock clock;
  const Logger log(LogLevel::kOff);
  CheckReport report;
  {
    Progress progress(stderr, &clock);
    report = CheckDirectory(directory, &clock, &log, ShowOn(&progress));
  }
  PrintLines(report);
  return Conclude(report);
}

int Repair(const RocksDirectory& directory, OlderRecords older_records) {
  const SystemClock clock;
  const Logger log(LogLevel::kOff);
  const Result<RepairReport> result = [&] {
    Progress progress(stderr, &clock);
    return RepairDirectory(directory, older_records, &clock, &log, ShowOn(&progress));
  }();
  if (!result.ok()) return Complain(result.status().words(), kExitNotDone);
  PrintLines(result->before);
  if (!result->salvage.empty()) {
    fmt::print("given up; put aside in {}\n", result->salvage);
    for (const std::string& name : result->older) {
      fmt::print(
          "{} came to light in a version that may be outdated: it is in older.jsonl and {}\n", name,
          older_records == OlderRecords::kKeep ? "served" : "no longer in the database");
    }
    PrintLines(result->after);
  }
  return Conclude(result->after);
}

}  // namespace

std::optional<int> RunMaintenance(std::span<const char* const> arguments) {
  if (arguments.empty()) return std::nullopt;
  const std::string_view command = arguments[0];
  if (command != "check" && command != "repair") return std::nullopt;
  std::string path;
  OlderRecords older_records = OlderRecords::kDeleteInBlocks;
  for (const std::string_view argument : arguments.subspan(1)) {
    if (argument == "--help" || argument == "-h") {
      fmt::print("{}", kHelp);
      return kExitSound;
    }
    const bool may_choose = command == "repair" && older_records == OlderRecords::kDeleteInBlocks;
    if (argument == "--keep-older" && may_choose) {
      older_records = OlderRecords::kKeep;
    } else if (argument == "--delete-older" && may_choose) {
      older_records = OlderRecords::kDelete;
    } else if (!argument.starts_with("-") && path.empty()) {
      path = argument;
    } else {
      return Complain(fmt::format("{} takes no {}; `smiled {} --help` says what it takes", command,
                                  argument, command),
                      kExitUsage);
    }
  }
  if (path.empty()) {
    return Complain(fmt::format("{} takes the data directory", command), kExitUsage);
  }
  if (!std::filesystem::exists(path + "/FORMAT")) {
    return Complain(fmt::format("{} is no data directory of Smile: there is no FORMAT in it", path),
                    kExitUsage);
  }
  const auto directory = RocksDirectory::Open(path, rocksdb::Env::Default());
  if (!directory.ok()) return Complain(directory.status().words(), kExitNotDone);
  return command == "check" ? Check(**directory) : Repair(**directory, older_records);
}

}  // namespace smile
