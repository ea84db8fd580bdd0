// For tests and fuzzing: feeds of a connection, several at once and page by page, while links and
// posts come and go, with continuation tokens of other feeds and with damaged ones. Every reply is
// compared with what reading all links and posts would find.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "server/session.h"
#include "storage/memory_engine.h"
#include "tests/server/session_parts.h"
#include "tests/service/forgetful_engine.h"

namespace smile::testing {

class FeedModel {
 public:
  // Chooses from 0 to `count` - 1.
  using Choose = std::function<uint64_t(uint64_t count)>;

  explicit FeedModel(Choose choose);
  ~FeedModel();

  void Step();

  // What went wrong first; empty: nothing.
  const std::string& failure() const { return failure_; }

 private:
  using Place = std::pair<uint64_t, uint64_t>;  // post and author
  struct Post {
    uint64_t version = 0;
    Bytes value;
  };
  // A feed that is read page by page.
  struct Walk {
    uint64_t user = 0;
    std::set<uint8_t> kinds;
    uint32_t limit = 0;
    bool keys_only = false;
    std::optional<uint64_t> newer_than;
    Bytes continuation;  // of the last reply; empty: it is at its beginning
  };

  void Link();
  void Write();
  void Erase(uint64_t author);
  void Begin(Walk* walk);
  void Continue(Walk* walk);
  void ContinueElsewhere(const Walk& walk);
  void ContinueDamaged(const Walk& walk);
  // Sends it, compares the reply, and returns the continuation.
  Bytes Read(const Walk& walk);

  // Posts in the order of feeds, those after the place of the token.
  std::vector<Place> Expected(const Walk& walk) const;
  static bool IsBefore(const Place& one, const Place& other);
  // Whether the token is one of that feed; its place, if it has one.
  static bool IsTokenOf(const Walk& walk, ByteView token, std::optional<Place>* place);

  template <class Row, class Take>
  void Ask(const typename Row::Request& request, Take take);
  void Expect(bool holds, const char* what);

  const Choose choose_;
  std::string failure_;
  ManualClock clock_;
  MemoryEngine memory_{&clock_, MemoryEngine::Answers::kInline, /*records_per_page=*/3};
  ForgetfulEngine engine_;
  SessionParts parts_{engine_, clock_};
  std::shared_ptr<Session> session_;
  uint32_t next_id_ = 0;
  std::map<std::pair<uint64_t, uint8_t>, std::set<uint64_t>> links_;  // by user and kind
  std::map<Place, Post> posts_;
  std::vector<Walk> walks_;
};

}  // namespace smile::testing
