#include "net/memory_pipe.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/read_range.h"

namespace smile {

// The state of one end, and its bytes in transit to the other.
class MemoryPipe::End {
 public:
  enum class State : uint8_t { kOpen, kFlushing, kLingering, kClosed };
  class Handle;

  bool CanPutOnWire(size_t wire_bytes) const {
    return state != State::kClosed && !unsent.empty() && wire.size() < wire_bytes;
  }
  // After Close(), an end receives bytes to drop them, whether it is paused or not.
  bool Reads() const {
    return events != nullptr && state != State::kClosed && (state != State::kOpen || !paused);
  }
  bool CanReceive() const { return Reads() && !peer->wire.empty(); }
  bool CanBeToldOfEnd() const {
    return Reads() && peer->sends_no_more && peer->wire.empty() && !told_end;
  }
  bool CanBeToldOfClose() const {
    return state == State::kClosed && events != nullptr && !told_closed;
  }

  void FinishSending() {
    if (state != State::kFlushing || !unsent.empty()) return;
    sends_no_more = true;
    if (told_end) {
      Close({});
    } else {
      state = State::kLingering;
    }
  }
  void Close(Status why) {
    if (state == State::kClosed) return;
    state = State::kClosed;
    status = std::move(why);
    unsent.clear();
  }

