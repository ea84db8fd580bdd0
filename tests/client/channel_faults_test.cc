// A Channel against a server over connections that are cut and whose bits flip, for many seeds:
// what an answer says is what happened.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/memory_pipe.h"
#include "tests/client/channel_fixture.h"
#include "tests/client/fake_server.h"

namespace smile {
namespace {

// The client's end of a pipe, as client/connection.h is of a socket.
class PipeConnection final : public TransportEvents {
 public:
  PipeConnection(Channel* channel, std::unique_ptr<Transport> transport, const int64_t* now)
      : channel_(channel), transport_(std::move(transport)), now_(now) {
    transport_->Start(this);
    channel_->Connected();
  }
  void Flush() {
    if (over_) return;
    Bytes out;
    channel_->Fill(/*unsent=*/0, *now_, &out);
    transport_->Send(std::move(out));
  }
  void Tick() {
    const Status status = channel_->Tick(*now_);
    if (!status.ok() && !over_) Lose(status);
  }
  bool over() const { return over_; }

 private:
  void OnBytes(ByteView bytes) override {
    const Status status = channel_->Receive(bytes, *now_);
    if (!status.ok()) Lose(status);
  }
  void OnSent() override {}
  void OnEnd() override { Lose({Code::kUnavailable, "ended"}); }
  void OnClosed(const Status& status) override {
    if (!over_) channel_->Disconnected(status);
    over_ = true;
  }
  void Lose(const Status& status) {
    over_ = true;
    transport_->Abort();
    channel_->Disconnected(status);
  }

  Channel* const channel_;
  const std::unique_ptr<Transport> transport_;
  const int64_t* const now_;
  bool over_ = false;
};

struct Outcomes {
  int right = 0;
  int wrong = 0;
  int unknown = 0;
  int failed = 0;
};

class Faults {
 public:
  explicit Faults(uint64_t seed) : seed_(seed), channel_(OptionsOf(seed)) {}

  void Run(Outcomes* outcomes) {
    for (int i = 0; i < 40; ++i) {
      Put(i, outcomes);
      Ping(i, outcomes);
    }
    for (int connections = 0; open_ > 0 && connections < 1000; ++connections) Connect();
    EXPECT_EQ(open_, 0) << "seed " << seed_;
    channel_.EndAll({Code::kUnavailable, "the test is over"});
    EXPECT_TRUE(std::is_sorted(order_.begin(), order_.end())) << "seed " << seed_;
    for (const auto& [name, code] : puts_) {
      const bool unknown = code == Code::kOutcomeUnknown;
      const int applied = applied_[name];
      EXPECT_GE(applied, code == Code::kOk ? 1 : 0) << name << ", seed " << seed_;
      EXPECT_LE(applied, code == Code::kOk || unknown ? 1 : 0) << name << ", seed " << seed_;
    }
  }

 private:
  static ChannelOptions OptionsOf(uint64_t seed) {
    return {.name = "faults",
            .max_in_flight = 8,
            .max_queued_bytes = 1'000'000,
            .first_backoff_millis = 1,
            .max_backoff_millis = 4,
            .seed = seed};
  }

  template <class Row>
  void Call(const typename Row::Request& request, std::function<void(Answer<Row>)> done) {
    ++open_;
    auto call = std::make_unique<TypedCall<Row>>(request, now_ + 10'000'000 * kMilli, CallOptions(),
                                                 [this, done](Answer<Row> answer) {
                                                   --open_;
                                                   done(std::move(answer));
                                                 });
    channel_.Admit(call.get());
    channel_.Add(std::move(call));
  }
  void Put(int i, Outcomes* outcomes) {
    const Bytes name = std::to_string(i);
    Call<op::Put>({.key = {Table::kUsers, "12345678", name},
                   .condition = {},
                   .checksum = Hash64(name),
                   .value = name,
                   .expire_seconds = {}},
                  [this, name, outcomes](Answer<op::Put> answer) {
                    puts_[name] = answer.status().code();
                    if (answer.ok()) ++outcomes->right;
                    if (answer.status().code() == Code::kOutcomeUnknown) ++outcomes->unknown;
                  });
  }
  void Ping(int i, Outcomes* outcomes) {
    const Bytes payload = std::to_string(i);
    Call<op::Ping>({payload}, [payload, outcomes](Answer<op::Ping> answer) {
      if (!answer.ok()) {
        ++outcomes->failed;
      } else {
        ++(answer->payload == payload ? outcomes->right : outcomes->wrong);
      }
    });
  }

  // One connection, until it is over or nothing is left to do.
  void Connect() {
    MemoryPipe pipe({.seed = seed_ * 1000 + static_cast<uint64_t>(connections_),
                     .max_piece_bytes = 60,
                     .max_delay_steps = 3,
                     .cut_probability = 0.02,
                     .flip_probability = 0.01});
    FakePeer peer(
        pipe.TakeServer(), connections_++,
        [this](FakePeer& one, int, const Frame& frame) {
          if (++requests_ % 7 == 0) {
            one.Refuse(frame.header.id, {Code::kOverloaded, "later", 3});
            return true;
          }
          op::Put::Request put;
          if (frame.header.code == op::Put::kInfo.code && Decode(frame.body, &put).ok()) {
            ++applied_[Bytes(put.key.sort)];
            order_.push_back(std::stoi(Bytes(put.key.sort)));
          }
          return false;
        },
        &records_, FakeServerOptions().hello);
    PipeConnection connection(&channel_, pipe.TakeClient(), &now_);
    for (int step = 0; step < 100'000 && !connection.over() && open_ > 0; ++step) {
      connection.Flush();
      if (!pipe.Step()) now_ += kMilli;
      connection.Tick();
    }
    EXPECT_TRUE(pipe.RunUntilIdle());
    if (!connection.over()) channel_.Disconnected({Code::kUnavailable, "done"});
  }

  const uint64_t seed_;
  int64_t now_ = 1'000'000'000;
  int open_ = 0;
  int connections_ = 0;
  int requests_ = 0;
  std::map<Bytes, Bytes> records_;
  std::map<Bytes, int> applied_;
  std::vector<int> order_;  // in which they were applied
  std::map<Bytes, Code> puts_;
  Channel channel_;
};

TEST(ChannelFaults, AnswersAreTruthfulUnderFaults) {
  Outcomes outcomes;
  for (uint64_t seed = 1; seed <= 150; ++seed) Faults(seed).Run(&outcomes);
  EXPECT_EQ(outcomes.wrong, 0);
  EXPECT_EQ(outcomes.failed, 0) << "reads are repeated until they succeed";
  EXPECT_GT(outcomes.right, 150 * 40);
  EXPECT_GT(outcomes.unknown, 100);
}

}  // namespace
}  // namespace smile
