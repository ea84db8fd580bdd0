// Clients and server in one thread: libsmile's channel, in-memory pipes that split, delay, cut and
// corrupt, the server's sessions and services, and an engine that shuffles and fails. A seed
// determines everything. The clients' history must be linearizable, every call must be answered
// exactly once, and what is stored in the end must be whole.

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/memory_pipe.h"
#include "server/served_connection.h"
#include "service/logins/login_records.h"
#include "tests/service/stored_links.h"
#include "tests/simulation/linearizability.h"
#include "tests/simulation/shuffling_engine.h"
#include "tests/simulation/simulated_client.h"
#include "tests/support/each_record.h"
#include "tests/support/memory_services.h"

namespace smile {
namespace {

struct WorldOptions {
  uint64_t seed = 0;
  size_t max_piece_bytes = 64;
  double cut_probability = 0;
  double flip_probability = 0;
  double fault_probability = 0;
  std::vector<Register> registers = {Register::kRecord, Register::kNumber};
};

class World {
 public:
  explicit World(const WorldOptions& options)
      : options_(options),
        random_(options.seed),
        engine_(&clock_, random_(), options.fault_probability) {
    services_.watches.StartFrom(engine_.Observe(&services_.watches));
    recorder_.connections_last = options.cut_probability == 0 && options.flip_probability == 0 &&
                                 options.fault_probability == 0;
    for (size_t i = 1; i <= kClients; ++i) {
      clients_.push_back(std::make_unique<SimulatedClient>(i, random_(), &clock_, &recorder_,
                                                           kUsers, [this] { return Connect(); }));
      clients_.back()->Watch([this](uint64_t user) { return VersionOf(user); });
    }
  }

  ~World() {
    clients_.clear();
    pipes_.clear();
    engine_.Close();
  }

  // Makes `calls` calls in total, a few at a time, and runs until each is answered.
  void Run(size_t calls) {
    size_t made = 0;
    for (size_t step = 0; step < kMaxSteps; ++step) {
      if (made < calls && made - recorder_.answered < kConcurrentCalls) {
        clients_[random_() % kClients]->Call(
            options_.registers[random_() % options_.registers.size()]);
        ++made;
      }
      for (const auto& client : clients_) client->Step();
      Advance();
      if (made == calls && recorder_.answered == calls) return;
    }
    ADD_FAILURE() << recorder_.answered << " of " << calls << " calls were answered";
  }

  // Runs until each client knows what is stored.
  void Settle() {
    for (size_t step = 0; step < kMaxSteps; ++step) {
      for (const auto& client : clients_) client->Step();
      Advance();
      if (step % 64 == 0 && AllKnow()) return;
    }
    ADD_FAILURE() << "a watch was not told of what happened";
  }

  // Additions that were acknowledged were made once, those whose outcome is unknown at most once.
  void ExpectNumbers() {
    for (const auto& [user, added] : recorder_.added) {
      uint64_t number = 0;
      engine_.stored().Peek(SimulatedClient::NumberOf(user).view(), [&](const RecordView& record) {
        number = std::stoull(std::string(record.value));
      });
      EXPECT_GE(number, added.sum);
      EXPECT_LE(number, added.sum + added.unknown);
    }
  }

  const Recorder& recorder() const { return recorder_; }
  size_t connections() const { return connections_made_; }
  // Without what is still in flight.
  MemoryEngine& stored() {
    while (engine_.Step() || !posted_.empty()) Advance();
    return engine_.stored();
  }

 private:
  // 0: it is absent.
  uint64_t VersionOf(uint64_t user) {
    uint64_t version = 0;
    engine_.stored().Peek(SimulatedClient::RecordOf(user).view(),
                          [&](const RecordView& record) { version = record.version; });
    return version;
  }
  bool AllKnow() {
    std::map<uint64_t, uint64_t> stored;
    for (uint64_t user = 0; user < kUsers; ++user) stored[user] = VersionOf(user);
    return std::all_of(clients_.begin(), clients_.end(),
                       [&](const auto& client) { return client->known() == stored; });
  }

  static constexpr size_t kClients = 3;
  static constexpr size_t kConcurrentCalls = 6;
  static constexpr uint64_t kUsers = 3;
  static constexpr size_t kMaxSteps = 1'000'000;

  // A pipe and the server's end of it, with the same lifetime.
  struct Pipe {
    std::unique_ptr<MemoryPipe> wire;
    std::unique_ptr<ServedConnection> served;
  };

