#include "net/memory_pipe.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/net/recorder.h"

namespace smile {
namespace {

struct Ends {
  explicit Ends(const PipeOptions& options) : pipe(options) {
    client.Take(pipe.TakeClient());
    server.Take(pipe.TakeServer());
  }
  MemoryPipe pipe;
  Recorder client;
  Recorder server;
};

Bytes Numbers(size_t size) {
  Bytes bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}

TEST(MemoryPipe, EverySplitPointOccurs) {
  const Bytes message = Numbers(16);
  std::set<size_t> first_pieces;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Ends ends({.seed = seed});
    ends.server.on_bytes = [&](ByteView bytes) {
      if (ends.server.reads == 1) first_pieces.insert(bytes.size());
    };
    ends.client.transport->Send(message);
    ASSERT_TRUE(ends.pipe.RunUntilIdle());
    ASSERT_EQ(ends.server.received, message) << "seed " << seed;
  }
  EXPECT_EQ(first_pieces.size(), message.size());
}

TEST(MemoryPipe, SameSeedSameBehaviour) {
  const auto run = [](uint64_t seed) {
    Ends ends({.seed = seed, .max_piece_bytes = 50, .max_delay_steps = 5});
    std::string pieces;
    ends.server.on_bytes = [&](ByteView bytes) { pieces += std::to_string(bytes.size()) + " "; };
    ends.client.transport->Send(Numbers(1000));
    EXPECT_TRUE(ends.pipe.RunUntilIdle());
    EXPECT_EQ(ends.server.received, Numbers(1000));
    return pieces;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(MemoryPipe, CutsAtTheGivenByte) {
  Ends ends({.seed = 1, .cut_after_bytes = 100});
  ends.client.transport->Send(Numbers(1000));
  ASSERT_TRUE(ends.pipe.RunUntilIdle());
  EXPECT_EQ(ends.server.received, Numbers(100));
  EXPECT_EQ(ends.server.closed->code(), Code::kUnavailable);
  EXPECT_EQ(ends.client.closed->code(), Code::kUnavailable);
}

TEST(MemoryPipe, FaultRatesAreObeyed) {
  int cut = 0;
  int flipped = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Ends ends({.seed = seed, .cut_probability = 0.02, .flip_probability = 0.05});
    ends.client.transport->Send(Numbers(100));
    ASSERT_TRUE(ends.pipe.RunUntilIdle());
    if (ends.client.closed) {
      ++cut;
    } else if (ends.server.received != Numbers(100)) {
      ++flipped;
      EXPECT_EQ(ends.server.received.size(), 100u);
    }
  }
  EXPECT_GT(cut, 5);
  EXPECT_GT(flipped, 10);
  EXPECT_LT(cut + flipped, 190);
}

TEST(MemoryPipe, DirectionsAreDelayedIndependently) {
  bool overtaken = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Ends ends({.seed = seed, .max_delay_steps = 50});
    std::string order;
    ends.server.on_bytes = [&](ByteView) { order += 's'; };
    ends.client.on_bytes = [&](ByteView) { order += 'c'; };
    ends.client.transport->Send("x");
    ends.server.transport->Send("y");
    ASSERT_TRUE(ends.pipe.RunUntilIdle());
    ASSERT_EQ(order.size(), 2u);
    overtaken = overtaken || order == "cs";
  }
  EXPECT_TRUE(overtaken);
}

}  // namespace
}  // namespace smile
