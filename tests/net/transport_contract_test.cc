// What net/transport.h promises, of every transport there is.

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <functional>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/memory_pipe.h"
#include "tests/net/recorder.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

// Two ends of one connection, and how to let things happen between them.
class Wiring {
 public:
  virtual ~Wiring() = default;
  virtual void Until(const std::function<bool()>& done) = 0;
  virtual void Settle() = 0;  // until nothing more happens, as far as can be told

  Recorder& client() { return *client_; }
  Recorder& server() { return *server_; }

 protected:
  Recorder* client_ = nullptr;
  Recorder* server_ = nullptr;
};

class TcpWiring final : public Wiring {
 public:
  TcpWiring() : loop_(std::move(EventLoop::Create()).value()), pair_(loop_.get()) {
    client_ = &pair_.client;
    server_ = &pair_.server;
  }
  void Until(const std::function<bool()>& done) override { RunUntil(loop_.get(), done); }
  void Settle() override {
    int ticks = 0;
    const auto timer = loop_->StartTimer(1, 1, [&] { ++ticks; });
    Until([&] { return ticks == 20; });
  }

 private:
  const std::unique_ptr<EventLoop> loop_;
  TcpPair pair_;
};

class PipeWiring final : public Wiring {
 public:
  PipeWiring() : pipe_({.seed = 7, .max_piece_bytes = 100'000}) {
    client_ = &client_end_;
    server_ = &server_end_;
    client_end_.Take(pipe_.TakeClient());
    server_end_.Take(pipe_.TakeServer());
  }
  void Until(const std::function<bool()>& done) override {
    while (!done()) ASSERT_TRUE(pipe_.Step()) << "what the test waits for cannot happen";
  }
  void Settle() override { ASSERT_TRUE(pipe_.RunUntilIdle()); }

 private:
  MemoryPipe pipe_;
  Recorder client_end_;
  Recorder server_end_;
};

struct Kind {
  const char* name;
  std::unique_ptr<Wiring> (*make)();
};

class TransportContract : public ::testing::TestWithParam<Kind> {
 protected:
  TransportContract() : wiring_(GetParam().make()) {}

  Recorder& client() { return wiring_->client(); }
  Recorder& server() { return wiring_->server(); }

