// No operation but LOGIN_EXPORT and SESSION_MAKE answers a credential or a token, whatever is asked
// for.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {
namespace {

class LoginSecretsTest : public SessionTest {};

TEST_F(LoginSecretsTest, NoReplyHasACredential) {
  Greet();
  const auto expect_none = [](const ReceivedReply& reply) {
    EXPECT_THAT(reply.body, ::testing::Not(::testing::HasSubstr("$argon2")));
    EXPECT_THAT(reply.body, ::testing::Not(::testing::HasSubstr("S3CRET")));
  };
  expect_none(Ask(
      FrameOf<op::LoginRegister>(7, {.login = "ada", .password = "S3CRET-PASSWORD", .user = 42})));
  // Every table by its number, internal ones too, in all requests that name one.
  for (const TableInfo& info : kTables) {
    for (const Bytes& partition : {Bytes("ada"), PartitionOf(42), Bytes(32, 'x'), Bytes(1, '\0')}) {
      const Key key(info.table, partition, AccountLoginSort("ada"));
      const Key bare(info.table, partition, {});
      for (const Key& one : {key, bare}) {
        expect_none(Ask(FrameOf<op::Get>(7, {.key = one.view()})));
        expect_none(Ask(FrameOf<op::MGet>(7, {.keys = {one.view()}})));
        expect_none(
            Ask(FrameOf<op::Put>(7, {.key = one.view(), .checksum = Hash64("x"), .value = "x"})));
        expect_none(Ask(FrameOf<op::Delete>(7, {.key = one.view()})));
      }
      expect_none(Ask(FrameOf<op::Scan>(7, {.partition = bare.view().partition_view()})));
    }
    expect_none(Ask(FrameOf<op::List>(7, {.table = info.table})));
  }
  // Nothing of that changed the login.
  expect_none(Ask(FrameOf<op::LoginVerify>(7, {.login = "ada", .password = "S3CRET"})));
  EXPECT_EQ(Ask(FrameOf<op::LoginVerify>(7, {.login = "ada", .password = "S3CRET-PASSWORD"})).code,
            Code::kOk);
  expect_none(Ask(FrameOf<op::LoginList>(7, {.user = 42})));
  expect_none(Ask(FrameOf<op::LoginExport>(7, {})));
  expect_none(Ask(FrameOf<op::Stats>(7, {})));
  expect_none(Ask(FrameOf<op::SessionList>(7, {.user = 42})));
  expect_none(Ask(FrameOf<op::LoginRemove>(7, {.login = "ada"})));
}

}  // namespace
}  // namespace smile
