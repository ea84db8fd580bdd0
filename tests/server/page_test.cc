// What docs/PROTOCOL.md says of requests that are not as they should be: which status, under which
// id, and whether the connection goes on.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

using ::testing::ElementsAre;

constexpr uint32_t kPageId = 77;

class PageTest : public SessionTest {
 protected:
  // Bytes as one frame of their own; with the checksum that they need.
  static Bytes RawFrame(uint8_t code, ByteView body, uint8_t flags = 0) {
    Bytes bytes;
    FrameWriter frame(&bytes, {.id = kPageId, .code = code, .flags = flags});
    bytes.append(body);
    frame.Finish();
    return bytes;
  }
  static Bytes PostScan(std::optional<ByteView> from, std::optional<ByteView> to,
                        std::optional<ByteView> continuation = {}) {
    static const Bytes user = PartitionOf(42);
    return FrameOf<op::Scan>(
        kPageId,
        {.partition = {Table::kPosts, user}, .from = from, .to = to, .continuation = continuation});
  }
  // A connection of its own; the reply to `frame`, which is to be answered so.
  void Expect(Code code, uint32_t id, bool closes, const Bytes& frame, bool greeted = true) {
    Reconnect();
    if (greeted) Greet();
    const ReceivedReply reply = Ask(frame);
    EXPECT_EQ(reply.code, code);
    EXPECT_EQ(reply.id, id);
    EXPECT_EQ(session_->finished(), closes);
  }
  void ExpectLives(Code code, const Bytes& frame) { Expect(code, kPageId, false, frame); }
  void ExpectCloses(Code code, const Bytes& frame, bool greeted = true) {
    Expect(code, 0, true, frame, greeted);
  }
};

TEST_F(PageTest, StreamErrorsAreAnsweredWithId0AndClose) {
  const Bytes ping = FrameOf<op::Ping>(kPageId, {.payload = "x"});
  Bytes changed = ping;
  changed[16] = static_cast<char>(changed[16] ^ 1);
  ExpectCloses(Code::kProtocolError, changed);
  ExpectCloses(Code::kProtocolError, RawFrame(2, Bytes(1, '\0'), /*flags=*/1));
  Bytes length = ping;
  StoreLittle(length.data() + 4, uint32_t{15});
  ExpectCloses(Code::kProtocolError, length);
  StoreLittle(length.data() + 4, static_cast<uint32_t>(limits::kMaxFrameBytes + 1));
  ExpectCloses(Code::kTooLarge, length);

  const auto hello = [](op::Hello::Request request) {
    return FrameOf<op::Hello>(kPageId, request);
  };
  ExpectCloses(Code::kProtocolError, ping, false);
  ExpectCloses(Code::kProtocolError, hello({.magic = 7}), false);
  ExpectCloses(Code::kUnsupported, hello({.first_version = 2, .last_version = 9}), false);
  ExpectCloses(Code::kInvalid, hello({.max_frame_bytes = limits::kLeastReplyFrameBytes - 1}),
               false);
  ExpectCloses(Code::kTooLarge, hello({.client_name = ByteView(Bytes(65, 'n'))}), false);
  ExpectCloses(Code::kInvalid, RawFrame(1, "cut"), false);
  ExpectCloses(Code::kTooLarge, RawFrame(1, Bytes(500, ' ')), false);
}

TEST_F(PageTest, RequestErrorsKeepTheConnectionOpen) {
  ExpectLives(Code::kUnsupported, RawFrame(0, ""));
  ExpectLives(Code::kUnsupported, RawFrame(200, ""));
  ExpectLives(Code::kInvalid, FrameOf<op::Hello>(kPageId, {}));
  ExpectLives(Code::kInvalid, RawFrame(2, ""));
  const Bytes put = FrameOf<op::Ping>(kPageId, {.payload = ""});
  ExpectLives(Code::kTooLarge, FrameOf<op::Ping>(kPageId, {.payload = Bytes(1025, 'x')}));
  ExpectLives(
      Code::kDamagedInTransit,
      FrameOf<op::Put>(kPageId, {.key = UserKey(1, "a").view(), .checksum = 1, .value = "a"}));
  ExpectLives(Code::kInvalid, FrameOf<op::MGet>(kPageId, {}));
  ExpectLives(Code::kInvalid, FrameOf<op::Batch>(kPageId, {.partition = {Table::kLogins, "ada"}}));
}

