// smiled: reads options, starts engine and server, and handles signals. The only place that names
// engine and content store.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/bounded_write.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random_bytes.h"
#include "base/standard_streams.h"
#include "server/file_limit.h"
#include "server/lifecycle.h"
#include "server/machine_memory.h"
#include "server/options.h"
#include "server/server.h"
#include "server/services.h"
#include "server/signals.h"
#include "server/version.h"
#include "service/links/link_restorer.h"
#include "service/links/link_service.h"
#include "service/logins/login_service.h"
#include "service/media/media_service.h"
#include "service/sweeper.h"
#include "service/users/account_restorer.h"
#include "service/users/user_service.h"
#include "storage/content/content_files.h"
#include "storage/rocks/maintenance.h"
#include "storage/rocks/rocks_engine.h"

namespace smile {
namespace {

constexpr uint16_t kDefaultPort = 7645;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int Fail(const Status& status, int exit_status) {
  WriteWithin(STDERR_FILENO, fmt::format("smiled: {}\n", status.message()),
              limits::kLastMessageMillis);
  return exit_status;
}

// Ends the process while threads are still running.
[[noreturn]] void EndNow(const Logger& log) {
  log.Flush();
  std::_Exit(0);
}

Result<LogLevel> ParseLogLevel(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return Status(Code::kInvalid,
                fmt::format("--log-level: \"{}\" is not debug, info, warning or error", name));
}

Result<ServerOptions> ToServerOptions(const Options& options) {
  SMILE_ASSIGN(Endpoint listen, ParseEndpoint(options.listen, kDefaultPort));
  SMILE_ASSIGN(const uint64_t connection_memory,
               ConnectionMemoryBytes(options.connection_memory_mib, MemoryOfMachine()));
  SMILE_TRY(CheckConnectionMemory(options.max_connections, connection_memory));
  const uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
  return ServerOptions{
      .listen = std::move(listen),
      .workers = options.workers == 0 ? cores : static_cast<uint32_t>(options.workers),
      .max_connections = static_cast<uint32_t>(options.max_connections),
      .connection_memory_bytes = connection_memory,
      .idle_millis = static_cast<int64_t>(options.idle_timeout_seconds) * 1000};
}

// Reduces the number of connections if there are not enough descriptors.
Status FitConnections(uint32_t* max_connections, const Logger& log) {
  const uint64_t files = RaiseFileLimit(uint64_t{*max_connections} + limits::kReservedDescriptors);
  if (files <= limits::kReservedDescriptors) {
    return {Code::kUnavailable,
            fmt::format("the limit of {} open files is too low, more than {} are needed: raise the "
                        "hard limit (ulimit -Hn)",
                        files, limits::kReservedDescriptors)};
  }
  GrowFileTable(files);
  const uint64_t fit = files - limits::kReservedDescriptors;
  if (fit >= *max_connections) return {};
  log.Warning(
      fmt::format("the limit of {} open files allows {} connections, not {}: raise the hard "
                  "limit (ulimit -Hn) for more",
                  files, fit, *max_connections));
  *max_connections = static_cast<uint32_t>(fit);
  return {};
}

RocksOptions ToRocksOptions(const Options& options, OpenProgress* progress) {
  return {.directory = options.data,
          .readers = static_cast<uint32_t>(options.readers),
          .record_cache_bytes = options.record_cache_mib << 20,
          .block_cache_bytes = options.block_cache_mib << 20,
          .accept_wal_loss = options.accept_wal_loss,
          .new_epoch = options.new_epoch,
          .progress = progress};
}

HasherOptions ToHasherOptions(const Options& options) {
  const uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
  return {
      .params = {.memory_kib = static_cast<uint32_t>(options.argon2_memory_kib),
                 .passes = static_cast<uint32_t>(options.argon2_passes),
                 .lanes = static_cast<uint32_t>(options.argon2_lanes)},
      .threads = options.hash_threads == 0 ? cores : static_cast<uint32_t>(options.hash_threads)};
}

// An error before the server serves, for stderr and the exit status.
struct Failure {
  Status why;
  int exit_status;
};

// Progress while the database is being opened.
std::string DescribeOpening(const OpenProgress& progress) {
  const uint64_t whole = progress.bytes_to_read;
  if (whole == 0) return "";
  const uint64_t read = std::min<uint64_t>(progress.bytes_read, whole);
  return fmt::format(", {} of {} MiB of the write-ahead log read ({} %)", read >> 20, whole >> 20,
                     read * 100 / whole);
}

std::string DescribeRecovery(const OpenProgress& progress, int64_t nanos) {
  const std::string time =
      fmt::format("opened the database in {:.3f} s: ", static_cast<double>(nanos) / 1e9);
  if (progress.writes == 0) return time + "nothing to replay";
  return time + fmt::format("replayed {} writes ({} bytes in {} write-ahead logs)",
                            progress.writes.load(), progress.log_bytes.load(),
                            progress.logs.load());
}

// Prints on stdout that the server serves. Possibly nobody reads it.
void SayReady(const Server& server, const Options& options, const Logger& log) {
  const std::string address = server.listening_on().ToString();
  const std::string text =
      fmt::format("smiled listens on {}\ndata is in {}\ntry: smilecat -s {} ping\n", address,
                  std::filesystem::absolute(options.data).lexically_normal().string(), address);
  log.Info("serving on " + address);
  if (WriteWithin(STDOUT_FILENO, text, limits::kLastMessageMillis).written < text.size()) {
    log.Warning("stdout is blocked: the startup message was not printed");
  }
}

// Rarely what is meant, as long as there is no authentication.
void WarnIfOpenToAll(const Endpoint& address, const Logger& log) {
  if (address.host != "0.0.0.0" && address.host != "::") return;
  log.Warning(
      fmt::format("listening on all addresses ({}): there is no authentication, so every "
                  "host that reaches one of them can read and write all data",
                  address.ToString()));
}

// What the server stores in, and the services on it.
class Backends {
 public:
  static Result<std::unique_ptr<Backends>> Open(const Options& options, OpenProgress* progress,
                                                const Clock* clock, const Logger* log) {
    // The engine first: it creates the data directory, and locks it.
    SMILE_ASSIGN(auto engine, RocksEngine::Open(ToRocksOptions(options, progress), clock, log));
    SMILE_ASSIGN(auto contents,
                 ContentFiles::Open({.directory = options.data + "/content"}, clock));
    return std::unique_ptr<Backends>(
        new Backends(std::move(engine), std::move(contents), ToHasherOptions(options), *clock));
  }

