#include "server/worker.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/thread_name.h"
#include "protocol/message.h"

namespace smile {
namespace {

constexpr int64_t kTickMillis = 1'000;
constexpr uint32_t kRefusalRetryMillis = 1'000;

}  // namespace

// A connection over the limit: it is told so, and closed.
class Worker::Refusal final : public TransportEvents {
 public:
  Refusal(std::unique_ptr<Transport> transport, std::function<void(Refusal*)> closed)
      : transport_(std::move(transport)), closed_(std::move(closed)) {
    transport_->Start(this);
    Bytes words;
    EncodeError(0,
                {Code::kOverloaded, "this server has as many connections as it may have",
                 kRefusalRetryMillis},
                {}, &words);
    transport_->Send(std::move(words));
    transport_->Close();
  }

 private:
  void OnBytes(ByteView) override {}
  void OnSent() override {}
  void OnEnd() override {}
  void OnClosed(const Status&) override { closed_(this); }

  const std::unique_ptr<Transport> transport_;
  const std::function<void(Refusal*)> closed_;
};

Result<std::unique_ptr<Worker>> Worker::Create(const Shared& shared) {
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<Worker>(new Worker(shared, std::move(loop)));
}

Worker::Worker(const Shared& shared, std::unique_ptr<EventLoop> loop)
    : shared_(shared),
      loop_(std::move(loop)),
      session_shared_{.handlers = shared.handlers,
                      .clock = shared.clock,
                      .metrics = metrics_,
                      .post = [this](std::function<void()> task) { loop_->Post(std::move(task)); }},
      owner_{.has_output = [this](ServedConnection* connection) { MarkForFlush(connection); },
             .closed = [this](ServedConnection* connection) { Remove(connection); }} {
  loop_->OnTurnEnd([this] { FlushAll(); });
  timer_ = loop_->StartTimer(kTickMillis, kTickMillis, [this] { Tick(); });
}

Worker::~Worker() {
  CHECK(!thread_.joinable(), "Stop() comes first");
}

Result<uint16_t> Worker::Listen(const Endpoint& endpoint, bool exclusive) {
  SMILE_ASSIGN(listener_,
               loop_->ListenTcp(endpoint, exclusive, [this](std::unique_ptr<Transport> transport) {
                 Accept(std::move(transport));
               }));
  return listener_->port();
}

void Worker::Start() {
  thread_ = std::thread([this] {
    NameThisThread("smile-worker");
    loop_->Run();
  });
}

void Worker::Drain() {
  loop_->Post([this] {
    listener_.reset();
    draining_ = true;
    for (const auto& [connection, owned] : connections_) connection->Drain();
    SeeWhetherDrained();
  });
}

void Worker::AbortConnections() {
  loop_->Post([this] {
    for (const auto& [connection, owned] : connections_) connection->Abort();
  });
}

void Worker::Stop() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  connections_.clear();
  refusals_.clear();
  timer_.reset();
  listener_.reset();
}

void Worker::Accept(std::unique_ptr<Transport> transport) {
  if (!shared_.budget.TryTake()) return Refuse(std::move(transport));
  metrics_.connections_accepted.Add(1);
  metrics_.connections_open.Add(1);
  auto connection =
      std::make_unique<ServedConnection>(std::move(transport), session_shared_, owner_);
  ServedConnection* const raw = connection.get();
  connections_.emplace(raw, std::move(connection));
  raw->Start();
}

// With too many refusals still open, the words are saved.
void Worker::Refuse(std::unique_ptr<Transport> transport) {
  metrics_.connections_refused.Add(1);
  if (refusals_.size() >= limits::kMaxRefusals) return;
  auto refusal = std::make_unique<Refusal>(std::move(transport),
                                           [this](Refusal* closed) { refusals_.erase(closed); });
  Refusal* const raw = refusal.get();
  refusals_.emplace(raw, std::move(refusal));
}

void Worker::MarkForFlush(ServedConnection* connection) {
  if (connection->flush_is_due) return;
  connection->flush_is_due = true;
  to_flush_.push_back(connection);
}

void Worker::FlushAll() {
  for (size_t i = 0; i < to_flush_.size(); ++i) {
    to_flush_[i]->flush_is_due = false;
    to_flush_[i]->Flush();
  }
  to_flush_.clear();
}

void Worker::Remove(ServedConnection* connection) {
  if (connection->flush_is_due) std::erase(to_flush_, connection);
  connections_.erase(connection);
  metrics_.connections_open.Subtract(1);
  shared_.budget.GiveBack();
  SeeWhetherDrained();
}

void Worker::SeeWhetherDrained() {
  if (draining_ && connections_.empty()) drained_.store(true, std::memory_order_release);
}

void Worker::Tick() {
  for (const auto& [connection, owned] : connections_) connection->Tick(shared_.idle_millis);
}

}  // namespace smile
