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
#include "client/watch_call.h"
#include "model/key.h"
#include "net/transport.h"
#include "tests/simulation/linearizability.h"

namespace smile {

// What clients read and write, each as if it were one record: a record of a user; a link, which
// both of its users may change; a login, whose value is the id of its user. And a number, to which
// they add.
enum class Register : uint8_t { kRecord, kLink, kLogin, kNumber };
using RegisterId = std::pair<Register, uint64_t>;  // with a number below SimulatedClient's `users`

// What was added to a number.
struct Added {
  uint64_t sum = 0;      // of additions that were acknowledged
  uint64_t unknown = 0;  // of those whose outcome is unknown
};

// The history of each of them, of all clients; time is a count of events.
struct Recorder {
  std::map<uint64_t, Added> added;  // by user
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

  // Watches the records of all users until the end: what it knows of each is its version, 0 if it
  // is absent. `read` is what a client does when the watch begins, and where it is told of a gap:
  // it returns the version of a user's record now.
  void Watch(std::function<uint64_t(uint64_t user)> read);
  const std::map<uint64_t, uint64_t>& known() const { return known_; }

  static Key RecordOf(uint64_t user) { return UserKey(user, "profile"); }
  static Key NumberOf(uint64_t user) { return UserKey(user, "likes"); }

 private:
  void OnBytes(ByteView bytes) override;
  void OnSent() override {}
  void OnEnd() override { transport_->Abort(); }
  void OnClosed(const Status& status) override;

  void CallRecord(uint64_t number, HistoryOperation operation);
  void CallLink(uint64_t number, HistoryOperation operation);
  void CallLogin(uint64_t number, HistoryOperation operation);
  void CallNumber(uint64_t number);
  void StartWatch();
  void OnMessage(const op::Watch::Response& message);
  template <class Row>
  void Add(const typename Row::Request& request, std::function<void(const Answer<Row>&)> done);
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
  int64_t connected_nanos_ = 0;
  std::function<uint64_t(uint64_t user)> read_;
  std::map<uint64_t, uint64_t> known_;  // by user
  std::map<uint64_t, uint64_t> told_;   // by user: the version of what changed it last
  uint64_t version_ = 0;                // of the last message of the watch
  uint64_t watches_ = 0;                // that were started
  bool watches_again_ = false;
  std::unique_ptr<Transport> transport_;
};

}  // namespace smile
