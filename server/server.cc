#include "server/server.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "protocol/operations.h"

namespace smile {
namespace {

EngineStats Describe(const WatchStats& stats) {
  return {
      {"watches.open_count", stats.watches},         {"watches.partitions_count", stats.targets},
      {"watches.memory_bytes", stats.watch_bytes},   {"watches.history_bytes", stats.history_bytes},
      {"watches.events_count", stats.events},        {"watches.gaps_count", stats.gaps},
      {"watches.ended_slow_count", stats.ended_slow}};
}

}  // namespace

Server::Server(const ServerOptions& options, const Clock& clock, const Logger& log)
    : clock_(clock),
      started_nanos_(clock.MonotonicNanos()),
      listening_on_(options.listen),
      log_(log, clock),
      budget_(options.max_connections),
      memory_(options.connection_memory_bytes),
      shared_{.handlers = serving_,
              .clock = clock,
              .log = log_,
              .budget = budget_,
              .memory = memory_,
              .idle_millis = options.idle_millis} {}

Result<std::unique_ptr<Server>> Server::Listen(const ServerOptions& options, const Clock& clock,
                                               const Logger& log) {
  CHECK(options.workers > 0, "somebody serves");
  std::unique_ptr<Server> server(new Server(options, clock, log));
  SMILE_ASSIGN(std::vector<ListeningSocket> sockets, ListenOn(options.listen, options.workers));
  CHECK(sockets.size() == options.workers, "each worker has a socket");
  server->listening_on_.port = sockets.front().port();
  for (ListeningSocket& socket : sockets) {
    SMILE_ASSIGN(std::unique_ptr<Worker> worker,
                 Worker::Create(server->shared_, std::move(socket)));
    server->workers_.push_back(std::move(worker));
  }
  for (const auto& worker : server->workers_) worker->Start();
  return server;
}

void Server::Serve(Engine& engine, const Services& services) {
  CHECK(handlers_ == nullptr, "it serves already");
  handlers_ = std::make_unique<const Handlers>(engine, services, clock_, [this, services] {
    EngineStats stats = Stats();
    const auto add = [&stats](const EngineStats& more) {
      stats.insert(stats.end(), more.begin(), more.end());
    };
    add(services.media.Stats());
    add(services.logins.Stats());
    add(Describe(services.watches.Stats()));
    if (services.sweeper != nullptr) add(services.sweeper->Stats());
    return stats;
  });
  serving_.store(handlers_.get(), std::memory_order_release);
}

Server::~Server() {
  for (const auto& worker : workers_) worker->Stop();
}

void Server::BeginDrain() {
  for (const auto& worker : workers_) worker->Drain();
}

bool Server::drained() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->drained(); });
}

void Server::AbortConnections() {
  for (const auto& worker : workers_) worker->AbortConnections();
}

uint64_t Server::open_connections() const {
  return Sum(&WorkerMetrics::connections_open);
}

uint64_t Server::requests_in_flight() const {
  return Sum(&WorkerMetrics::requests_in_flight);
}

uint64_t Server::Sum(Counter WorkerMetrics::*counter) const {
  uint64_t total = 0;
  for (const auto& worker : workers_) total += (worker->metrics().*counter).value();
  return total;
}

EngineStats Server::Stats() const {
  EngineStats stats;
  const auto sum = [this](auto&& counter_of) {
    uint64_t total = 0;
    for (const auto& worker : workers_) total += counter_of(worker->metrics()).value();
    return total;
  };
  using Metrics = WorkerMetrics;
  const std::pair<const char*, Counter Metrics::*> counters[] = {
      {"server.connections.accepted_count", &Metrics::connections_accepted},
      {"server.connections.rejected_count", &Metrics::connections_rejected},
      {"server.connections.open_count", &Metrics::connections_open},
      {"server.received_bytes", &Metrics::bytes_received},
      {"server.sent_bytes", &Metrics::bytes_sent},
      {"server.requests.in_flight_count", &Metrics::requests_in_flight},
      {"server.memory.input_bytes", &Metrics::memory_input},
      {"server.memory.request_bytes", &Metrics::memory_requests},
      {"server.memory.reply_bytes", &Metrics::memory_replies},
      {"server.memory.backpressure_count", &Metrics::backpressure},
      {"server.connections.closed_protocol_error_count", &Metrics::closed_protocol_error},
      {"server.connections.closed_hello_timeout_count", &Metrics::closed_hello_timeout},
      {"server.connections.closed_idle_timeout_count", &Metrics::closed_idle_timeout},
      {"server.connections.closed_frame_timeout_count", &Metrics::closed_frame_timeout},
      {"server.connections.closed_stalled_count", &Metrics::closed_stalled},
      {"server.connections.closed_memory_pressure_count", &Metrics::closed_memory_pressure},
  };
  for (const auto& [name, member] : counters) {
    stats.emplace_back(name, Sum(member));
  }
  Operations::ForEach([&]<class Row>() {
    stats.emplace_back(
        fmt::format("server.requests.{}_count", Row::kInfo.name),
        sum([](const Metrics& m) -> const Counter& { return m.requests[Row::kInfo.code]; }));
  });
  for (const CodeInfo& info : kCodes) {
    const auto index = static_cast<size_t>(info.code);
    stats.emplace_back(
        fmt::format("server.replies.{}_count", info.name),
        sum([index](const Metrics& m) -> const Counter& { return m.replies[index]; }));
  }
  stats.emplace_back("server.memory.limit_bytes", memory_.limit());
  stats.emplace_back("server.memory.used_bytes", memory_.used());
  stats.emplace_back("server.memory.read_result_bytes", memory_.read_bytes());
  stats.emplace_back("server.memory.rejected_count", memory_.rejections());
  stats.emplace_back("server.workers_count", workers_.size());
  stats.emplace_back("server.uptime_seconds",
                     (clock_.MonotonicNanos() - started_nanos_) / (1000 * kNanosPerMilli));
  return stats;
}

}  // namespace smile
