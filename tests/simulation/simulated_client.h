// A client of the simulation: libsmile's channel on one end of an in-memory pipe. It makes random
// calls and records their results.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "client/channel.h"
#include "net/transport.h"
#include "tests/simulation/linearizability.h"

namespace smile {

// What clients read and write, each as if it were one record: a record of a user; a link, which
// both of its users may change; a login, whose value is the id of its user.
enum class Register : uint8_t { kRecord, kLink, kLogin };
using RegisterId = std::pair<Register, uint64_t>;  // with a number below SimulatedClient's `users`

// The history of each of them, of all clients; time is a count of events.
struct Recorder {
  std::map<RegisterId, std::vector<HistoryOperation>> histories;
  uint64_t time = 0;
  uint64_t next_value = 1;
  uint64_t answered = 0;
  // Then each client's operations are in the order of one connection, and none ends as unknown.
  bool connections_last = true;
};

class SimulatedClient final : private TransportEvents {
 public:
  // `number` is from 1. `connect` returns the client's end of a new connection.
  SimulatedClient(uint64_t number, uint64_t seed, const Clock* clock, Recorder* recorder,
                  uint64_t users, std::function<std::unique_ptr<Transport>()> connect);
  ~SimulatedClient() override;

  // Starts a random operation on a random register of `kind`.
  void Call(Register kind);
  // Connects if necessary, sends pending requests, handles timeouts.
  void Step();
  bool has_calls() const { return channel_.has_calls(); }

 private:
  void OnBytes(ByteView bytes) override;
  void OnSent() override {}
  void OnEnd() override { transport_->Abort(); }
  void OnClosed(const Status& status) override;

  void CallRecord(uint64_t number, HistoryOperation operation);
  void CallLink(uint64_t number, HistoryOperation operation);
  void CallLogin(uint64_t number, HistoryOperation operation);
  template <class Row>
  void Send(const typename Row::Request& request, RegisterId id, HistoryOperation operation);

  const uint64_t number_;
  std::mt19937_64 random_;
  const Clock* const clock_;
  Recorder* const recorder_;
  const uint64_t users_;
  const std::function<std::unique_ptr<Transport>()> connect_;
  Channel channel_;
  Status broken_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace smile