  Engine& engine() { return *engine_; }
  Services services(bool allow_credential_export) {
    return {.media = media_,
            .links = links_,
            .logins = logins_,
            .sessions = sessions_,
            .users = users_,
            .feeds = feeds_,
            .watches = watches_,
            .allow_credential_export = allow_credential_export,
            .sweeper = &sweeper_};
  }
  void StartSweeper() { sweeper_.Start(); }

  // When the server is drained. What services do meanwhile ends with what the next call of a
  // backend answers. The contents are first: the sweeper may wait for an upload that is being
  // committed, and hashing that may take minutes.
  void Close() {
    contents_->Close();
    sweeper_.Stop();
    hasher_.Stop();
    engine_->Close();
  }

 private:
  Backends(std::unique_ptr<RocksEngine> engine, std::unique_ptr<ContentFiles> contents,
           const HasherOptions& hashes, const Clock& clock)
      : engine_(std::move(engine)),
        contents_(std::move(contents)),
        hasher_(hashes, clock),
        media_(*engine_, *contents_, clock, RandomContentId),
        links_(*engine_, clock),
        feeds_(*engine_, links_),
        sessions_(*engine_, clock, RandomBytes),
        logins_(*engine_, hasher_, sessions_, clock, RandomBytes),
        users_(*engine_, media_, links_, logins_, sessions_, clock),
        sweeper_(
            *engine_, clock, [this](WorkItem item) { return Finish(std::move(item)); },
            [this] { return media_.ReleaseDoubtful(); }) {
    watches_.StartFrom(engine_->Observe(&watches_));
  }

  Task<Status> Finish(WorkItem item) const {
    switch (item.kind) {
      case WorkKind::kRevoke:
        return sessions_.Finish(std::move(item));
      case WorkKind::kErase:
        return users_.Finish(std::move(item));
      case WorkKind::kUpload:
      case WorkKind::kRelease:
        break;
    }
    return media_.Finish(std::move(item));
  }