// The body of a PING is a length; then come optional fields, of which it has none.
TEST_F(PageTest, UnknownOptionalFieldsFollowTheirTag) {
  const auto ping = [](std::string_view optional) {
    return RawFrame(2, Bytes(1, '\0') + Bytes(optional));
  };
  ExpectLives(Code::kOk, ping({"\2\1x", 3}));
  ExpectLives(Code::kUnsupported, ping({"\1\1x", 3}));
  ExpectLives(Code::kInvalid, ping({"\0\1x", 3}));     // there is no tag 0
  ExpectLives(Code::kInvalid, ping({"\4\0\2\0", 4}));  // they ascend
  ExpectLives(Code::kInvalid, ping({"\2\0\2\0", 4}));  // each once
  ExpectLives(Code::kInvalid, ping({"\2\5x", 3}));     // cut
}

TEST_F(PageTest, EmptyUpperBoundIsInvalidAndEmptyLowerBoundIsNot) {
  ExpectLives(Code::kOk, PostScan(ByteView(), std::nullopt));
  ExpectLives(Code::kInvalid, PostScan(std::nullopt, ByteView()));
}

TEST_F(PageTest, LowerBoundIsIgnoredWithAContinuationToken) {
  const Bytes continuation = Bytes(1, '\1') + PostKey(42, 7).sort;
  ExpectLives(Code::kInvalid, PostScan("12", std::nullopt));
  ExpectLives(Code::kOk, PostScan("12", std::nullopt, ByteView(continuation)));
  ExpectLives(Code::kInvalid, PostScan(std::nullopt, "12", ByteView(continuation)));
  ExpectLives(Code::kInvalid, PostScan("12", std::nullopt, ByteView()));  // an empty one is none
  ExpectLives(Code::kInvalid, PostScan(std::nullopt, std::nullopt, "\2x"));
}

TEST_F(PageTest, InternalTablesCannotBeNamed) {
  for (const Key& key : {LinkKey(1, LinkKind::kFriend, 2), MediaKey(1, 2),
                         BlobKey(Bytes(16, 'b'), BlobPart::kChunk, 0)}) {
    ExpectLives(Code::kInvalid, PutFrame(kPageId, key, "x"));
    ExpectLives(Code::kInvalid, GetFrame(kPageId, key));
  }
  const Bytes user(8, '\0');
  for (const Table table : {Table::kLinks, Table::kMedia}) {
    ExpectLives(Code::kInvalid, FrameOf<op::Scan>(kPageId, {.partition = {table, user}}));
    op::BatchItem item{.kind = ItemKind::kDelete, .sort = user};
    ExpectLives(Code::kInvalid,
                FrameOf<op::Batch>(kPageId, {.partition = {table, user}, .items = {item}}));
  }
  ExpectLives(Code::kInvalid, FrameOf<op::List>(kPageId, {.table = Table::kBlobs}));
  ExpectLives(Code::kOk, FrameOf<op::List>(kPageId, {.table = Table::kLinks}));
  ExpectLives(Code::kOk, FrameOf<op::List>(kPageId, {.table = Table::kMedia}));
}

// The reader keeps what there was no room for; its time begins when it came.
TEST_F(PageTest, DeadlineCountsFromTheLastByte) {
  Greet();
  engine_.hold = true;
  Bytes frames;
  for (uint32_t i = 0; i < limits::kMaxInFlightRequests; ++i) {
    frames += PutFrame(100 + i, UserKey(1, "a"), "x");
  }
  Send(frames);
  const Key key = UserKey(2, "b");
  const Bytes late = GetFrame(5, key, 50);
  Send(late.substr(0, 20));
  clock_.AdvanceMillis(40);  // a frame that is not whole has not arrived
  Send(late.substr(20));
  clock_.AdvanceMillis(40);
  Send(GetFrame(6, key, 50));
  clock_.AdvanceMillis(20);
  engine_.hold = false;
  Release();
  std::vector<std::pair<uint32_t, Code>> answered;
  for (const ReceivedReply& reply : Replies()) {
    if (reply.id < 100) answered.emplace_back(reply.id, reply.code);
  }
  EXPECT_THAT(answered,
              ElementsAre(std::pair(5u, Code::kDeadlineExceeded), std::pair(6u, Code::kNotFound)));
}

TEST_F(PageTest, DrainAnswersRequestsInFlightAndRejectsOthers) {
  Greet();
  engine_.hold = true;
  Send(PutFrame(5, UserKey(1, "a"), "x"));
  session_->Drain();
  EXPECT_EQ(Ask(GetFrame(6, UserKey(2, "b"))).code, Code::kShuttingDown);
  EXPECT_EQ(Ask(FrameOf<op::Ping>(7, {})).code, Code::kShuttingDown);
  EXPECT_FALSE(session_->finished());
  Release();
  EXPECT_THAT(ReplyIds(), ElementsAre(5u));
  EXPECT_TRUE(session_->finished());
}

}  // namespace
}  // namespace smile
