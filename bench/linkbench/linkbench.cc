#include "bench/linkbench/linkbench.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "bench/linkbench/social_store.h"

namespace smile::bench {
namespace {

// The nodes of a graph, in order.
class WholeGraph final : public LoadSource {
 public:
  WholeGraph(uint64_t nodes, const LinkBenchHooks* hooks, LinkBenchResults* results)
      : nodes_(nodes), hooks_(hooks), results_(results) {}

  uint64_t Take(uint64_t count, uint64_t* first) override {
    const std::lock_guard lock(mutex_);
    results_->interrupted = results_->interrupted || hooks_->interrupted();
    if (results_->interrupted) return 0;
    *first = next_;
    const uint64_t taken = std::min(count, nodes_ + 1 - next_);
    next_ += taken;
    return taken;
  }

  void Written(uint64_t nodes, uint64_t links) override {
    const std::lock_guard lock(mutex_);
    const uint64_t done = results_->nodes_loaded += nodes;
    results_->links_loaded += links;
    hooks_->progress(
        {.unit = "nodes", .done = done, .done_here = done, .part = done, .whole = nodes_});
  }

 private:
  const uint64_t nodes_;
  const LinkBenchHooks* const hooks_;
  LinkBenchResults* const results_;
  std::mutex mutex_;
  uint64_t next_ = 1;
};

// The clients of the requests. Counting begins at a time, and ends with the last request.
class Requests final : public ClientWork {
 public:
  Requests(const LinkBenchOptions& options, const Graph& graph, const AccessShapes& shapes,
           const Clock& clock, const LinkBenchHooks* hooks);

  // Until then requests are begun; those begun before `count_from` are not counted.
  void Between(int64_t count_from, int64_t end) {
    count_from_ = count_from;
    end_ = end;
  }

  bool Next(uint32_t client, LinkRequest* request) override;
  void Done(uint32_t client, const LinkRequest& request, const Status& status,
            const LinkAnswer& answer) override;

  // When all are done.
  void AddTo(LinkBenchResults* results) const;

 private:
  struct Client {
    LinkRequests requests;
    int64_t begun_nanos = 0;
  };
  // Clients share them, because one for each would take much memory.
  struct Counts {
    std::mutex mutex;
    std::array<LinkOpResults, kLinkOps.size()> operations;
    uint64_t history_queries = 0;
    std::map<Code, uint64_t> errors;
    Status first_error;
  };
  static constexpr size_t kCounts = 16;

  const Clock& clock_;
  const LinkBenchHooks* const hooks_;
  int64_t count_from_ = 0;
  int64_t end_ = 0;
  std::vector<Client> clients_;
  std::array<Counts, kCounts> counts_;
  std::atomic<bool> interrupted_{false};
};

Requests::Requests(const LinkBenchOptions& options, const Graph& graph, const AccessShapes& shapes,
                   const Clock& clock, const LinkBenchHooks* hooks)
    : clock_(clock), hooks_(hooks) {
  // Another run on the same graph sends other requests.
  const auto first = static_cast<uint64_t>(clock.WallMillis()) << 20;
  for (uint32_t i = 0; i < options.clients; ++i) {
    clients_.push_back({LinkRequests(&graph, &shapes, first + i, options.only, options.others)});
  }
}

bool Requests::Next(uint32_t client, LinkRequest* request) {
  const int64_t now = clock_.MonotonicNanos();
  if (hooks_->interrupted()) interrupted_ = true;
  if (now >= end_ || interrupted_) return false;
  clients_[client].requests.Next(static_cast<uint64_t>(clock_.WallMillis()), request);
  clients_[client].begun_nanos = clock_.MonotonicNanos();
  return true;
}

void Requests::Done(uint32_t client, const LinkRequest& request, const Status& status,
                    const LinkAnswer& answer) {
  const int64_t nanos = clock_.MonotonicNanos() - clients_[client].begun_nanos;
  if (status.ok()) clients_[client].requests.OnAnswer(request, answer);
  if (clients_[client].begun_nanos < count_from_ && status.ok()) return;
  Counts& counts = counts_[client % kCounts];
  const std::lock_guard lock(counts.mutex);
  if (!status.ok()) {
    ++counts.errors[status.code()];
    if (counts.first_error.ok()) counts.first_error = status;
    return;
  }
  LinkOpResults& operation = counts.operations[static_cast<size_t>(request.op)];
  operation.latencies.Add(nanos);
  operation.found += answer.found;
  if (request.until_ms.has_value()) ++counts.history_queries;
}

void Requests::AddTo(LinkBenchResults* results) const {
  for (const Counts& counts : counts_) {
    for (size_t i = 0; i < kLinkOps.size(); ++i) {
      results->operations[i].latencies.Add(counts.operations[i].latencies);
      results->operations[i].found += counts.operations[i].found;
    }
    results->history_queries += counts.history_queries;
    for (const auto& [code, count] : counts.errors) results->errors[code] += count;
    if (results->first_error.ok()) results->first_error = counts.first_error;
  }
  results->interrupted = interrupted_;
}

// What a part of the run takes.
class PartMeter {
 public:
  PartMeter(const LinkBenchOptions& options, const Clock& clock)
      : options_(options),
        clock_(clock),
        server_(options.server_pid),
        client_before_(OwnCpuSeconds()),
        start_nanos_(clock.MonotonicNanos()) {}