  const std::unique_ptr<Wiring> wiring_;
};

const Bytes& Much() {
  static const Bytes* const much = [] {
    auto* const bytes = new Bytes(size_t{20} << 20, 'x');
    for (size_t i = 0; i < bytes->size(); ++i) (*bytes)[i] = static_cast<char>(i * 7 + i / 253);
    return bytes;
  }();
  return *much;
}

TEST_P(TransportContract, BytesFlowBothWaysUntilAnOrderlyEnd) {
  client().Call([&] { client().transport->Send("to the server"); });
  server().Call([&] { server().transport->Send("to the client"); });
  wiring_->Until([&] { return client().received.size() + server().received.size() == 26; });
  EXPECT_EQ(server().received, "to the server");
  EXPECT_EQ(client().received, "to the client");
  client().Call([&] { client().transport->Close(); });
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_TRUE(server().ended);
  EXPECT_TRUE(client().closed->ok()) << client().closed->ToString();
  EXPECT_TRUE(server().closed->ok()) << server().closed->ToString();
  client().transport->Send("too late");
  client().transport->Close();
  client().transport->Abort();
  EXPECT_EQ(client().transport->unsent_bytes(), 0u);
  wiring_->Settle();
}

TEST_P(TransportContract, ConnectionStaysOpenAfterThePeersEnd) {
  server().close_on_end = false;
  client().close_on_end = false;
  client().transport->Send("question");
  client().transport->Close();
  wiring_->Until([&] { return server().ended; });
  EXPECT_EQ(server().received, "question");
  EXPECT_FALSE(server().closed.has_value());
  server().transport->Send("answer");
  server().transport->Close();
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_TRUE(server().closed->ok()) << server().closed->ToString();
  EXPECT_EQ(client().received, "") << "no bytes after Close()";
}

TEST_P(TransportContract, ReadingWaitsForRoom) {
  server().most_bytes = 0;
  client().Call([&] { client().transport->Send("question"); });
  wiring_->Until([&] { return server().no_room_events == 1; });
  wiring_->Settle();
  EXPECT_EQ(server().received, "");
  EXPECT_EQ(server().no_room_events, 1) << "it paused";
  server().most_bytes = 3;
  server().Call([&] { server().transport->ResumeReading(); });
  wiring_->Until([&] { return server().received == "question"; });
  EXPECT_GE(server().reads, 3);
}

TEST_P(TransportContract, CloseSendsQueuedBytes) {
  client().Call([&] {
    client().transport->Send(Much());
    client().transport->Send("the end");
    EXPECT_GT(client().transport->unsent_bytes(), 0u);
    client().transport->Close();
    client().transport->Send("not any more");
  });
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_TRUE(server().received == Much() + "the end");
  EXPECT_TRUE(client().closed->ok());
  EXPECT_GT(client().sent_events, 0);
}

// `size` bytes from the sixth of a file that has Much().
FileRange RangeOfMuch(size_t size) {
  auto* const file = new int(memfd_create("much", MFD_CLOEXEC));
  EXPECT_EQ(write(*file, Much().data(), Much().size()), static_cast<ssize_t>(Much().size()));
  return {.descriptor = *file,
          .offset = 5,
          .size = size,
          .owner = std::shared_ptr<const int>(file, [](const int* open) {
            close(*open);
            delete open;
          })};
}

TEST_P(TransportContract, FilesAreSentInOrder) {
  const size_t size = Much().size() - 10;
  client().Call([&] {
    client().transport->SendFile("first, ", RangeOfMuch(10));
    client().transport->Send("before, ");
    client().transport->SendFile("head, ", RangeOfMuch(size));
    EXPECT_GT(client().transport->unsent_bytes(), 0u);
    client().transport->SendFile("queued, ", RangeOfMuch(10));
    client().transport->Send("after");
    client().transport->Close();
  });
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_TRUE(server().received == "first, " + Much().substr(5, 10) + "before, head, " +
                                       Much().substr(5, size) + "queued, " + Much().substr(5, 10) +
                                       "after");
  EXPECT_TRUE(client().closed->ok());
}

// What follows could not be told apart from it.
TEST_P(TransportContract, FileThatIsTooShortEndsTheConnection) {
  client().Call([&] {
    client().transport->SendFile("head, ", RangeOfMuch(Much().size()));
    client().transport->Send("after");
  });
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_LE(server().received.size(), 6 + Much().size() - 5);
}

TEST_P(TransportContract, CloseDoesNotLoseAReplyWhileThePeerSends) {
  server().on_bytes = [&](ByteView) {
    server().on_bytes = nullptr;
    server().transport->Send("broken");
    server().transport->Close();
  };
  client().transport->Send(Much());
  wiring_->Until([&] { return client().ended; });
  EXPECT_EQ(client().received, "broken");
}

TEST_P(TransportContract, LingerIsBounded) {
  client().close_on_end = false;
  server().transport->Close();
  wiring_->Until([&] { return server().closed.has_value(); });
  EXPECT_TRUE(server().closed->ok());
  EXPECT_FALSE(client().closed.has_value());
  client().transport->Send("anyone?");
  wiring_->Settle();
  client().transport->Send("anyone?");
  wiring_->Until([&] { return client().closed.has_value(); });
  EXPECT_EQ(client().closed->code(), Code::kUnavailable);
}

TEST_P(TransportContract, AbortDropsQueuedBytesAndResets) {
  server().transport->PauseReading();
  client().Call([&] {
    client().transport->Send(Much());
    client().transport->Abort();
    client().transport->Abort();
  });
  wiring_->Until([&] { return client().closed.has_value(); });
  EXPECT_TRUE(client().closed->ok());
  server().transport->ResumeReading();
  wiring_->Until([&] { return server().closed.has_value(); });
  EXPECT_EQ(server().closed->code(), Code::kUnavailable);
  EXPECT_THAT(server().closed->message(), HasSubstr("connection lost"));
  EXPECT_LT(server().received.size(), Much().size());
}

TEST_P(TransportContract, PausedReaderAppliesBackpressure) {
  server().transport->PauseReading();
  client().transport->Send(Much());
  wiring_->Settle();
  EXPECT_EQ(server().reads, 0);
  EXPECT_GT(client().transport->unsent_bytes(), size_t{1} << 20);
  server().transport->ResumeReading();
  wiring_->Until([&] { return server().received.size() == Much().size(); });
  EXPECT_TRUE(server().received == Much());
  EXPECT_EQ(client().transport->unsent_bytes(), 0u);
}

TEST_P(TransportContract, ClosingWhilePausedDrainsTheInput) {
  server().transport->PauseReading();
  client().transport->Send(Much());
  wiring_->Settle();
  server().transport->Close();
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_TRUE(client().closed->ok()) << client().closed->ToString();
  EXPECT_EQ(server().reads, 0);
}

TEST_P(TransportContract, PauseInsideOnBytesTakesEffectAtOnce) {
  server().on_bytes = [&](ByteView) { server().transport->PauseReading(); };
  client().transport->Send(Much());
  for (int reads = 1; reads <= 3; ++reads) {
    wiring_->Settle();
    EXPECT_EQ(server().reads, reads);
    server().transport->ResumeReading();
  }
}

TEST_P(TransportContract, DestructionInsideOnClosedIsAllowed) {
  client().destroy_on_closed = true;
  client().transport->Abort();
  wiring_->Until([&] { return client().closed && server().closed; });
  EXPECT_EQ(client().transport, nullptr);
}

TEST_P(TransportContract, DestroyedTransportNotifiesOnlyThePeer) {
  client().transport.reset();
  wiring_->Until([&] { return server().closed.has_value(); });
  EXPECT_FALSE(client().closed.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    All, TransportContract,
    ::testing::Values(
        Kind{"Tcp", [] { return std::unique_ptr<Wiring>(std::make_unique<TcpWiring>()); }},
        Kind{"MemoryPipe", [] { return std::unique_ptr<Wiring>(std::make_unique<PipeWiring>()); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace smile
