#include "server/worker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"
#include "protocol/message.h"

namespace smile {
namespace {

constexpr int64_t kTickMillis = 1'000;
constexpr uint32_t kRejectionRetryMillis = 1'000;

}  // namespace

// A connection that is rejected: sends the reason, and closes.
class Worker::Rejection final : public TransportEvents {
 public:
  Rejection(std::unique_ptr<Transport> transport, const Status& why,
            std::function<void(Rejection*)> closed)
      : transport_(std::move(transport)), closed_(std::move(closed)) {
    transport_->Start(this);
    Bytes reply;
    EncodeError(0, why, {}, &reply);
    transport_->Send(std::move(reply));
    transport_->Close();
  }

 private:
  void OnBytes(ByteView) override {}
  void OnSent() override {}
  void OnEnd() override {}
  void OnClosed(const Status&) override { closed_(this); }

  const std::unique_ptr<Transport> transport_;
  const std::function<void(Rejection*)> closed_;
};

Result<std::unique_ptr<Worker>> Worker::Create(const Shared& shared, ListeningSocket socket) {
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<Worker>(new Worker(shared, std::move(loop), std::move(socket)));
}

Worker::Worker(const Shared& shared, std::unique_ptr<EventLoop> loop, ListeningSocket socket)
    : shared_(shared),
      memory_(&shared.memory),
      discarded_(&memory_, &metrics_.memory_input),
      loop_(std::move(loop)),
      owner_{.turn = &turn_,
             .has_output = [this](ServedConnection* connection) { MarkForFlush(connection); },
             .has_more =
                 [this](ServedConnection* connection) { awaiting_read_.push_back(connection); },
             .held_back = [this](ServedConnection* connection) { HoldBack(connection); },
             .closed = [this](ServedConnection* connection) { Remove(connection); },
             .log = &shared.log.clients} {
  listener_ = loop_->Accept(
      std::move(socket),
      [this](std::unique_ptr<Transport> transport) { Accept(std::move(transport)); },
      [this](const Status& why) {
        shared_.log.accept_failures.Write([&why] { return why.message(); });
      });
  loop_->OnTurnEnd([this] { EndTurn(); });
  timer_ = loop_->StartTimer(kTickMillis, kTickMillis, [this] { Tick(); });
}

Worker::~Worker() {
  CHECK(!thread_.joinable(), "Stop() comes first");
  CHECK(connections_.empty() && rejections_.empty(), "no connection outlives its worker");
}

void Worker::Start() {
  CHECK(!thread_.joinable(), "a worker is one thread");
  thread_ = std::thread([this] {
    NameThisThread("smile-worker");
    SetTimeSliceOfThisThread(kLeastTimeSliceNanos);
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
    for (const auto& [connection, owned] : connections_)
      connection->Abort("the server stopped without waiting longer");
  });
}

void Worker::Stop() {
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  connections_.clear();
  rejections_.clear();
  watches_.reset();
  timer_.reset();
  look_timer_.reset();
  close_timer_.reset();
  listener_.reset();
}

void Worker::Accept(std::unique_ptr<Transport> transport) {
  if (!MayServe()) {
    return Reject(std::move(transport),
                  {Code::kUnavailable, "the server is starting", kRejectionRetryMillis});
  }
  if (!shared_.budget.TryTake()) {
    metrics_.connections_rejected.Add(1);
    shared_.log.rejected.Write([&transport] {
      return "connection from " + transport->peer() +
             " rejected: connection limit reached (--max-connections)";
    });
    return Reject(std::move(transport),
                  {Code::kOverloaded, "connection limit reached", kRejectionRetryMillis});
  }
  metrics_.connections_accepted.Add(1);
  metrics_.connections_open.Add(1);
  auto connection =
      std::make_unique<ServedConnection>(std::move(transport), *session_shared_, owner_);
  ServedConnection* const raw = connection.get();
  connections_.emplace(raw, std::move(connection));
  CHECK(metrics_.connections_open.value() == connections_.size());
  raw->Start();
}

bool Worker::MayServe() {
  if (session_shared_.has_value()) return true;
  const Handlers* const handlers = shared_.handlers.load(std::memory_order_acquire);
  if (handlers == nullptr) return false;
  // What was answered before is sent first: watches are told at the end of a turn.
  watches_.emplace(handlers->watches(),
                   [this] { loop_->Post([this] { watches_are_due_ = true; }); });
  session_shared_.emplace(Session::Shared{
      .handlers = *handlers,
      .clock = shared_.clock,
      .metrics = metrics_,
      .memory = memory_,
      .discarded = discarded_,
      .watches = *watches_,
      .post = [this](std::function<void()> task) { loop_->Post(std::move(task)); }});
  return true;
}

// With too many rejections in progress, it closes without a reply.
void Worker::Reject(std::unique_ptr<Transport> transport, const Status& why) {
  if (rejections_.size() >= limits::kMaxRejections) return;
  auto rejection =
      std::make_unique<Rejection>(std::move(transport), why, [this](Rejection* closed) {
        CHECK(rejections_.erase(closed) == 1, "a connection closes once");
      });
  Rejection* const raw = rejection.get();
  rejections_.emplace(raw, std::move(rejection));
  CHECK(rejections_.size() <= limits::kMaxRejections);
}

void Worker::MarkForFlush(ServedConnection* connection) {
  if (connection->flush_is_due) return;
  connection->flush_is_due = true;
  to_flush_.push_back(connection);
}

void Worker::EndTurn() {
  turn_.Begin();
  ReadOn();
  FlushAll();
  TellWatches();
  discarded_.ReleaseSome();
  // What remains has its turn even if nothing else happens.
  if (!to_flush_.empty() || !awaiting_read_.empty() || watches_are_due_ || !discarded_.empty()) {
    loop_->Post([] {});
  }
}

// A slice: others have their turn before the next.
void Worker::TellWatches() {
  if (!watches_are_due_) return;
  watches_are_due_ = watches_->Run();
  FlushAll();
}

// Large replies that do not fit into this turn are the first of the next one.
void Worker::FlushAll() {
  size_t later = 0;
  for (size_t i = 0; i < to_flush_.size(); ++i) {
    ServedConnection* const connection = to_flush_[i];
    if (!turn_.MaySend(connection->output_bytes())) {
      to_flush_[later++] = connection;
      continue;
    }
    CHECK(connection->flush_is_due);
    connection->flush_is_due = false;
    turn_.CountSent(connection->Flush());
  }
  to_flush_.resize(later);
}

void Worker::ReadOn() {
  static_assert(limits::kQueuedReadsPerTurn > 0, "each turn reads from someone");
  for (size_t i = 0; i < limits::kQueuedReadsPerTurn && !awaiting_read_.empty(); ++i) {
    ServedConnection* const connection = awaiting_read_.front();
    awaiting_read_.pop_front();
    connection->ReadOn();
  }
}

void Worker::Remove(ServedConnection* connection) {
  if (connection->flush_is_due) std::erase(to_flush_, connection);
  if (connection->is_held_back) std::erase(held_back_, connection);
  if (connection->awaits_read) std::erase(awaiting_read_, connection);
  std::erase(to_close_, connection);
  CHECK(connections_.erase(connection) == 1, "a connection closes once");
  metrics_.connections_open.Subtract(1);
  shared_.budget.GiveBack();
  CHECK(metrics_.connections_open.value() == connections_.size());
  if (connections_.empty()) {
    CHECK(to_flush_.empty() && held_back_.empty() && awaiting_read_.empty() && to_close_.empty(),
          "a closed connection is in no list");
    CHECK(metrics_.AllReleased() || !discarded_.empty(), "closed connections hold nothing");
  }
  SeeWhetherDrained();
}

void Worker::SeeWhetherDrained() {
  if (draining_ && connections_.empty()) drained_.store(true, std::memory_order_release);
}

void Worker::HoldBack(ServedConnection* connection) {
  if (connection->is_held_back) return;
  connection->is_held_back = true;
  held_back_.push_back(connection);
  metrics_.backpressure.Add(1);
  if (look_timer_ != nullptr) return;
  look_timer_ = loop_->StartTimer(limits::kHeldBackLookMillis, limits::kHeldBackLookMillis,
                                  [this] { LookAtHeldBack(); });
}

// A connection that still has no memory returns to the list when it is flushed.
void Worker::LookAtHeldBack() {
  CHECK(look_timer_ != nullptr);
  if (held_back_.empty()) return look_timer_.reset();
  std::erase_if(held_back_, [](ServedConnection* connection) {
    connection->is_held_back = !connection->GoOn();
    return !connection->is_held_back;
  });
}

void Worker::Tick() {
  shared_.log.Tick();
  for (const auto& [connection, owned] : connections_) connection->Tick(shared_.idle_millis);
  FreeMemory();
}

// While memory is short: selects stalled connections to close, the largest first, for this worker's
// part of the excess.
void Worker::FreeMemory() {
  to_close_.clear();
  const size_t excess = shared_.memory.Excess();
  if (excess == 0) return;
  size_t held = 0;
  std::vector<std::pair<size_t, ServedConnection*>> keepers;
  for (const auto& [connection, owned] : connections_) {
    held += connection->held_memory();
    if (connection->keeps_memory()) keepers.emplace_back(connection->held_memory(), connection);
  }
  if (keepers.empty()) return;
  std::sort(keepers.begin(), keepers.end(), std::greater<>());
  // Other workers give memory back meanwhile.
  const size_t used = std::max(shared_.memory.used(), held);
  const double part = static_cast<double>(held) / static_cast<double>(used);
  auto to_free = static_cast<size_t>(static_cast<double>(excess) * part);
  for (const auto& [bytes, connection] : keepers) {
    to_close_.push_back(connection);
    if (bytes >= to_free) break;
    to_free -= bytes;
  }
  CloseSome();
}

// A few at a time: there may be hundreds, and others have to be served meanwhile.
void Worker::CloseSome() {
  for (size_t i = 0; i < limits::kClosingsAtOnce && !to_close_.empty(); ++i) {
    ServedConnection* const connection = to_close_.front();
    to_close_.pop_front();
    if (connection->keeps_memory() && shared_.memory.Excess() > 0) connection->CloseForMemory();
  }
  close_timer_.reset();
  if (to_close_.empty()) return;
  close_timer_ = loop_->StartTimer(limits::kClosingPauseMillis, 0, [this] { CloseSome(); });
}

}  // namespace smile
