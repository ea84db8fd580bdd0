// Requests whose time is over before they could begin: they are answered so, and have no effect.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/server/media_handlers_fixture.h"

namespace smile {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr uint16_t kDeadlineMillis = 100;

class RequestDeadlineTest : public MediaHandlersTest {
 protected:
  // Sends a request and has its first read or write wait until its time is over.
  template <class Row>
  void ExpectLate(const typename Row::Request& request) {
    engine_.hold = true;
    Send(FrameOf<Row>(9, request, kDeadlineMillis));
    EXPECT_GT(engine_.held(), 0u) << Row::kInfo.name;
    clock_.AdvanceMillis(kDeadlineMillis + 1);
    ReleaseAll();
    const std::vector<ReceivedReply> replies = Replies();
    ASSERT_EQ(replies.size(), 1u);
    EXPECT_EQ(replies[0].code, Code::kDeadlineExceeded) << Row::kInfo.name;
  }
};

TEST_F(RequestDeadlineTest, ReadsOfMedia) {
  Put(kCat, "meow");
  const Bytes large = Begin();
  Append(large, 0, Bytes(kChunk, 'v'));
  ExpectLate<op::MediaStat>({.owner = kOwner, .media = kCat});
  ExpectLate<op::MediaRead>({.owner = kOwner, .media = kCat, .size = 10});
  ExpectLate<op::MediaProgress>({.owner = kOwner, .upload = large});
  ExpectLate<op::MediaCheck>({});
  EXPECT_EQ(Read(kCat), "meow");
}

TEST_F(RequestDeadlineTest, WritesOfMedia) {
  constexpr uint64_t kDog = 6;
  Put(kCat, "meow");
  ExpectLate<op::MediaBegin>({.owner = kOwner, .media = kDog, .chunk_bytes = kChunk});
  ExpectLate<op::MediaPut>(
      {.owner = kOwner, .media = kDog, .checksum = Hash64("woof"), .bytes = "woof"});
  ExpectLate<op::MediaSet>({.owner = kOwner, .media = kCat, .name = "other"});
  ExpectLate<op::MediaDelete>({.owner = kOwner, .media = kCat});
  ExpectNoUploads();
  EXPECT_EQ(Read(kCat), "meow");
  EXPECT_EQ(Call<op::MediaStat>({.owner = kOwner, .media = kDog}).code, Code::kNotFound);
  const Bytes upload = Begin({}, {}, kDog);
  Append(upload, 0, "woof");
  ExpectLate<op::MediaCommit>({.owner = kOwner, .upload = upload});
  ExpectLate<op::MediaCancel>({.owner = kOwner, .upload = upload});
  Do<op::MediaCommit>({.owner = kOwner, .upload = upload});
  EXPECT_EQ(Read(kDog), "woof");
}

TEST_F(RequestDeadlineTest, TimeIsOverWhileAnotherCommitIsMade) {
  const Bytes upload = Begin();
  Append(upload, 0, "meow");
  engine_.hold = true;
  Send(FrameOf<op::MediaCommit>(8, {.owner = kOwner, .upload = upload}));
  Send(FrameOf<op::MediaCommit>(9, {.owner = kOwner, .upload = upload}, kDeadlineMillis));
  clock_.AdvanceMillis(kDeadlineMillis + 1);
  engine_.hold = false;
  while (engine_.held() > 0) Release();
  std::vector<std::pair<uint32_t, Code>> codes;
  for (const ReceivedReply& reply : Replies()) codes.emplace_back(reply.id, reply.code);
  EXPECT_THAT(codes, UnorderedElementsAre(Pair(8, Code::kOk), Pair(9, Code::kDeadlineExceeded)));
}

TEST_F(RequestDeadlineTest, Sessions) {
  const Bytes token(Do<op::SessionMake>({.user = kOwner}).As<op::SessionMake>().token);
  const Bytes id(Sha256::Of(token).view());
  ExpectLate<op::SessionMake>({.user = kOwner});
  ExpectLate<op::SessionVerify>({.token = token});
  ExpectLate<op::SessionRevoke>({.user = kOwner, .session = id});
  ExpectLate<op::SessionRevokeAll>({.user = kOwner});
  Do<op::SessionVerify>({.token = token});
  EXPECT_EQ(Do<op::SessionList>({.user = kOwner}).As<op::SessionList>().sessions.size(), 1u);
}

TEST_F(RequestDeadlineTest, LoginsAndUsers) {
  Do<op::LoginRegister>({.login = "ada", .password = "secret", .user = kOwner});
  ExpectLate<op::LoginRename>({.login = "ada", .new_login = "lady"});
  ExpectLate<op::LoginRename>({.login = "ada", .new_login = "ada"});
  ExpectLate<op::LoginRemove>({.login = "ada"});
  ExpectLate<op::LoginImport>({.login = "old", .user = kOwner, .credential = ""});
  ExpectLate<op::LoginList>({.user = kOwner});
  ExpectLate<op::UserErase>({.user = kOwner});
  const ReceivedReply list = Do<op::LoginList>({.user = kOwner});
  const auto logins = list.As<op::LoginList>().logins;
  ASSERT_EQ(logins.size(), 1u);
  EXPECT_EQ(logins[0].login, "ada");
  EXPECT_FALSE(Do<op::UserStat>({.user = kOwner}).As<op::UserStat>().erasing);
}

}  // namespace
}  // namespace smile
