#include "client/smilecat/dump.h"

#include <cstdio>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/limits.h"
#include "base/print.h"
#include "base/progress.h"
#include "base/text.h"
#include "client/blocking.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/dump_line.h"
#include "client/smilecat/dump_walk.h"
#include "client/smilecat/link_path.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/reply.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr std::string_view kLinksTable = "links";
constexpr std::string_view kLoginsTable = "logins";

// All links, or those of a user.
Result<Path> LinksToDump(std::string_view text) {
  Path path;
  path.key.table = Table::kLinks;
  if (text == kLinksTable) return path;
  SMILE_ASSIGN(path.key.partition, ParseLinkUser(text));
  path.kind = Path::Kind::kPartition;
  return path;
}

// The paths of tables, or that of a partition.
Result<std::vector<Path>> WhatToDump(const std::string& text) {
  std::vector<Path> paths;
  if (text.empty()) {
    for (const TableInfo& table : ClientTables()) {
      SMILE_ASSIGN(Path path, ParsePath(table.name));
      paths.push_back(std::move(path));
    }
    SMILE_ASSIGN(Path links, LinksToDump(kLinksTable));
    paths.push_back(std::move(links));
    return paths;
  }
  if (text == kLoginsTable) return paths;
  if (text == kLinksTable || IsLinkPath(text)) {
    SMILE_ASSIGN(Path links, LinksToDump(text));
    paths.push_back(std::move(links));
    return paths;
  }
  SMILE_ASSIGN(Path path, ParsePath(text));
  // A table without sort keys has one record a partition, and the same path for both.
  const bool is_partition = path.kind == Path::Kind::kPartition ||
                            (path.kind == Path::Kind::kRecord && path.key.sort.empty());
  if (path.kind == Path::Kind::kTable || is_partition) {
    paths.push_back(std::move(path));
    return paths;
  }
  return Status(Code::kInvalid,
                fmt::format("dump takes a table or a partition, such as users or users/42; {} is "
                            "neither",
                            text));
}

// One dump: records to lines, and lines to where they go.
class DumpRun {
 public:
  DumpRun(OutputFile* file, const LinkKinds* kinds, const Interrupt* interrupt,
          const ServerWatch* watch, const Clock* clock)
      : file_(file),
        kinds_(kinds),
        interrupt_(interrupt),
        watch_(watch),
        progress_(stderr, clock) {}

  // Ends what is in flight when it is interrupted: `client` is null then.
  Status Walk(const Path& path, int64_t deadline_millis, std::unique_ptr<Client>* client) {
    DumpWalk walk(client->get(), deadline_millis, path.key.table);
    if (path.kind != Path::Kind::kTable) walk.Only(path.key.partition);
    Status status = walk.Run(Sink(client));
    partitions_ += walk.partitions();
    return status;
  }

  // All logins, with their credentials.
  Status WalkLogins(int64_t deadline_millis, Client* client) {
    Bytes continuation;
    do {
      op::LoginExport::Request request{.limit = limits::kMaxExportedLogins};
      if (!continuation.empty()) request.continuation = continuation;
      const auto page = BlockingClient(client).Call<op::LoginExport>(
          request, {.deadline_millis = deadline_millis});
      if (!page.ok()) return page.status();
      for (const op::LoginCredential& login : page->logins) SMILE_TRY(Write(DumpLine(login)));
      if (page->gap) {
        ++gaps_;
        Tell("some logins cannot be read");
      }
      continuation = Bytes(page->continuation);
    } while (!continuation.empty());
    return {};
  }

  bool whole() const { return refused_ == 0 && unread_ == 0 && gaps_ == 0; }

  Status Finish() {
    progress_.Clear();
    if (file_ != nullptr) return file_->Commit();
    return std::fflush(stdout) == 0 ? Status() : NoOutput();
  }

  void PrintSummary(const std::string& name) {
    PrintTo(stderr, "{}: {} of {}, {} not read whole, {} and {} not readable; {:.1f} s\n",
            Printable(name), Counted(records_, "record"), Counted(partitions_, "partition"),
            refused_, Counted(unread_, "record"), Counted(gaps_, "range"), progress_.seconds());
  }

