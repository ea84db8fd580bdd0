// For tests and fuzzing: connections that watch, cancel, write, end and come again in any order,
// and a server that is drained. Every message of a watch is compared with a log of all changes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/session.h"
#include "storage/memory_engine.h"
#include "tests/server/session_parts.h"

namespace smile::testing {

class WatchModel {
 public:
  // Chooses from 0 to `count` - 1.
  using Choose = std::function<uint64_t(uint64_t count)>;

  explicit WatchModel(Choose choose);
  ~WatchModel();

  void Step();
  // Tells all that is left, and ends all connections.
  void Finish();

  // What went wrong first; empty: nothing.
  const std::string& failure() const { return failure_; }

 private:
  struct Change {
    uint64_t version;
    uint64_t user;
    bool is_put;
    std::string value;
  };
  // A watch, as its messages have it.
  struct Watched {
    std::vector<uint64_t> users;  // each once
    bool values = false;
    bool started = false;
    uint64_t after = 0;    // as requested
    uint64_t version = 0;  // it was told all up to this one
  };
  struct Peer {
    std::shared_ptr<Session> session;
    uint32_t next_id = 0;
    std::map<uint32_t, Watched> watches;
    std::map<uint32_t, uint8_t> asked;  // other requests, with their operations
    bool is_over = false;               // it has ended, or sends no more
  };

  void Connect(Peer* peer);
  void Write(uint64_t user);
  void Watch(Peer* peer);
  void Cancel(Peer* peer);
  void Get(Peer* peer);
  void End(Peer* peer);
  void RunAll();
  void TakeOutput(Peer* peer);
  void OnReply(Peer* peer, const Frame& frame);
  void OnMessage(Peer* peer, uint32_t id, const op::Watch::Response& message, bool is_last);
  const Change* Next(const Watched& watched) const;
  void CheckTold(const Watched& watched, uint64_t version);
  template <class Row>
  void Send(Peer* peer, uint32_t id, const typename Row::Request& request);
  void Expect(bool holds, const char* what);

  const Choose choose_;
  std::string failure_;
  ManualClock clock_;
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  SessionParts parts_{engine_, clock_};
  std::vector<Change> log_;
  uint64_t newest_ = 0;
  std::vector<Peer> peers_;
};

}  // namespace smile::testing
