// Smile as a store of LinkBench: one event loop with all connections.
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "bench/linkbench/node_load.h"
#include "bench/linkbench/social_store.h"
#include "client/connection.h"
#include "net/event_loop.h"

namespace smile::bench {
namespace {

constexpr std::string_view kNodeRecord = "node";
constexpr uint8_t kOneWayKind = 16;  // the first of kLinkKinds, likewise below
constexpr uint8_t kMutualKind = 1;
constexpr uint32_t kLoadDepth = 32;     // requests in flight per connection during the load
constexpr uint64_t kNodesPerLoad = 64;  // that a client takes at once

// The clients of a load: each writes nodes one after the other. In the end those that have none
// left help with the links of the others, of which a few have very many.
class LoadWork final : public ClientWork {
 public:
  LoadWork(const Graph* graph, LoadSource* source, uint64_t now_ms, uint32_t clients)
      : graph_(graph), source_(source), now_ms_(now_ms), clients_(clients) {}

  bool Next(uint32_t client, LinkRequest* request) override {
    Client& own = clients_[client];
    for (;;) {
      if (NextOf(&own, request)) return failure_.ok();
      if (own.left == 0) own.left = source_->Take(kNodesPerLoad, &own.next);
      if (own.left == 0) break;
      --own.left;
      own.load.emplace(graph_, own.next++, now_ms_);
    }
    const bool helps = std::any_of(clients_.begin(), clients_.end(),
                                   [&](Client& other) { return NextOf(&other, request); });
    return helps && failure_.ok();
  }

  void Done(uint32_t /*client*/, const LinkRequest& /*request*/, const Status& status,
            const LinkAnswer& /*answer*/) override {
    if (!status.ok() && failure_.ok()) failure_ = status;
  }

  const Status& failure() const { return failure_; }

 private:
  struct Client {
    uint64_t next = 0;
    uint64_t left = 0;  // nodes from `next` on
    std::optional<NodeLoad> load;
  };

  bool NextOf(Client* client, LinkRequest* request) {
    if (!client->load.has_value()) return false;
    if (client->load->Next(request)) return true;
    source_->Written(1, client->load->links());
    client->load.reset();
    return false;
  }

  const Graph* const graph_;
  LoadSource* const source_;
  const uint64_t now_ms_;
  std::vector<Client> clients_;
  Status failure_;
};

class SmileStore final : public SocialStore {
 public:
  SmileStore(std::unique_ptr<EventLoop> loop, const LinkBenchOptions& options);
  ~SmileStore() override { loop_->OnTurnEnd(nullptr); }

  Status Connect() override;
  Status Load(const Graph& graph, LoadSource* source) override;
  Status Run(ClientWork* work) override { return RunClients(options_.clients, work); }

 private:
  // A client and its request in flight.
  struct Slot {
    LinkRequest request;
    LinkAnswer answer;
  };

  Status RunClients(uint32_t clients, ClientWork* work);
  void Begin(uint32_t client);
  void Send(uint32_t client);
  void SendList(uint32_t client, ByteView continuation);
  void SendPut(uint32_t client);
  void End(uint32_t client, const Status& status);

  // Calls `take` with the response, if there is one, and ends the request.
  template <class Row>
  void Call(uint32_t client, const typename Row::Request& request,
            std::function<void(const typename Row::Response&, LinkAnswer*)> take = nullptr);

  uint8_t KindOf(const LinkRequest& request) const {
    return static_cast<uint8_t>((options_.mutual ? kMutualKind : kOneWayKind) + request.kind);
  }
  Connection* ConnectionOf(uint32_t client) const {
    return connections_[client % connections_.size()].get();
  }

  const LinkBenchOptions& options_;
  const SystemClock clock_;
  const std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Slot> slots_;
  uint64_t next_node_;  // that is added
  uint32_t busy_ = 0;   // clients
  ClientWork* work_ = nullptr;
};

SmileStore::SmileStore(std::unique_ptr<EventLoop> loop, const LinkBenchOptions& options)
    : options_(options), loop_(std::move(loop)) {
  // Beyond all nodes of any graph, and another in each run.
  next_node_ = (uint64_t{1} << 62) + static_cast<uint64_t>(clock_.WallMillis()) * (1 << 20);
  const ClientOptions client = {.servers = {options.server}, .name = "smilebench"};
  for (uint32_t i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_.get(), &clock_, client));
  }
  loop_->OnTurnEnd([this] {
    for (const auto& connection : connections_) connection->Flush();
  });
}

Status SmileStore::Connect() {
  Status failure;
  size_t waiting = connections_.size();
  for (const auto& connection : connections_) {
    connection->Call<op::Ping>({}, {.retry = false}, [&](const Answer<op::Ping>& answer) {
      if (!answer.ok()) failure = answer.status();
      if (--waiting == 0) loop_->Stop();
    });
  }
  loop_->Run();
  return failure;
}

