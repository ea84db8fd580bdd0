// For tests and fuzzing: changes of links, one after the other and many at once, with faults of the
// engine and restarts in between, compared with a simple model; and all that can be read of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "service/links/link_service.h"
#include "storage/memory_engine.h"
#include "tests/service/faulty_backends.h"
#include "tests/service/forgetful_engine.h"
#include "tests/service/forwarding_engine.h"

namespace smile::testing {

// Holds writes back while `hold` is set, and may fail them without an effect.
class HeldWritesEngine final : public ForwardingEngine {
 public:
  explicit HeldWritesEngine(Engine* engine) : ForwardingEngine(engine) {}

  bool hold = false;
  size_t held() const { return held_.size(); }
  // Does or rejects one that is held.
  void Release(size_t index, bool reject);

  void Write(WriteRequest request, std::function<void(WriteReply)> done) override;
  bool can_write_together() const override { return true; }

 private:
  struct Held {
    std::shared_ptr<WriteRequest> request;
    std::function<void(WriteReply)> done;
  };

  std::vector<Held> held_;
};

class LinkModel {
 public:
  // Chooses from 0 to `count` - 1.
  using Below = std::function<uint64_t(uint64_t count)>;

  explicit LinkModel(Below below);
  ~LinkModel();

  // Some calls. Nothing after a failure.
  void Step();
  // All that is stored is what the model says, and nothing else.
  void CheckRecords();

  // What was wrong first, and in which step. Empty: nothing.
  const std::string& failure() const { return failure_; }

 private:
  using Side = std::tuple<uint64_t, uint8_t, uint64_t>;  // user, kind, other
  struct Stored {
    uint64_t time_ms = 0;
    uint8_t inverse = 0;
    Bytes value;
  };

  void ChangeOne();
  void ChangeMany();
  void Restart();
  void CheckUser(uint64_t user);
  void CheckList(uint64_t user, uint8_t kind);
  void CheckCommon(uint64_t user, uint64_t other, uint8_t kind);

  LinkChange AnyChange();
  // What the change answers, applied to the model.
  Result<LinkChanged> Expected(const LinkChange& change);
  void Compare(const LinkChange& change, const Result<LinkChanged>& found,
               const Result<LinkChanged>& expected);
  std::vector<std::pair<uint64_t, Stored>> LinksIn(uint64_t user, uint8_t kind) const;
  void Expect(bool condition, const std::string& what);
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const Below below_;
  ManualClock clock_;
  MemoryEngine engine_;
  Faults faults_;
  FaultyEngine faulty_{&engine_, &faults_};
  ForgetfulEngine forgetful_{&faulty_, below_};
  HeldWritesEngine held_{&forgetful_};
  std::unique_ptr<LinkService> service_;
  std::map<Side, Stored> sides_;
  uint64_t steps_ = 0;
  std::string failure_;
};

}  // namespace smile::testing
