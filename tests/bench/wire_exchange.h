// For tests: a connection of a driver over a pipe in memory, to a server that says what was
// recorded of a real one.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bench/smilebench/verifier.h"
#include "bench/smilebench/wire.h"
#include "bench/smilebench/workload.h"
#include "net/memory_pipe.h"

namespace smile::bench {

inline constexpr size_t kExchangedValueBytes = 16;
inline constexpr uint32_t kExchangedPostsPerAuthor = 20;

// The value of a record.
inline Bytes ExchangedValue(uint64_t number) {
  Bytes value;
  MakeValue(number, 1, kExchangedValueBytes, &value);
  return value;
}

// "ce 0000 06": the bytes; blanks are for the reader.
inline Bytes FromHex(std::string_view text) {
  Bytes bytes;
  std::string pair;
  for (const char digit : text) {
    if (digit != ' ') pair += digit;
    if (pair.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return bytes;
}

// What an operation came to.
struct Exchanged {
  uint32_t slot = 0;
  Status status;
  bool right = false;  // by the Verifier

  bool operator==(const Exchanged& other) const {
    return slot == other.slot && status.code() == other.status.code() && right == other.right;
  }
};
inline void PrintTo(const Exchanged& exchanged, std::ostream* out) {
  *out << exchanged.slot << ": " << exchanged.status.ToString()
       << (exchanged.right ? "" : " wrong");
}

class Exchange : public DriverEvents, private TransportEvents {
 public:
  // Bytes come in pieces of up to so many.
  explicit Exchange(size_t max_piece_bytes) : pipe_({.max_piece_bytes = max_piece_bytes}) {}

  // `protocol` answers to this exchange.
  void Connect(std::unique_ptr<WireProtocol> protocol) {
    connection_ = std::make_unique<WireConnection>(std::move(protocol));
    connection_->Attach(pipe_.TakeClient());
    server_ = pipe_.TakeServer();
    server_->Start(this);
  }
  void Ask(const std::vector<Operation>& operations) {
    operations_ = operations;
    for (uint32_t slot = 0; slot < operations_.size(); ++slot) {
      connection_->Start(slot, operations_[slot]);
    }
    connection_->Flush();
    EXPECT_TRUE(pipe_.RunUntilIdle());
  }
  // What the server has been asked since the last call.
  Bytes TakeAsked() { return std::exchange(asked_, {}); }
  // What it says, and what that answers.
  std::vector<Exchanged> Say(const Bytes& bytes) {
    server_->Send(bytes);
    EXPECT_TRUE(pipe_.RunUntilIdle());
    return std::exchange(answers_, {});
  }
  std::vector<Exchanged> Cut() {
    pipe_.Cut();
    EXPECT_TRUE(pipe_.RunUntilIdle());
    return std::exchange(answers_, {});
  }
  std::vector<Exchanged> TakeAnswers() { return std::exchange(answers_, {}); }

 private:
  void OnAnswer(uint32_t slot, const Status& status, const Found& found) override {
    const Verifier verifier(kExchangedPostsPerAuthor, kExchangedValueBytes);
    const bool right = status.ok() && verifier.IsRight(operations_.at(slot), found);
    answers_.push_back({slot, status, right});
  }
  void OnBytes(ByteView bytes) override { asked_ += bytes; }
  void OnSent() override {}
  void OnEnd() override { server_->Close(); }
  void OnClosed(const Status& /*status*/) override {}

  MemoryPipe pipe_;
  std::unique_ptr<WireConnection> connection_;
  std::unique_ptr<Transport> server_;
  std::vector<Operation> operations_;
  Bytes asked_;
  std::vector<Exchanged> answers_;
};

// How tests say what they expect.
inline Exchanged Right(uint32_t slot) {
  return {slot, {}, true};
}
inline Exchanged Wrong(uint32_t slot) {
  return {slot, {}, false};
}
inline Exchanged Failed(uint32_t slot, Code code) {
  return {slot, {code, ""}, false};
}

}  // namespace smile::bench