  WatchHub watches_;
  const std::unique_ptr<RocksEngine> engine_;
  const std::unique_ptr<ContentFiles> contents_;
  PasswordHasher hasher_;
  const MediaService media_;
  const LinkService links_;
  const FeedService feeds_;
  const SessionService sessions_;
  const LoginService logins_;
  const UserService users_;
  Sweeper sweeper_;
};

// Serves until a request to stop; nullopt after an orderly end.
std::optional<Failure> Serve(const Options& options, Signals* signals, const Clock& clock,
                             const Logger& log) {
  log.Info(fmt::format("{} starting, process {}; non-default options: {}", kServerName, getpid(),
                       DescribeChanges(options)));
  if (Status status = CheckParams(ToHasherOptions(options).params); !status.ok()) {
    return Failure{{status.code(), "--argon2-...: " + status.message()}, kExitUsage};
  }
  Result<ServerOptions> server_options = ToServerOptions(options);
  if (!server_options.ok()) return Failure{server_options.status(), kExitUsage};
  if (Status status = FitConnections(&server_options->max_connections, log); !status.ok()) {
    return Failure{status, kExitFailed};
  }
  std::optional<Result<std::unique_ptr<Backends>>> opened;  // outlives the server
  Result<std::unique_ptr<Server>> listening = Server::Listen(*server_options, clock, log);
  if (!listening.ok()) {
    const bool invalid = listening.status().code() == Code::kInvalid;  // the address of --listen
    return Failure{listening.status(), invalid ? kExitUsage : kExitFailed};
  }
  Server& server = **listening;
  WarnIfOpenToAll(server.listening_on(), log);

  Lifecycle lifecycle(signals, clock, log);
  OpenProgress progress;
  const int64_t begin_nanos = clock.MonotonicNanos();
  const auto open = [&] { opened.emplace(Backends::Open(options, &progress, &clock, &log)); };
  if (!lifecycle.Open(open, [&] { return DescribeOpening(progress); })) EndNow(log);
  if (!opened->ok()) return Failure{opened->status(), kExitFailed};
  log.Info(DescribeRecovery(progress, clock.MonotonicNanos() - begin_nanos));
  Backends& backends = ***opened;
  server.Serve(backends.engine(), backends.services(options.allow_credential_export));
  backends.StartSweeper();
  SayReady(server, options, log);

  lifecycle.WaitForStop();
  lifecycle.Drain(server, static_cast<int64_t>(options.drain_seconds) * 1000);
  if (!lifecycle.Close([&backends] { backends.Close(); })) EndNow(log);
  log.Info("stopped");
  return {};
}

// An empty id is unbounded.
UserRange UsersOf(const PartitionRange& range) {
  return {.first = DecodePartition(range.first).value_or(0),
          .last = DecodePartition(range.last).value_or(UINT64_MAX)};
}

std::vector<UserRange> UsersOf(const std::vector<PartitionRange>& ranges) {
  std::vector<UserRange> users;
  users.reserve(ranges.size());
  for (const PartitionRange& range : ranges) users.push_back(UsersOf(range));
  return users;
}

Result<std::string> RestoreLinksIn(Engine& engine, const std::vector<PartitionRange>& removed,
                                   Progress* progress) {
  LinkRestorer restorer(engine, UsersOf(removed), [progress](uint64_t users) {
    progress->Update({.unit = "users with links", .done = users, .done_here = users});
  });
  SMILE_ASSIGN(const RestoredLinks restored, restorer.Run().Wait());
  return fmt::format("links: {} restored from their other side or view, {} corrected\n",
                     Counted(restored.sides, "side"), Counted(restored.counts, "count"));
}

Result<std::string> RestoreAccountsIn(Engine& engine, const Clock& clock,
                                      const std::vector<PartitionRange>& removed,
                                      Progress* progress) {
  AccountRestorer restorer(engine, clock, UsersOf(removed), [progress](uint64_t records) {
    progress->Update(
        {.unit = "logins, sessions and uploads", .done = records, .done_here = records});
  });
  SMILE_ASSIGN(const uint64_t restored, restorer.Run().Wait());
  return fmt::format("accounts: {} restored from logins, sessions and uploads\n",
                     Counted(restored, "record"));
}

// See storage/rocks/maintenance.h.
Result<std::string> RestoreRecordsIn(const std::string& directory, const RemovedRecords& removed) {
  const SystemClock clock;
  const Logger log(LogLevel::kOff);
  SMILE_ASSIGN(const auto engine, RocksEngine::Open({.directory = directory}, &clock, &log));
  Progress progress(stderr, &clock);
  Result<std::string> lines = std::string();
  if (!removed.links.empty()) lines = RestoreLinksIn(*engine, removed.links, &progress);
  if (lines.ok() && !removed.accounts.empty()) {
    const auto accounts = RestoreAccountsIn(*engine, clock, removed.accounts, &progress);
    lines = accounts.ok() ? *lines + *accounts : accounts;
  }
  engine->Close();
  return lines;
}

int Run(const Options& options, Signals* signals) {
  Result<LogLevel> level = ParseLogLevel(options.log_level);
  if (!level.ok()) return Fail(level.status(), kExitUsage);
  const SystemClock clock;
  std::optional<Failure> failure;
  {
    // Its lines are written before the last message.
    const Logger log(*level);
    failure = Serve(options, signals, clock, log);
  }
  return failure.has_value() ? Fail(failure->why, failure->exit_status) : 0;
}

}  // namespace
}  // namespace smile

int main(int argc, char** argv) {
  smile::OpenStandardStreams();
  umask(0077);  // other users have no access to its files
  const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
  if (const auto status =
          smile::RunMaintenance(arguments.subspan(argc > 0 ? 1 : 0), smile::RestoreRecordsIn)) {
    return *status;
  }
  smile::Signals signals;
  smile::Result<smile::CommandLine> line = smile::ParseCommandLine(argc, argv);
  if (!line.ok()) return smile::Fail(line.status(), smile::kExitUsage);
  if (line->action == smile::CommandLine::Action::kPrint) {
    std::fputs(line->text.c_str(), stdout);
    return 0;
  }
  return smile::Run(line->options, &signals);
}