  LinkBenchPart Read() const {
    LinkBenchPart part;
    part.seconds = static_cast<double>(clock_.MonotonicNanos() - start_nanos_) / 1e9;
    part.client_cpu_seconds = OwnCpuSeconds() - client_before_;
    if (options_.server_pid != 0) part.server = server_.Read();
    return part;
  }

 private:
  const LinkBenchOptions& options_;
  const Clock& clock_;
  const ProcessMeter server_;
  const double client_before_;
  const int64_t start_nanos_;
};

int64_t NanosOf(double seconds) {
  return static_cast<int64_t>(seconds * 1e9);
}

Status SendRequests(const LinkBenchOptions& options, const Graph& graph, const Clock& clock,
                    const LinkBenchHooks& hooks, SocialStore* store, LinkBenchResults* results) {
  const AccessShapes shapes(&graph);
  const auto requests = std::make_unique<Requests>(options, graph, shapes, clock, &hooks);
  if (options.warm_seconds > 0) {
    requests->Between(INT64_MAX, clock.MonotonicNanos() + NanosOf(options.warm_seconds));
    SMILE_TRY(store->Run(requests.get()));
  }
  const PartMeter meter(options, clock);
  requests->Between(0, clock.MonotonicNanos() + NanosOf(options.seconds));
  Status status = store->Run(requests.get());
  results->run = meter.Read();
  requests->AddTo(results);
  return status;
}

}  // namespace

uint64_t LinkBenchResults::succeeded() const {
  uint64_t total = 0;
  for (const LinkOpResults& operation : operations) total += operation.latencies.count();
  return total;
}

Result<LinkBenchResults> RunLinkBench(const LinkBenchOptions& options, const Clock& clock,
                                      const LinkBenchHooks& hooks) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  const bool smile = options.store == StoreKind::kSmile;
  SMILE_ASSIGN(const std::unique_ptr<SocialStore> store,
               smile ? MakeSmileStore(options) : MakeMysqlStore(options));
  SMILE_TRY(store->Connect());
  const Graph graph(options.nodes, options.seed);
  LinkBenchResults results;
  Status status;
  if (options.load) {
    WholeGraph source(options.nodes, &hooks, &results);
    const PartMeter meter(options, clock);
    status = store->Load(graph, &source);
    results.load = meter.Read();
  }
  if (options.run && status.ok() && !results.interrupted) {
    status = SendRequests(options, graph, clock, hooks, store.get(), &results);
  }
  if (!status.ok() && results.first_error.ok()) {
    results.first_error = status;
    ++results.errors[status.code()];
  }
  return results;
}

}  // namespace smile::bench