Status SmileStore::Load(const Graph& graph, LoadSource* source) {
  const uint32_t clients = options_.connections * kLoadDepth;
  LoadWork work(&graph, source, static_cast<uint64_t>(clock_.WallMillis()), clients);
  SMILE_TRY(RunClients(clients, &work));
  return work.failure();
}

Status SmileStore::RunClients(uint32_t clients, ClientWork* work) {
  slots_.resize(clients);
  work_ = work;
  busy_ = clients;
  for (uint32_t client = 0; client < clients; ++client) Begin(client);
  loop_->Run();
  return {};
}

void SmileStore::Begin(uint32_t client) {
  Slot& slot = slots_[client];
  slot.answer = {};
  if (work_->Next(client, &slot.request)) return Send(client);
  if (--busy_ == 0) loop_->Stop();
}

void SmileStore::End(uint32_t client, const Status& status) {
  work_->Done(client, slots_[client].request, status, slots_[client].answer);
  Begin(client);
}

template <class Row>
void SmileStore::Call(uint32_t client, const typename Row::Request& request,
                      std::function<void(const typename Row::Response&, LinkAnswer*)> take) {
  ConnectionOf(client)->Call<Row>(
      request, {}, [this, client, take = std::move(take)](const Answer<Row>& answer) {
        if (answer.ok() && take) take(*answer, &slots_[client].answer);
        const bool absent = answer.status().code() == Code::kNotFound;  // a node that was deleted
        End(client, absent ? Status() : answer.status());
      });
}

void SmileStore::Send(uint32_t client) {
  const LinkRequest& request = slots_[client].request;
  const Key key = UserKey(request.node, kNodeRecord);
  switch (request.op) {
    case LinkOp::kGetNode:
      return Call<op::Get>(client, {.key = key},
                           [](const op::Get::Response&, LinkAnswer* answer) { answer->found = 1; });
    case LinkOp::kAddNode:
    case LinkOp::kUpdateNode:
      return SendPut(client);
    case LinkOp::kDeleteNode:
      return Call<op::Delete>(client, {.key = key});
    case LinkOp::kAddLink:
    case LinkOp::kUpdateLink:
      return Call<op::Link>(client, {.user = request.node,
                                     .kind = KindOf(request),
                                     .other = request.others.front(),
                                     .value = request.payload,
                                     .time_ms = request.time_ms});
    case LinkOp::kDeleteLink:
      return Call<op::Unlink>(
          client, {.user = request.node, .kind = KindOf(request), .other = request.others.front()});
    case LinkOp::kCountLink:
      return Call<op::LinkCount>(client, {.user = request.node, .kind = KindOf(request)},
                                 [](const op::LinkCount::Response& response, LinkAnswer* answer) {
                                   answer->found = response.count;
                                 });
    case LinkOp::kGetLink:
      return Call<op::LinkCheck>(
          client, {.user = request.node, .kind = KindOf(request), .others = request.others},
          [](const op::LinkCheck::Response& response, LinkAnswer* answer) {
            answer->found = response.entries.size();
          });
    case LinkOp::kGetLinkList:
      return SendList(client, {});
  }
}

void SmileStore::SendPut(uint32_t client) {
  const LinkRequest& request = slots_[client].request;
  const Key key = UserKey(request.node == 0 ? next_node_++ : request.node, kNodeRecord);
  Call<op::Put>(client, {.key = key, .value = request.payload});
}

// All of a list, a page after the other.
void SmileStore::SendList(uint32_t client, ByteView continuation) {
  const Slot& slot = slots_[client];
  op::LinkList::Request list = {.user = slot.request.node, .kind = KindOf(slot.request)};
  list.limit = kLinkRangeLimit - static_cast<uint32_t>(slot.answer.found);
  list.before_ms = slot.request.until_ms;
  if (!continuation.empty()) list.continuation = continuation;
  ConnectionOf(client)->Call<op::LinkList>(
      list, {}, [this, client](const Answer<op::LinkList>& answer) {
        if (!answer.ok()) return End(client, answer.status());
        LinkAnswer& all = slots_[client].answer;
        all.found += answer->entries.size();
        if (!answer->entries.empty()) all.last_time_ms = answer->entries.back().time_ms;
        if (answer->continuation.empty() || all.found >= kLinkRangeLimit) {
          return End(client, {});
        }
        SendList(client, answer->continuation);
      });
}

}  // namespace

Result<std::unique_ptr<SocialStore>> MakeSmileStore(const LinkBenchOptions& options) {
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<SocialStore>(std::make_unique<SmileStore>(std::move(loop), options));
}

}  // namespace smile::bench
