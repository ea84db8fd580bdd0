// A session with everything around it in one thread: a clock that stands still, an engine whose
// answers may be held back, and a queue in place of the event loop.
#pragma once

#include <algorithm>
#include <bit>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/hash.h"
#include "protocol/message.h"
#include "server/session.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_services.h"

namespace smile {

// The first two are of one partition.
inline const Key kProfile = UserKey(42, "profile");
inline const Key kTheme = UserKey(42, "theme");
inline const Key kElsewhere = UserKey(43, "profile");
inline constexpr uint8_t kFriend = static_cast<uint8_t>(LinkKind::kFriend);

// The memory engine, with a switch: while `hold` is set, an operation is done and answered only by
// Release(), and nothing can be peeked at, as if all of it had to come from disk.
class HoldingEngine final : public Engine {
 public:
  // `records_per_page`: as MemoryEngine's.
  HoldingEngine(const Clock* clock, size_t records_per_page)
      : engine_(clock, MemoryEngine::Answers::kInline, records_per_page) {}

  std::string trouble;
  bool hold = false;
  bool hold_reads = false;               // the same for Read alone
  Status read_failure;                   // if it is one, every key that is read ends so
  std::vector<Key> on_disk;              // these cannot be peeked at
  std::vector<Key> read_keys;            // that Read was asked for
  std::vector<size_t> peeked_together;   // numbers of keys, of each PeekMany
  bool tells_stats = true;               // else Stats has none of its own
  bool keeps_memory = false;             // of reads and scans, in `kept`, beyond their answers
  std::shared_ptr<const Caller> caller;  // of the last read, scan or list

  std::vector<std::shared_ptr<ReadMemory>> kept;

  size_t held() const { return held_.size(); }
  void Release(size_t index = 0) {
    auto task = std::move(held_.at(index));
    held_.erase(held_.begin() + static_cast<ptrdiff_t>(index));
    task();
  }

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override {
    const bool here = std::find(on_disk.begin(), on_disk.end(), Key(key)) == on_disk.end();
    return hold || !here ? PeekResult::kUnknown : engine_.Peek(key, found);
  }
  void PeekMany(std::span<const KeyView> keys, PeekEach each) override {
    peeked_together.push_back(keys.size());
    Engine::PeekMany(keys, each);
  }
  bool PeekScan(const ScanRequest& request, FoundPage found) override {
    return !hold && engine_.PeekScan(request, found);
  }
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override {
    caller = request.call.caller;
    read_keys.insert(read_keys.end(), request.keys.begin(), request.keys.end());
    if (keeps_memory) kept.push_back(request.call.memory);
    if (!read_failure.ok()) return done(ReadReply(request.keys.size(), read_failure));
    auto read = [this, request, done] { engine_.Read(request, done); };
    if (hold_reads) return held_.push_back(std::move(read));
    Do(std::move(read));
  }
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override {
    auto shared = std::make_shared<WriteRequest>(std::move(request));
    Do([this, shared, done] { engine_.Write(std::move(*shared), done); });
  }
  bool can_write_together() const override { return engine_.can_write_together(); }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    caller = request.call.caller;
    if (keeps_memory) kept.push_back(request.call.memory);
    Do([this, request, done] { engine_.Scan(request, done); });
  }
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override {
    caller = request.call.caller;
    Do([this, request, done] { engine_.List(request, done); });
  }
  std::string_view Trouble() const override { return trouble; }
  void Stats(std::function<void(EngineStats)> done) override {
    if (!tells_stats) return done({});
    engine_.Stats(std::move(done));
  }
  uint64_t Observe(ChangeObserver* observer) override { return engine_.Observe(observer); }
  void Close() override { engine_.Close(); }

 private:
  void Do(std::function<void()> task) {
    if (hold) {
      held_.push_back(std::move(task));
    } else {
      task();
    }
  }

  MemoryEngine engine_;
  std::vector<std::function<void()>> held_;
};

// A reply frame, taken apart.
struct ReceivedReply {
  uint32_t id = 0;
  Code code = Code::kOk;
  Bytes body;
  bool more = false;  // another reply to the request follows

  template <class Row>
  typename Row::Response As() const {
    typename Row::Response response;
    const Status status = Decode(body, &response);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return response;
  }
  ErrorBody Error() const {
    ErrorBody error;
    EXPECT_TRUE(Decode(body, &error).ok());
    return error;
  }
};