  std::unique_ptr<Transport> handle;  // until it is taken
  End* peer = nullptr;
  const char* name = "";
  TransportEvents* events = nullptr;
  State state = State::kOpen;
  Status status;
  bool paused = false;
  bool sends_no_more = false;
  bool told_end = false;
  bool told_closed = false;
  uint32_t delay = 0;  // steps until bytes on the wire may arrive
  Bytes unsent;
  Bytes wire;  // to the peer
};

// The Transport that the user owns.
class MemoryPipe::End::Handle final : public Transport {
 public:
  explicit Handle(End* end) : end_(end) {}
  ~Handle() override {
    end_->events = nullptr;
    Abort();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void Start(TransportEvents* events) override {
    CHECK(end_->events == nullptr, "a transport is started once");
    end_->events = events;
  }
  void Send(Bytes bytes) override {
    if (end_->state == State::kOpen) end_->unsent += bytes;
  }
  void SendFile(Bytes head, const FileRange& range) override {
    std::optional<Bytes> bytes = ReadRange(range);
    if (!bytes) return Abort();
    Send(std::move(head));
    Send(std::move(*bytes));
  }
  size_t unsent_bytes() const override { return end_->unsent.size(); }
  size_t unsent_memory() const override { return end_->unsent.size(); }
  void PauseReading() override { end_->paused = true; }
  void ResumeReading() override { end_->paused = false; }
  void Close() override {
    if (end_->state != State::kOpen) return;
    end_->state = State::kFlushing;
    end_->FinishSending();
  }
  void Abort() override {
    if (end_->state == State::kClosed) return;
    end_->Close({});
    end_->wire.clear();
    end_->peer->wire.clear();
    end_->peer->Close({Code::kUnavailable, "connection lost: reset by the peer"});
  }
  std::string peer() const override { return end_->peer->name; }

 private:
  End* const end_;
};

MemoryPipe::MemoryPipe(const PipeOptions& options)
    : options_(options),
      random_(options.seed),
      client_(std::make_unique<End>()),
      server_(std::make_unique<End>()) {
  CHECK(options.max_piece_bytes > 0 && options.wire_bytes > 0);
  client_->peer = server_.get();
  client_->name = "client";
  server_->peer = client_.get();
  server_->name = "server";
  client_->handle = std::make_unique<End::Handle>(client_.get());
  server_->handle = std::make_unique<End::Handle>(server_.get());
}

MemoryPipe::~MemoryPipe() {
  client_->handle.reset();
  server_->handle.reset();
  CHECK(client_->events == nullptr && server_->events == nullptr, "the ends go before the pipe");
}

std::unique_ptr<Transport> MemoryPipe::TakeClient() {
  CHECK(client_->handle != nullptr, "each end is taken once");
  return std::move(client_->handle);
}

std::unique_ptr<Transport> MemoryPipe::TakeServer() {
  CHECK(server_->handle != nullptr, "each end is taken once");
  return std::move(server_->handle);
}

bool MemoryPipe::Chance(double probability) {
  return probability > 0 && std::bernoulli_distribution(probability)(random_);
}

size_t MemoryPipe::Below(size_t bound) {
  return std::uniform_int_distribution<size_t>(0, bound - 1)(random_);
}

bool MemoryPipe::Step() {
  std::vector<Choice> choices;
  for (End* end : {client_.get(), server_.get()}) {
    if (end->CanPutOnWire(options_.wire_bytes)) choices.push_back({Action::kPutOnWire, end});
    if (end->CanReceive() && end->peer->delay == 0) choices.push_back({Action::kDeliver, end});
    if (end->CanBeToldOfEnd()) choices.push_back({Action::kTellEnd, end});
    if (end->CanBeToldOfClose()) choices.push_back({Action::kTellClosed, end});
  }
  const bool delayed = WaitForDelays();
  if (!choices.empty()) return Happen(choices[Below(choices.size())]);
  return delayed || EndLingering();
}

bool MemoryPipe::WaitForDelays() {
  bool waited = false;
  for (End* end : {client_.get(), server_.get()}) {
    if (end->delay == 0) continue;
    --end->delay;
    waited = true;
  }
  return waited;
}

bool MemoryPipe::EndLingering() {
  bool ended = false;
  for (End* end : {client_.get(), server_.get()}) {
    if (end->state != End::State::kLingering) continue;
    end->Close({});
    ended = true;
  }
  return ended;
}

bool MemoryPipe::Happen(const Choice& choice) {
  End* const end = choice.end;
  switch (choice.action) {
    case Action::kPutOnWire: {
      if (end->peer->state == End::State::kClosed) {
        end->Close({Code::kUnavailable, "connection lost: the peer is gone"});
        return true;
      }
      const size_t room = options_.wire_bytes - end->wire.size();
      const size_t moved = 1 + Below(std::min(room, end->unsent.size()));
      if (end->wire.empty() && options_.max_delay_steps > 0) {
        end->delay = static_cast<uint32_t>(Below(options_.max_delay_steps + size_t{1}));
      }
      CHECK(moved <= end->unsent.size() && moved <= room);
      end->wire.append(end->unsent, 0, moved);
      end->unsent.erase(0, moved);
      end->FinishSending();
      if (end->events != nullptr) end->events->OnSent();
      return true;
    }
    case Action::kDeliver:
      return Deliver(end);
    case Action::kTellEnd:
      end->told_end = true;
      if (end->state == End::State::kLingering) end->Close({});
      if (end->state == End::State::kOpen) end->events->OnEnd();
      return true;
    case Action::kTellClosed:
      CHECK(!end->told_closed, "OnClosed is the last event");
      end->told_closed = true;
      end->events->OnClosed(end->status);
      return true;
  }
  return false;
}

bool MemoryPipe::Deliver(End* to) {
  size_t most = std::min(to->peer->wire.size(), options_.max_piece_bytes);
  if (to->state == End::State::kOpen) most = std::min(most, to->events->MostBytes());
  if (most == 0) {
    to->events->OnNoRoom();
    return true;
  }
  size_t size = 1 + Below(most);
  const size_t left =
      options_.cut_after_bytes - std::min(options_.cut_after_bytes, delivered_bytes_);
  if (left == 0 || Chance(options_.cut_probability)) {
    Cut();
    return true;
  }
  size = std::min(size, left);
  Bytes piece = to->peer->wire.substr(0, size);
  to->peer->wire.erase(0, size);
  delivered_bytes_ += size;
  if (Chance(options_.flip_probability)) {
    const size_t bit = Below(piece.size() * 8);
    piece[bit / 8] = static_cast<char>(piece[bit / 8] ^ (1 << (bit % 8)));
  }
  if (to->state == End::State::kOpen) to->events->OnBytes(piece);
  return true;
}

bool MemoryPipe::RunUntilIdle(size_t max_steps) {
  for (size_t i = 0; i < max_steps; ++i) {
    if (!Step()) return true;
  }
  return false;
}

void MemoryPipe::Cut() {
  for (End* end : {client_.get(), server_.get()}) {
    end->wire.clear();
    end->Close({Code::kUnavailable, "connection lost: cut"});
  }
}

}  // namespace smile