  std::unique_ptr<Transport> Connect() {
    ++connections_made_;
    pipes_.push_back(
        {std::make_unique<MemoryPipe>(PipeOptions{.seed = random_(),
                                                  .max_piece_bytes = options_.max_piece_bytes,
                                                  .max_delay_steps = 3,
                                                  .cut_probability = options_.cut_probability,
                                                  .flip_probability = options_.flip_probability}),
         nullptr});
    Pipe& pipe = pipes_.back();
    pipe.served = std::make_unique<ServedConnection>(pipe.wire->TakeServer(), shared_, owner_);
    pipe.served->Start();
    return pipe.wire->TakeClient();
  }

  // Executes one of the possible events.
  void Advance() {
    switch (random_() % 3) {
      case 0:
        if (!pipes_.empty()) pipes_[random_() % pipes_.size()].wire->Step();
        break;
      case 1:
        engine_.Step();
        break;
      default:
        if (!posted_.empty()) {
          const auto task = std::move(posted_.front());
          posted_.pop_front();
          task();
        }
        break;
    }
    if (random_() % 4 == 0) watches_.Run();
    turn_.Begin();
    for (ServedConnection* it : std::exchange(awaiting_read_, {})) it->ReadOn();
    for (size_t i = 0; i < to_flush_.size(); ++i) to_flush_[i]->Flush();
    to_flush_.clear();
    for (Pipe& pipe : pipes_) {
      if (pipe.served.get() == closed_) pipe.served.reset();
    }
    closed_ = nullptr;
    if (random_() % 16 == 0) clock_.AdvanceMillis(5);
  }