inline std::vector<ReceivedReply> ParseReplies(ByteView bytes) {
  std::vector<ReceivedReply> replies;
  FrameReader reader(limits::kMaxFrameBytes);
  reader.Feed(bytes);
  Frame frame;
  while (reader.Next(&frame) == FrameReader::Event::kFrame) {
    EXPECT_EQ(frame.header.flags & ~kFlagMoreFollows, kFlagReply);
    replies.push_back({frame.header.id, static_cast<Code>(frame.header.code), Bytes(frame.body),
                       (frame.header.flags & kFlagMoreFollows) != 0});
  }
  EXPECT_EQ(reader.buffered_bytes(), 0u) << "half a reply";
  return replies;
}

class SessionTest : public ::testing::Test {
 protected:
  explicit SessionTest(size_t records_per_page = SIZE_MAX, size_t memory_bytes = size_t{1} << 30)
      : budget_(memory_bytes), engine_(&clock_, records_per_page) {
    Reconnect();
  }
  ~SessionTest() override { engine_.Close(); }

  void Reconnect() {
    session_ = std::make_shared<Session>(shared_, [this] { ++outputs_; });
  }

  // Runs what the engine posted to the session's thread.
  void RunPosted() {
    while (!posted_.empty()) {
      auto task = std::move(posted_.front());
      posted_.pop_front();
      task();
    }
  }

  void Send(ByteView bytes) {
    session_->Receive(bytes);
    RunPosted();
  }
  void Release(size_t index = 0) {
    engine_.Release(index);
    RunPosted();
  }
  std::vector<ReceivedReply> Replies() {
    Bytes output;
    while (session_->has_output()) output += session_->TakeOutput().bytes;
    return ParseReplies(output);
  }

  // The ids of the replies that are there.
  std::vector<uint32_t> ReplyIds() {
    std::vector<uint32_t> ids;
    for (const ReceivedReply& reply : Replies()) ids.push_back(reply.id);
    return ids;
  }

  void Greet() {
    Send(HelloFrame());
    const std::vector<ReceivedReply> replies = Replies();
    ASSERT_EQ(replies.size(), 1u);
    ASSERT_EQ(replies[0].code, Code::kOk);
    if (opens_window_) OpenWindow();
  }

  // Takes replies until the session's reply window is the whole one.
  void OpenWindow() {
    constexpr size_t kDoublings = std::bit_width(limits::kMaxInFlightReplyBytes - 1) -
                                  std::bit_width(limits::kMinInFlightReplyBytes - 1);
    for (size_t i = 0; i < kDoublings; ++i) {
      Ask(FrameOf<op::Ping>(1, {}));
      session_->set_unsent(0, 0);
    }
  }

  template <class Row>
  static Bytes FrameOf(uint32_t id, const typename Row::Request& request,
                       uint16_t deadline_ms = 0) {
    Bytes bytes;
    EncodeRequest<Row>(id, deadline_ms, request, &bytes);
    return bytes;
  }
  static Bytes HelloFrame() { return FrameOf<op::Hello>(1, {}); }
  static Bytes PutFrame(uint32_t id, const Key& key, ByteView value, uint16_t deadline_ms = 0) {
    return FrameOf<op::Put>(id, {.key = key.view(), .checksum = Hash64(value), .value = value},
                            deadline_ms);
  }
  static Bytes GetFrame(uint32_t id, const Key& key, uint16_t deadline_ms = 0) {
    return FrameOf<op::Get>(id, {.key = key.view()}, deadline_ms);
  }

  // Sends one frame and expects one reply.
  ReceivedReply Ask(const Bytes& frame) {
    Send(frame);
    std::vector<ReceivedReply> replies = Replies();
    EXPECT_EQ(replies.size(), 1u);
    return replies.empty() ? ReceivedReply{} : replies[0];
  }

  MemoryBudget budget_;
  MemoryPool pool_{&budget_};
  ManualClock clock_;
  HoldingEngine engine_;
  MemoryServices services_{engine_, clock_};
  Handlers handlers_{engine_, services_.services(), clock_, [] {
                       return EngineStats{{"server.test_count", 7}};
                     }};
  WorkerMetrics metrics_;
  DiscardedInput discarded_{&pool_, &metrics_.memory_input};
  WatchGroup watches_{handlers_.watches(), [] {}};
  std::deque<std::function<void()>> posted_;
  Session::Shared shared_{
      .handlers = handlers_,
      .clock = clock_,
      .metrics = metrics_,
      .memory = pool_,
      .discarded = discarded_,
      .watches = watches_,
      .post = [this](std::function<void()> task) { posted_.push_back(std::move(task)); }};
  bool opens_window_ = true;  // in Greet()
  int outputs_ = 0;
  std::shared_ptr<Session> session_;
};

}  // namespace smile
