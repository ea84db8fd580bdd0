// smiled: options in, engine and server up, signals out. The one place that names the engine.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/standard_streams.h"
#include "server/file_limit.h"
#include "server/options.h"
#include "server/server.h"
#include "storage/rocks/rocks_engine.h"

namespace smile {
namespace {

constexpr uint16_t kDefaultPort = 7645;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int64_t kDrainLookMillis = 20;

int Fail(const Status& status, int exit_status) {
  std::fprintf(stderr, "smiled: %s\n", status.words().c_str());
  return exit_status;
}

Result<LogLevel> ParseLogLevel(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return Status(Code::kInvalid,
                fmt::format("--log-level is debug, info, warning or error, not \"{}\"", name));
}

Result<ServerOptions> ToServerOptions(const Options& options) {
  SMILE_ASSIGN(Endpoint listen, ParseEndpoint(options.listen, kDefaultPort));
  const uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
  return ServerOptions{
      .listen = std::move(listen),
      .workers = options.workers == 0 ? cores : static_cast<uint32_t>(options.workers),
      .max_connections = static_cast<uint32_t>(options.max_connections),
      .idle_millis = static_cast<int64_t>(options.idle_timeout_seconds) * 1000};
}

// Fewer connections than asked for, if there are not enough descriptors for them.
Status FitConnections(uint32_t* max_connections, const Logger& log) {
  const uint64_t files = RaiseFileLimit(uint64_t{*max_connections} + limits::kReservedDescriptors);
  if (files <= limits::kReservedDescriptors) {
    return {Code::kUnavailable,
            fmt::format("this process may open only {} files and needs more than {}: raise the "
                        "hard limit (ulimit -Hn)",
                        files, limits::kReservedDescriptors)};
  }
  const uint64_t fit = files - limits::kReservedDescriptors;
  if (fit >= *max_connections) return {};
  log.Warning(
      fmt::format("this process may open only {} files: it takes up to {} connections, "
                  "not {}; raise the hard limit (ulimit -Hn) for more",
                  files, fit, *max_connections));
  *max_connections = static_cast<uint32_t>(fit);
  return {};
}

RocksOptions ToRocksOptions(const Options& options) {
  return {.directory = options.data,
          .committers = static_cast<uint32_t>(options.committers),
          .readers = static_cast<uint32_t>(options.readers),
          .record_cache_bytes = options.record_cache_mib << 20,
          .block_cache_bytes = options.block_cache_mib << 20,
          .accept_wal_loss = options.accept_wal_loss};
}

// Signals are taken by sigwait in main alone; threads made later inherit the mask.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Until all connections are closed: by themselves, or by force once the time is over or a signal
// comes again.
void Drain(Server& server, const sigset_t& signals, const Clock& clock, int64_t drain_millis,
           const Logger& log) {
  const int64_t end_nanos = clock.MonotonicNanos() + drain_millis * kNanosPerMilli;
  const timespec look{.tv_sec = 0, .tv_nsec = kDrainLookMillis * kNanosPerMilli};
  bool by_force = false;
  server.BeginDrain();
  while (!server.drained()) {
    const bool again = sigtimedwait(&signals, nullptr, &look) > 0;
    if (by_force || (!again && clock.MonotonicNanos() < end_nanos)) continue;
    log.Warning(fmt::format("{} connections are dropped: {}", server.open_connections(),
                            again ? "a second signal came" : "their time to finish is over"));
    server.AbortConnections();
    by_force = true;
  }
}

int Serve(const Options& options, const sigset_t& signals) {
  Result<LogLevel> level = ParseLogLevel(options.log_level);
  if (!level.ok()) return Fail(level.status(), kExitUsage);
  const Logger log(*level);
  const SystemClock clock;
  Result<ServerOptions> server_options = ToServerOptions(options);
  if (!server_options.ok()) return Fail(server_options.status(), kExitUsage);
  if (Status status = FitConnections(&server_options->max_connections, log); !status.ok()) {
    return Fail(status, kExitFailed);
  }

  Result<std::unique_ptr<RocksEngine>> opened =
      RocksEngine::Open(ToRocksOptions(options), &clock, &log);
  if (!opened.ok()) return Fail(opened.status(), kExitFailed);
  Engine& engine = **opened;
  Result<std::unique_ptr<Server>> started = Server::Start(*server_options, engine, clock);
  if (!started.ok()) return Fail(started.status(), kExitFailed);
  Server& server = **started;
  const std::string address = server.listening_on().ToString();
  std::printf("smiled listens on %s\ndata is in %s\ntry: smilecat -s %s ping\n", address.c_str(),
              std::filesystem::absolute(options.data).lexically_normal().c_str(), address.c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  log.Info("stopping: requests that were accepted are answered first");
  Drain(server, signals, clock, static_cast<int64_t>(options.drain_seconds) * 1000, log);
  engine.Close();
  log.Info("stopped");
  return 0;
}

}  // namespace
}  // namespace smile

int main(int argc, char** argv) {
  smile::OpenStandardStreams();
  const sigset_t signals = smile::BlockSignals();
  smile::Result<smile::CommandLine> line = smile::ParseCommandLine(argc, argv);
  if (!line.ok()) return smile::Fail(line.status(), smile::kExitUsage);
  if (line->action == smile::CommandLine::Action::kPrint) {
    std::fputs(line->text.c_str(), stdout);
    return 0;
  }
  return smile::Serve(line->options, signals);
}
