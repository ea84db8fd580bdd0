#include "tests/simulation/simulated_client.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "model/key.h"

namespace smile {
namespace {

using Kind = HistoryOperation::Kind;
using Outcome = HistoryOperation::Outcome;

constexpr int64_t kCallMillis = 20'000;
constexpr size_t kRoomBytes = 1 << 16;

Outcome OutcomeOf(const Status& status) {
  if (status.ok() || status.code() == Code::kNotFound) return Outcome::kDone;
  if (status.code() == Code::kConditionFailed) return Outcome::kConditionFailed;
  return Outcome::kUnknown;
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

void SimulatedClient::Call() {
  const uint64_t user = random_() % users_;
  const Key key = UserKey(user, "profile");
  HistoryOperation operation{.begin = ++recorder_->time,
                             .connection = recorder_->connections_last ? number_ : 0};
  switch (random_() % 5) {
    case 0:
    case 1:
      operation.kind = Kind::kGet;
      return Send<op::Get>({.key = key.view()}, user, operation);
    case 2:
      operation.kind = Kind::kDelete;
      return Send<op::Delete>({.key = key.view()}, user, operation);
    case 3:
      operation.kind = Kind::kPutIfAbsent;
      return SendPut(user, operation);
    default:
      operation.kind = Kind::kPut;
      return SendPut(user, operation);
  }
}

void SimulatedClient::SendPut(uint64_t user, HistoryOperation operation) {
  operation.value = recorder_->next_value++;
  const Key key = UserKey(user, "profile");
  const std::string value = std::to_string(operation.value);
  const bool if_absent = operation.kind == Kind::kPutIfAbsent;
  Send<op::Put>({.key = key.view(),
                 .condition = {if_absent ? ConditionKind::kIfAbsent : ConditionKind::kAlways, 0},
                 .checksum = Hash64(value),
                 .value = value},
                user, operation);
}

template <class Row>
void SimulatedClient::Send(const typename Row::Request& request, uint64_t user,
                           HistoryOperation operation) {
  std::vector<HistoryOperation>& history = recorder_->histories[user];
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
    if constexpr (std::is_same_v<Row, op::Get>) {
      it.value = answer.ok() ? std::stoull(std::string(answer->record.value)) : 0;
    }
  };
  auto call = std::make_unique<TypedCall<Row>>(
      request, clock_->MonotonicNanos() + kCallMillis * kNanosPerMilli, CallOptions(), done);
  channel_.Admit(call.get());
  channel_.Add(std::move(call));
}

void SimulatedClient::Step() {
  const int64_t now = clock_->MonotonicNanos();
  if (Status silent = channel_.Tick(now); !silent.ok() && transport_ != nullptr) {
    broken_ = silent;
    transport_->Abort();
  }
  if (transport_ == nullptr) {
    broken_ = {};
    transport_ = connect_();
    transport_->Start(this);
    channel_.Connected();
  }
  Bytes out;
  channel_.Fill(kRoomBytes, now, &out);
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