  const WorldOptions options_;
  std::mt19937_64 random_;
  MemoryBudget budget_{size_t{1} << 30};
  MemoryPool pool_{&budget_};
  ManualClock clock_;
  ShufflingEngine engine_;
  MemoryServices services_{engine_, clock_};
  const Handlers handlers_{engine_, services_.services(), clock_, [] { return EngineStats{}; }};
  WorkerMetrics metrics_;
  DiscardedInput discarded_{&pool_, &metrics_.memory_input};
  std::deque<std::function<void()>> posted_;
  WatchGroup watches_{handlers_.watches(), [] {}};
  const Session::Shared shared_{
      .handlers = handlers_,
      .clock = clock_,
      .metrics = metrics_,
      .memory = pool_,
      .discarded = discarded_,
      .watches = watches_,
      .post = [this](std::function<void()> task) { posted_.push_back(std::move(task)); }};
  TurnBytes turn_;
  std::vector<ServedConnection*> to_flush_;
  std::vector<ServedConnection*> awaiting_read_;
  ServedConnection* closed_ = nullptr;
  const ServedConnection::Owner owner_{
      .turn = &turn_,
      .has_output = [this](ServedConnection* it) { to_flush_.push_back(it); },
      .has_more = [this](ServedConnection* it) { awaiting_read_.push_back(it); },
      .held_back = [](ServedConnection*) {},  // there is memory enough
      .closed =
          [this](ServedConnection* it) {
            std::erase(to_flush_, it);
            std::erase(awaiting_read_, it);
            closed_ = it;
          }};
  Recorder recorder_;
  std::deque<Pipe> pipes_;
  std::vector<std::unique_ptr<SimulatedClient>> clients_;
  size_t connections_made_ = 0;
};

void ExpectLinearizable(const Recorder& recorder) {
  for (const auto& [id, history] : recorder.histories) {
    EXPECT_TRUE(IsLinearizable(history))
        << "register " << static_cast<int>(id.first) << ", " << id.second << ":\n"
        << ToText(history);
  }
}

// The records of links agree, and so do both sides of each.
void ExpectWholeLinks(MemoryEngine* engine) {
  smile::testing::LinkRecords records;
  EachRecord(engine, Table::kLinks, [&](const Key& key, const Record& record) {
    const auto sort = DecodeLinkSort(key.sort);
    ASSERT_TRUE(sort.has_value());
    records[{*DecodePartition(key.partition), *sort}] = record.value;
  });
  smile::testing::LinkSides sides;
  EXPECT_EQ(smile::testing::ReadLinkRecords(records, &sides), "");
  EXPECT_EQ(sides, smile::testing::BacksOf(sides));
}

// A login is in the list of its user and nowhere else.
void ExpectWholeLogins(MemoryEngine* engine) {
  std::set<std::pair<uint64_t, Bytes>> of_logins;
  std::set<std::pair<uint64_t, Bytes>> of_users;
  EachRecord(engine, Table::kLogins, [&](const Key& key, const Record& record) {
    const auto login = DecodeLoginRecord(record.value);
    ASSERT_TRUE(login.has_value());
    of_logins.emplace(login->user, key.partition);
  });
  EachRecord(engine, Table::kAccounts, [&](const Key& key, const Record&) {
    if (key.sort.front() != static_cast<char>(AccountPart::kLogin)) return;
    of_users.emplace(*DecodePartition(key.partition), key.sort.substr(1));
  });
  EXPECT_EQ(of_logins, of_users);
}

// How many seeds, from SMILE_SEED if it is set; more with SMILE_SIMULATION_SEEDS.
uint64_t Seeds() {
  const char* wanted = std::getenv("SMILE_SIMULATION_SEEDS");
  return wanted == nullptr ? 60 : std::strtoull(wanted, nullptr, 10);
}

void RunSeeds(WorldOptions options, bool expect_reconnects) {
  const char* const given = std::getenv("SMILE_SEED");
  const uint64_t first = given != nullptr ? std::stoull(given) : std::random_device()();
  size_t connections = 0;
  for (uint64_t seed = first; seed < first + Seeds(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    options.seed = seed;
    World world(options);
    world.Run(100);
    world.Settle();
    ExpectLinearizable(world.recorder());
    world.ExpectNumbers();
    ExpectWholeLinks(&world.stored());
    ExpectWholeLogins(&world.stored());
    connections += world.connections();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(connections > 3 * Seeds(), expect_reconnects);
}

TEST(Simulation, LinearizableWithSplitsAndDelays) {
  RunSeeds({}, false);
}

TEST(Simulation, LinearizableWithSingleBytes) {
  RunSeeds({.max_piece_bytes = 1}, false);
}

TEST(Simulation, LinearizableWithLostConnections) {
  RunSeeds({.cut_probability = 0.01}, true);
}

TEST(Simulation, LinearizableWithFlippedBits) {
  RunSeeds({.flip_probability = 0.01}, true);
}

const std::vector<Register> kPeople = {Register::kRecord, Register::kLink, Register::kLogin,
                                       Register::kNumber};

TEST(Simulation, PeopleAreLinearizableWithFaultsOfTheEngine) {
  RunSeeds({.fault_probability = 0.1, .registers = kPeople}, false);
}

TEST(Simulation, PeopleAreLinearizableWithFaultsAndLostConnections) {
  RunSeeds({.cut_probability = 0.01, .fault_probability = 0.1, .registers = kPeople}, true);
}

// Tests of the checker.

using Kind = HistoryOperation::Kind;
using Outcome = HistoryOperation::Outcome;

HistoryOperation Done(Kind kind, uint64_t value, uint64_t begin, uint64_t end) {
  return {kind, Outcome::kDone, value, begin, end};
}

TEST(Linearizability, CheckerDetectsAStaleRead) {
  EXPECT_TRUE(IsLinearizable({Done(Kind::kPut, 7, 1, 2), Done(Kind::kGet, 7, 3, 4)}));
  EXPECT_FALSE(IsLinearizable({Done(Kind::kPut, 7, 1, 2), Done(Kind::kGet, 0, 3, 4)}));
  EXPECT_TRUE(IsLinearizable({Done(Kind::kPut, 7, 1, 4), Done(Kind::kGet, 0, 2, 3)}));
}

TEST(Linearizability, CheckerDetectsReordering) {
  std::vector<HistoryOperation> history = {Done(Kind::kPut, 7, 1, 4), Done(Kind::kGet, 0, 2, 3)};
  EXPECT_TRUE(IsLinearizable(history));
  for (HistoryOperation& operation : history) operation.connection = 1;
  EXPECT_FALSE(IsLinearizable(history));
}

TEST(Linearizability, CheckerDetectsAValueGoingBack) {
  EXPECT_FALSE(IsLinearizable({Done(Kind::kPut, 1, 1, 2), Done(Kind::kPut, 2, 3, 8),
                               Done(Kind::kGet, 2, 4, 5), Done(Kind::kGet, 1, 6, 7)}));
}

TEST(Linearizability, CheckerAllowsOutcomeUnknown) {
  const HistoryOperation unknown{Kind::kPut, Outcome::kUnknown, 7, 1, HistoryOperation::kNever};
  EXPECT_TRUE(IsLinearizable({unknown, Done(Kind::kGet, 0, 2, 3), Done(Kind::kGet, 7, 4, 5)}));
  EXPECT_TRUE(IsLinearizable({unknown, Done(Kind::kGet, 0, 2, 3)}));
  EXPECT_FALSE(IsLinearizable({unknown, Done(Kind::kGet, 7, 2, 3), Done(Kind::kGet, 0, 4, 5)}));
}

TEST(Linearizability, CheckerDetectsTwoFirstWrites) {
  EXPECT_FALSE(
      IsLinearizable({Done(Kind::kPutIfAbsent, 1, 1, 4), Done(Kind::kPutIfAbsent, 2, 2, 3)}));
}

}  // namespace
}  // namespace smile