 private:
  DumpWalk::Sink Sink(std::unique_ptr<Client>* client) {
    return {.record = [this](const KeyView& key,
                             const RecordView& record) { return Write(DumpLine(key, record)); },
            .unread =
                [this](const KeyView& key) {
                  ++unread_;
                  Tell(fmt::format("{} cannot be read", FormatKey(key)));
                },
            .gap =
                [this](const std::string& where) {
                  ++gaps_;
                  Tell(fmt::format("{} cannot be read", where));
                },
            .link = [this](uint64_t user, uint8_t kind,
                           const op::LinkEntry& entry) { return WriteLink(user, kind, entry); },
            .refused =
                [this](const PartitionView& partition, const Status& status) {
                  ++refused_;
                  Tell(fmt::format("{}: {}", FormatPartition(partition), status.ToString()));
                },
            .waiting =
                [this, client] {
                  ShowProgress(/*waiting=*/true);
                  if (interrupt_->Raised()) client->reset();
                  return Interrupted();
                }};
  }

  void Tell(const std::string& words) {
    progress_.Clear();
    Complain(words);
  }

  void ShowProgress(bool waiting) {
    const std::string trouble = watch_->Trouble(waiting);
    progress_.Update(
        {.unit = "records", .done = records_, .done_here = records_, .trouble = trouble});
  }

  Status Interrupted() const {
    if (!interrupt_->Raised()) return {};
    return {Code::kInvalid, "interrupted, the dump is not whole"};
  }

  static Status NoOutput() { return {Code::kInvalid, "cannot write to standard output"}; }

  Status WriteLink(uint64_t user, uint8_t kind, const op::LinkEntry& entry) {
    if (entry.outcome == EntryOutcome::kFound) return Write(DumpLine(user, kind, entry, *kinds_));
    const std::string links = fmt::format("links/{}/{}", user, kinds_->NameOf(kind));
    if (entry.outcome == EntryOutcome::kGap) {
      ++gaps_;
      Tell(fmt::format("some links of {} cannot be read", links));
    } else {
      ++unread_;
      Tell(fmt::format("{}/{} cannot be read", links, entry.other));
    }
    return {};
  }

  Status Write(const std::string& line) {
    SMILE_TRY(Interrupted());
    ++records_;
    ShowProgress(/*waiting=*/false);
    if (file_ != nullptr) return file_->Write(line);
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() ? Status() : NoOutput();
  }

  OutputFile* const file_;  // null: standard output
  const LinkKinds* const kinds_;
  const Interrupt* const interrupt_;
  const ServerWatch* const watch_;
  Progress progress_;
  uint64_t records_ = 0;
  uint64_t partitions_ = 0;
  uint64_t refused_ = 0;  // partitions
  uint64_t unread_ = 0;   // records
  uint64_t gaps_ = 0;
};

}  // namespace

ExitStatus RunDump(const DumpOptions& options) {
  const Result<std::vector<Path>> paths = WhatToDump(options.path);
  if (!paths.ok()) return Complain(paths.status().message(), ExitStatus::kUsage);
  if (options.path == kLoginsTable && !options.with_credentials) {
    return Complain("logins are dumped with their credentials only: dump logins --with-credentials",
                    ExitStatus::kUsage);
  }
  std::unique_ptr<OutputFile> file;
  if (!options.output_file.empty()) {
    Result<std::unique_ptr<OutputFile>> created = OutputFile::Create(options.output_file);
    if (!created.ok()) return Complain(created.status().message(), ExitStatus::kFile);
    file = std::move(*created);
  }
  const Interrupt interrupt([&file] {
    if (file != nullptr) file->Remove();
  });
  const SystemClock clock;
  ServerWatch watch(&clock);
  Result<std::unique_ptr<Client>> client = Connect(options.server, &watch);
  if (!client.ok()) return Complain(client.status().message(), ExitStatus::kConnection);
  Status status = Probe(client->get(), options.server.deadline_millis);
  if (!status.ok()) return Complain(Complaint(status), ExitStatusOf(status));
  DumpRun run(file.get(), &options.server.link_kinds, &interrupt, &watch, &clock);
  const bool wants_logins = options.path.empty() || options.path == kLoginsTable;
  if (wants_logins && options.with_credentials) {
    status = run.WalkLogins(options.server.deadline_millis, client->get());
  }
  for (const Path& path : *paths) {
    if (status.ok()) status = run.Walk(path, options.server.deadline_millis, &*client);
  }
  if (status.ok()) status = run.Finish();
  if (!status.ok()) {
    const bool ours = status.code() == Code::kInvalid;  // the output's, or an interruption
    if (!ours) return Complain(Complaint(status), ExitStatusOf(status));
    return Complain(status.message(),
                    interrupt.Raised() ? ExitStatus::kInterrupted : ExitStatus::kFile);
  }
  if (options.path.empty() && !options.with_credentials) {
    Complain("logins are left out; --with-credentials includes them");
  }
  run.PrintSummary(options.path.empty() ? "all tables" : options.path);
  return run.whole() ? ExitStatus::kOk : ExitStatus::kIncomplete;
}

}  // namespace smile::cat
