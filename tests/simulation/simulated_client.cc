#include "tests/simulation/simulated_client.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "model/key.h"

namespace smile {
namespace {

using Kind = HistoryOperation::Kind;
using Outcome = HistoryOperation::Outcome;

constexpr int64_t kCallMillis = 20'000;
constexpr int64_t kHelloMillis = 5'000;
constexpr size_t kRoomBytes = 1 << 16;

Outcome OutcomeOf(const Status& status) {
  if (status.ok() || status.code() == Code::kNotFound) return Outcome::kDone;
  if (status.code() == Code::kConditionFailed) return Outcome::kConditionFailed;
  return Outcome::kUnknown;
}

// What a get saw.
uint64_t Seen(const op::Get::Response& response) {
  return std::stoull(std::string(response.record.value));
}
uint64_t Seen(const op::LinkCheck::Response& response) {
  return response.entries.empty() ? 0 : std::stoull(std::string(response.entries[0].value));
}
uint64_t Seen(const op::LoginVerify::Response& response) {
  return response.user;
}
template <class Response>
uint64_t Seen(const Response&) {
  return 0;
}

// Whether the error means that nothing took effect.
bool HadNoEffect(const Status& status) {
  return !status.ok() && OutcomeOf(status) == Outcome::kUnknown &&
         status.code() != Code::kOutcomeUnknown;
}

}  // namespace

SimulatedClient::SimulatedClient(uint64_t number, uint64_t seed, const Clock* clock,
                                 Recorder* recorder, uint64_t users,
                                 std::function<std::unique_ptr<Transport>()> connect)
    : number_(number),
      random_(seed),
      clock_(clock),
      recorder_(recorder),
      users_(users),
      connect_(std::move(connect)),
      channel_({.name = "simulation",
                .max_in_flight = 4,
                .max_queued_bytes = 1 << 20,
                .first_backoff_millis = 1,
                .max_backoff_millis = 10,
                .seed = seed}) {}

SimulatedClient::~SimulatedClient() {
  transport_.reset();
  channel_.EndAll({Code::kUnavailable, "the simulation is over"});
}

void SimulatedClient::Call(Register kind) {
  const uint64_t number = random_() % users_;
  HistoryOperation operation{.begin = ++recorder_->time};
  switch (kind) {
    case Register::kRecord:
      return CallRecord(number, operation);
    case Register::kLink:
      return CallLink(number, operation);
    case Register::kLogin:
      return CallLogin(number, operation);
    case Register::kNumber:
      return CallNumber(number);
  }
}

void SimulatedClient::CallRecord(uint64_t number, HistoryOperation operation) {
  const RegisterId id(Register::kRecord, number);
  const Key key = RecordOf(number);
  if (recorder_->connections_last) operation.connection = number_;
  const uint64_t choice = random_() % 5;
  if (choice <= 1) {
    operation.kind = Kind::kGet;
    return Send<op::Get>({.key = key.view()}, id, operation);
  }
  if (choice == 2) {
    operation.kind = Kind::kDelete;
    return Send<op::Delete>({.key = key.view()}, id, operation);
  }
  operation.kind = choice == 3 ? Kind::kPutIfAbsent : Kind::kPut;
  operation.value = recorder_->next_value++;
  const std::string value = std::to_string(operation.value);
  Send<op::Put>({.key = key.view(),
                 .condition = choice == 3 ? IfAbsent() : Condition(),
                 .checksum = Hash64(value),
                 .value = value},
                id, operation);
}

// The link between two of three users: from either side, and so without an order in a connection.
void SimulatedClient::CallLink(uint64_t number, HistoryOperation operation) {
  const RegisterId id(Register::kLink, number);
  const auto kind = static_cast<uint8_t>(LinkKind::kFriend);
  uint64_t user = number;
  uint64_t other = (number + 1) % users_;
  if (random_() % 2 == 0) std::swap(user, other);
  const uint64_t choice = random_() % 5;
  if (choice <= 1) {
    operation.kind = Kind::kGet;
    return Send<op::LinkCheck>({.user = user, .kind = kind, .others = {other}}, id, operation);
  }
  if (choice == 2) {
    operation.kind = Kind::kDelete;
    return Send<op::Unlink>({.user = user, .kind = kind, .other = other}, id, operation);
  }
  operation.kind = Kind::kPut;
  operation.value = recorder_->next_value++;
  std::string value = std::to_string(operation.value);
  // Two of the long ones are more than a compact head contains.
  if (random_() % 2 == 0) value.resize(limits::kMaxLinkValueBytes, ' ');
  Send<op::Link>({.user = user, .kind = kind, .other = other, .value = value}, id, operation);
}

void SimulatedClient::CallLogin(uint64_t number, HistoryOperation operation) {
  const RegisterId id(Register::kLogin, number);
  const std::string login = "login " + std::to_string(number);
  const uint64_t choice = random_() % 4;
  if (choice == 0) {
    operation.kind = Kind::kGet;
    return Send<op::LoginVerify>({.login = login, .password = "right"}, id, operation);
  }
  if (choice == 1) {
    operation.kind = Kind::kDelete;
    return Send<op::LoginRemove>({.login = login}, id, operation);
  }
  operation.kind = Kind::kPutIfAbsent;
  operation.value = recorder_->next_value++;
  Send<op::LoginRegister>({.login = login, .password = "right", .user = operation.value}, id,
                          operation);
}

template <class Row>
void SimulatedClient::Send(const typename Row::Request& request, RegisterId id,
                           HistoryOperation operation) {
  std::vector<HistoryOperation>& history = recorder_->histories[id];
  const size_t index = history.size();
  history.push_back(operation);
  const auto done = [this, &history, index](const Answer<Row>& answer) {
    HistoryOperation& it = history[index];
    CHECK(it.end == HistoryOperation::kNever && it.outcome == Outcome::kUnknown,
          "a call is answered once");
    ++recorder_->answered;
    const bool is_get = it.kind == Kind::kGet;
    if (HadNoEffect(answer.status()) || (is_get && OutcomeOf(answer.status()) != Outcome::kDone)) {
      // Had no effect: recorded as a get that constrains nothing.
      it = {
          .kind = Kind::kPutIfAbsent, .outcome = Outcome::kUnknown, .value = 0, .begin = it.begin};
      return;
    }
    it.outcome = OutcomeOf(answer.status());
    if (it.outcome != Outcome::kUnknown) it.end = ++recorder_->time;
    if (is_get) it.value = answer.ok() ? Seen(*answer) : 0;
  };
  Add<Row>(request, done);
}

template <class Row>
void SimulatedClient::Add(const typename Row::Request& request,
                          std::function<void(const Answer<Row>&)> done) {
  auto call = std::make_unique<TypedCall<Row>>(
      request, clock_->MonotonicNanos() + kCallMillis * kNanosPerMilli, CallOptions(),
      std::move(done));
  channel_.Admit(call.get());
  channel_.Add(std::move(call));
}

// --- Numbers -------------------------------------------------------------------------------------

void SimulatedClient::CallNumber(uint64_t number) {
  const Key key = NumberOf(number);
  const uint64_t amount = 1 + random_() % 5;
  Add<op::Add>({.key = key.view(), .amount = static_cast<int64_t>(amount)},
               [this, number, amount](const Answer<op::Add>& answer) {
                 ++recorder_->answered;
                 Added& added = recorder_->added[number];
                 if (answer.ok()) added.sum += amount;
                 if (answer.status().code() == Code::kOutcomeUnknown) added.unknown += amount;
               });
}

// --- Watches -------------------------------------------------------------------------------------

void SimulatedClient::Watch(std::function<uint64_t(uint64_t user)> read) {
  read_ = std::move(read);
  StartWatch();
}

void SimulatedClient::StartWatch() {
  watches_again_ = false;
  std::vector<Bytes> users;
  for (uint64_t user = 0; user < users_; ++user) users.push_back(PartitionOf(user));
  op::Watch::Request request{.after = version_};
  for (const Bytes& user : users) request.partitions.push_back({Table::kUsers, user});
  // A HELLO with a flipped bit may be rejected for good.
  const auto shared = std::make_shared<smile::Watch::Shared>(
      WatchCallbacks{.event = [this](const Answer<op::Watch>& answer) { OnMessage(*answer); },
                     .ended = [this](const Status&) { watches_again_ = true; }});
  auto call = std::make_unique<WatchCall>(request, ++watches_, shared);
  channel_.Admit(call.get());
  channel_.Add(std::move(call));
}

void SimulatedClient::OnMessage(const op::Watch::Response& message) {
  const bool reads = message.event == WatchedEvent::kGap || version_ == 0;
  CHECK(reads || message.version >= version_, "messages come in the order of their versions");
  version_ = message.version;
  if (reads) {
    for (uint64_t user = 0; user < users_; ++user) known_[user] = read_(user);
  }
  if (!message.key.has_value() || message.key->sort != RecordOf(0).sort) return;
  const uint64_t user = *DecodePartition(message.key->partition);
  CHECK(message.version > told_[user], "a change is told once");
  told_[user] = message.version;
  if (message.version < known_[user]) return;  // it was read after that change
  known_[user] = message.event == WatchedEvent::kPut ? message.version : 0;
}

void SimulatedClient::Step() {
  const int64_t now = clock_->MonotonicNanos();
  if (watches_again_) StartWatch();
  if (Status silent = channel_.Tick(now); !silent.ok() && transport_ != nullptr) {
    broken_ = silent;
    transport_->Abort();
  }
  if (transport_ == nullptr) {
    broken_ = {};
    transport_ = connect_();
    transport_->Start(this);
    channel_.Connected();
    connected_nanos_ = now;
  }
  // As client/connection.h: a server that misses bytes of HELLO waits for them.
  if (!channel_.ready() && now - connected_nanos_ > kHelloMillis * kNanosPerMilli) {
    broken_ = {Code::kUnavailable, "HELLO was not answered"};
    transport_->Abort();
  }
  if (transport_ == nullptr) return;
  Bytes out;
  channel_.Fill(limits::kOutputHighWaterBytes - kRoomBytes, now, &out);
  if (!out.empty()) transport_->Send(std::move(out));
}

void SimulatedClient::OnBytes(ByteView bytes) {
  broken_ = channel_.Receive(bytes, clock_->MonotonicNanos());
  if (!broken_.ok()) transport_->Abort();
}

void SimulatedClient::OnClosed(const Status& status) {
  const Status why = !broken_.ok()  ? broken_
                     : !status.ok() ? status
                                    : Status(Code::kUnavailable, "the connection ended");
  transport_.reset();
  channel_.Disconnected(why);
}

}  // namespace smile
