// For tests: operations, called one after the other through a session.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {

class OperationsTest : public SessionTest {
 protected:
  OperationsTest() { Greet(); }

  template <class Row>
  ReceivedReply Call(const typename Row::Request& request, uint32_t id = 7) {
    return Ask(FrameOf<Row>(id, request));
  }
  // The reply is kOk.
  template <class Row>
  ReceivedReply Do(const typename Row::Request& request) {
    ReceivedReply reply = Call<Row>(request);
    EXPECT_EQ(reply.code, Code::kOk) << Bytes(reply.code == Code::kOk ? "" : reply.Error().message);
    return reply;
  }
  // The same; what the response borrows is valid until the next call.
  template <class Row>
  typename Row::Response Answer(const typename Row::Request& request) {
    last_ = Do<Row>(request);
    return last_.code == Code::kOk ? last_.template As<Row>() : typename Row::Response();
  }
  // An error reply with this message, after which the connection goes on.
  template <class Row>
  void ExpectError(const typename Row::Request& request, Code code, const std::string& message) {
    const ReceivedReply reply = Call<Row>(request);
    ASSERT_EQ(reply.code, code) << message;
    EXPECT_THAT(Bytes(reply.Error().message), ::testing::HasSubstr(message));
    EXPECT_FALSE(session_->finished());
  }

 private:
  ReceivedReply last_;
};

}  // namespace smile
