#include "storage/rocks/maintenance.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/print.h"
#include "base/progress.h"
#include "base/text.h"
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
    "  Verifies a data directory without changing it: the blocks of all table files, the "
    "checksums\n"
    "  of all records, the values in blob files, and the log. Lists what is damaged.\n\n"
    "smiled repair DIR [--keep-older | --delete-older]\n"
    "  Removes damaged blocks and records, and nothing else. A table file that cannot be opened "
    "is\n"
    "  rewritten from what can be read of it. Everything that is changed is first saved in\n"
    "  DIR/salvage/. Where something was removed, an older version of a record, or a deleted\n"
    "  record, may become visible. Such records are written to older.jsonl there, in the format "
    "of\n"
    "  `smilecat load`, and deleted; with --keep-older they are served. If a file has lost a "
    "range\n"
    "  that contains older records, repair changes nothing unless one of the options is given.\n\n"
    "Stop smiled first: no process may serve the directory meanwhile.\n\n"
    "Exit status: 0 nothing is damaged (any more), 1 something is damaged, 2 invalid usage,\n"
    "3 failed.\n";

int Complain(std::string_view words, int exit_status) {
  PrintTo(stderr, "smiled: {}\n", Printable(words));
  return exit_status;
}

CheckProgress ShowOn(Progress* progress) {
  return [progress](uint64_t done, uint64_t whole) {
    progress->Update(
        {.unit = "bytes", .done = done, .done_here = done, .part = done, .whole = whole});
  };
}

void PrintLines(const CheckReport& report) {
  for (const std::string& line : report.Lines()) PrintTo(stdout, "{}\n", line);
}

int Conclude(const CheckReport& report) {
  PrintTo(stdout, "checked {} records, {} table files: {}\n", WithCommas(report.checked_records),
          WithCommas(report.checked_files),
          report.clean()
              ? std::string("nothing is damaged")
              : fmt::format("damaged blocks {}, records {}, files {}", report.blocks.size(),
                            report.records.size(), report.files.size()));
  if (!Printed(stdout)) return Complain("cannot write to standard output", kExitNotDone);
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
  if (!result.ok()) return Complain(result.status().message(), kExitNotDone);
  PrintLines(result->before);
  if (!result->salvage.empty()) {
    PrintTo(stdout, "removed; saved in {}\n", result->salvage);
    for (const std::string& name : result->older) {
      PrintTo(stdout,
              "{} became visible in a version that may be outdated: saved in older.jsonl, {}\n",
              name, older_records == OlderRecords::kKeep ? "served" : "deleted");
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
      PrintText(stdout, kHelp);
      return Printed(stdout) ? kExitSound
                             : Complain("cannot write to standard output", kExitNotDone);
    }
    const bool may_choose = command == "repair" && older_records == OlderRecords::kDeleteInBlocks;
    if (argument == "--keep-older" && may_choose) {
      older_records = OlderRecords::kKeep;
    } else if (argument == "--delete-older" && may_choose) {
      older_records = OlderRecords::kDelete;
    } else if (!argument.starts_with("-") && path.empty()) {
      path = argument;
    } else {
      const bool is_option = argument.starts_with("-");
      return Complain(fmt::format("unexpected {0} {1}; see `smiled {2} --help`",
                                  is_option ? "option" : "argument", argument, command),
                      kExitUsage);
    }
  }
  if (path.empty()) {
    return Complain(fmt::format("the data directory is missing; use `smiled {} DIR`", command),
                    kExitUsage);
  }
  if (!std::filesystem::exists(path + "/FORMAT")) {
    return Complain(fmt::format("{} is not a data directory of Smile: it has no file FORMAT; give "
                                "another directory",
                                path),
                    kExitUsage);
  }
  const bool checks = command == "check";
  const auto directory = RocksDirectory::Open(path, rocksdb::Env::Default(),
                                              checks ? DirectoryUse::kRead : DirectoryUse::kWrite);
  if (!directory.ok()) return Complain(directory.status().message(), kExitNotDone);
  return checks ? Check(**directory) : Repair(**directory, older_records);
}

}  // namespace smile
