#include "storage/rocks/maintenance.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
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
    "smiled repair DIR [--keep-older | --delete-older] [--all-users]\n"
    "  Removes damaged blocks and records. A table file that cannot be opened is rewritten from "
    "what\n"
    "  can be read of it. What is removed is first saved in DIR/salvage/.\n"
    "  Where something was removed, an older version of a record, or a deleted\n"
    "  record, may become visible. Such records are written to older.jsonl there, in the format "
    "of\n"
    "  `smilecat load`, and deleted; with --keep-older they are served. If a file has lost a "
    "range\n"
    "  that contains older records, repair changes nothing unless one of the options is given.\n"
    "  Of users of whom records were removed, links are restored from their other side and "
    "counted\n"
    "  again, and logins, sessions and uploads are listed again; with --all-users, of all users, "
    "even\n"
    "  if nothing is damaged.\n\n"
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

void PrintOlder(const RepairReport& report, std::string_view what_was_done) {
  for (const std::string& name : report.older) {
    PrintTo(stdout, "{} has an older version that may be outdated: saved in older.jsonl, {}\n",
            name, what_was_done);
  }
  const uint64_t others = report.older_count - report.older.size();
  if (others > 0) {
    PrintTo(stdout, "likewise {} other records: see {}/older.jsonl\n", WithCommas(others),
            report.salvage);
  }
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

RemovedRecords OfAllUsers() {
  return {.links = {PartitionRange()}, .accounts = {PartitionRange()}};
}

int Repair(const RocksDirectory& directory, OlderRecords older_records, RemovedRecords* removed) {
  const SystemClock clock;
  const Logger log(LogLevel::kOff);
  const Result<RepairReport> result = [&] {
    Progress progress(stderr, &clock);
    return RepairDirectory(directory, older_records, &clock, &log, ShowOn(&progress));
  }();
  if (!result.ok()) return Complain(result.status().message(), kExitNotDone);
  PrintLines(result->before);
  *removed = {.links = RemovedFrom(result->before, Table::kLinks),
              .accounts = RemovedFrom(result->before, Table::kAccounts)};
  if (result->resumed) {
    PrintText(stdout,
              "an earlier repair was interrupted: links and accounts of all users are restored\n");
    *removed = OfAllUsers();
  }
  if (!result->salvage.empty()) {
    PrintTo(stdout, "removed; saved in {}\n", result->salvage);
    PrintOlder(*result, older_records == OlderRecords::kKeep ? "served" : "deleted");
    PrintLines(result->after);
  }
  return Conclude(result->after);
}

struct Arguments {
  std::string_view command;
  std::string path;
  OlderRecords older_records = OlderRecords::kDeleteInBlocks;
  bool all_users = false;
};

// The exit status of what ends with the arguments.
std::optional<int> Parse(std::span<const char* const> given, Arguments* arguments) {
  arguments->command = given[0];
  const bool repairs = arguments->command == "repair";
  for (const std::string_view argument : given.subspan(1)) {
    if (argument == "--help" || argument == "-h") {
      PrintText(stdout, kHelp);
      return Printed(stdout) ? kExitSound
                             : Complain("cannot write to standard output", kExitNotDone);
    }
    const bool may_choose = repairs && arguments->older_records == OlderRecords::kDeleteInBlocks;
    if (argument == "--keep-older" && may_choose) {
      arguments->older_records = OlderRecords::kKeep;
    } else if (argument == "--delete-older" && may_choose) {
      arguments->older_records = OlderRecords::kDelete;
    } else if (argument == "--all-users" && repairs) {
      arguments->all_users = true;
    } else if (!argument.starts_with("-") && arguments->path.empty()) {
      arguments->path = argument;
    } else if (repairs && (argument == "--keep-older" || argument == "--delete-older")) {
      return Complain("give only one of --keep-older and --delete-older", kExitUsage);
    } else {
      const bool is_option = argument.starts_with("-");
      return Complain(fmt::format("unexpected {0} {1}; see `smiled {2} --help`",
                                  is_option ? "option" : "argument", argument, arguments->command),
                      kExitUsage);
    }
  }
  if (arguments->path.empty()) {
    return Complain(
        fmt::format("the data directory is missing; use `smiled {} DIR`", arguments->command),
        kExitUsage);
  }
  if (!std::filesystem::exists(arguments->path + "/FORMAT")) {
    return Complain(fmt::format("{} is not a data directory of Smile: it has no file FORMAT; give "
                                "another directory",
                                arguments->path),
                    kExitUsage);
  }
  return std::nullopt;
}

int Restore(const RestoreRecords& restore, const std::string& path, const RemovedRecords& removed,
            int exit_status) {
  const Result<std::string> restored = restore(path, removed);
  if (!restored.ok()) {
    return Complain(
        fmt::format("links and accounts were not restored: {}; run `smiled repair --all-users {}`",
                    restored.status().message(), path),
        kExitNotDone);
  }
  EndRepair(path);
  PrintText(stdout, *restored);
  return Printed(stdout) ? exit_status : Complain("cannot write to standard output", kExitNotDone);
}

}  // namespace

std::optional<int> RunMaintenance(std::span<const char* const> given,
                                  const RestoreRecords& restore) {
  if (given.empty()) return std::nullopt;
  const std::string_view command = given[0];
  if (command != "check" && command != "repair") return std::nullopt;
  Arguments arguments;
  if (const auto status = Parse(given, &arguments)) return status;
  const bool checks = command == "check";
  int exit_status = kExitNotDone;
  RemovedRecords removed;
  {
    const auto directory =
        RocksDirectory::Open(arguments.path, rocksdb::Env::Default(),
                             checks ? DirectoryUse::kRead : DirectoryUse::kWrite);
    if (!directory.ok()) return Complain(directory.status().message(), kExitNotDone);
    if (checks) return Check(**directory);
    exit_status = Repair(**directory, arguments.older_records, &removed);
  }
  if (arguments.all_users) removed = OfAllUsers();
  if (exit_status == kExitNotDone) return exit_status;
  if (removed.empty()) {
    EndRepair(arguments.path);
    return exit_status;
  }
  if (exit_status == kExitDamaged) {
    return Complain(
        fmt::format("links and accounts were not restored, as something is still damaged; "
                    "when it is not, run `smiled repair --all-users {}`",
                    arguments.path),
        exit_status);
  }
  return Restore(restore, arguments.path, removed, exit_status);
}

}  // namespace smile
