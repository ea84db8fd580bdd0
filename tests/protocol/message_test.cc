#include "protocol/message.h"

#include <string>

#include <gtest/gtest.h>

#include "protocol/dispatch.h"

namespace smile {
namespace {

Frame OnlyFrameOf(const Bytes& bytes) {
  FrameReader reader(limits::kMaxFrameBytes);
  reader.Feed(bytes);
  Frame frame;
  EXPECT_EQ(reader.Next(&frame), FrameReader::Event::kFrame);
  Frame next;
  EXPECT_EQ(reader.Next(&next), FrameReader::Event::kNeedMore);
  EXPECT_EQ(reader.buffered_bytes(), 0u);
  return frame;
}

TEST(Message, RequestHasIdCodeAndDeadline) {
  const Key key = UserKey(42, "profile");
  Bytes bytes;
  EncodeRequest<op::Get>(7, 250, {.key = key.view()}, &bytes);
  const Frame frame = OnlyFrameOf(bytes);
  EXPECT_EQ(frame.header.id, 7u);
  EXPECT_EQ(frame.header.code, op::Get::kInfo.code);
  EXPECT_EQ(frame.header.flags, 0);
  EXPECT_EQ(frame.header.deadline_ms, 250);
  op::Get::Request request;
  ASSERT_TRUE(Decode(frame.body, &request).ok());
  EXPECT_EQ(request.key, key.view());
}

TEST(Message, ReplyHasItsRequestsIdAndOk) {
  Bytes bytes;
  EncodeReply<op::Put>(9, {.version = 3}, &bytes);
  const Frame frame = OnlyFrameOf(bytes);
  EXPECT_EQ(frame.header.id, 9u);
  EXPECT_EQ(frame.header.code, static_cast<uint8_t>(Code::kOk));
  EXPECT_EQ(frame.header.flags, kFlagReply);
}

TEST(Message, EveryErrorRoundTrips) {
  for (const CodeInfo& info : kCodes) {
    if (info.code == Code::kOk) continue;
    Bytes bytes;
    EncodeError(5, Status(info.code, "words for Ada", 120), {.index = 3, .version = 8}, &bytes);
    ErrorDetail detail;
    Status status;
    ASSERT_TRUE(DecodeError(OnlyFrameOf(bytes), &status, &detail).ok());
    EXPECT_EQ(status.code(), info.code);
    EXPECT_EQ(status.message(), "words for Ada");
    EXPECT_EQ(status.retry_after_ms(), 120u);
    EXPECT_EQ(detail.index, 3u);
    EXPECT_EQ(detail.version, 8u);
  }
}

TEST(Message, ErrorWithoutDetailHasNone) {
  Bytes bytes;
  EncodeError(5, Status(Code::kNotFound, ""), {}, &bytes);
  ErrorDetail detail{1, 2};
  Status status;
  ASSERT_TRUE(DecodeError(OnlyFrameOf(bytes), &status, &detail).ok());
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_FALSE(detail.index.has_value());
  EXPECT_FALSE(detail.version.has_value());
}

// What a caller does about a code of a later version is what its class says.
TEST(Message, UnknownCodeIsUnderstoodByItsClass) {
  const std::pair<ErrorClass, ErrorClass> classes[] = {
      {ErrorClass::kRetryNow, ErrorClass::kRetryNow},
      {ErrorClass::kRetryAfter, ErrorClass::kRetryAfter},
      {ErrorClass::kNever, ErrorClass::kNever},
      {ErrorClass::kOutcomeUnknown, ErrorClass::kOutcomeUnknown},
      {ErrorClass::kNone, ErrorClass::kNever}};
  for (const auto& [sent, understood] : classes) {
    Bytes bytes;
    FrameWriter frame(&bytes, {.id = 1, .code = 200, .flags = kFlagReply});
    ErrorBody body;
    body.error_class = sent;
    Encode(body, &bytes);
    frame.Finish();
    Status status;
    ASSERT_TRUE(DecodeError(OnlyFrameOf(bytes), &status, nullptr).ok());
    EXPECT_EQ(status.error_class(), understood);
  }
}

TEST(Message, MalformedErrorBodyIsNotDecoded) {
  Bytes bytes;
  FrameWriter frame(&bytes, {.id = 1, .code = 1, .flags = kFlagReply});
  bytes.append("?");
  frame.Finish();
  Status status;
  EXPECT_FALSE(DecodeError(OnlyFrameOf(bytes), &status, nullptr).ok());
}

struct Recorder {
  std::string called;
  Bytes detail;

  template <class Row>
  void operator()(Row, typename Row::Request& request) {
    called = Row::kInfo.name;
    if constexpr (std::is_same_v<Row, op::Ping>) detail = request.payload;
  }
};

TEST(Dispatch, DispatchesToTheHandlerOfTheCode) {
  Recorder recorder;
  const Status status = Dispatch<Operations>(op::Ping::kInfo.code,
                                             "\x03"
                                             "abc",
                                             recorder);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(recorder.called, "ping");
  EXPECT_EQ(recorder.detail, "abc");
}

TEST(Dispatch, UnknownCodeIsUnsupported) {
  Recorder recorder;
  for (int code = 0; code <= 255; ++code) {
    if (Operations::Find(static_cast<uint8_t>(code)) != nullptr) continue;
    EXPECT_EQ(Dispatch<Operations>(static_cast<uint8_t>(code), "", recorder).code(),
              Code::kUnsupported);
  }
  EXPECT_EQ(recorder.called, "");
}

TEST(Dispatch, MalformedBodyIsInvalid) {
  Recorder recorder;
  EXPECT_EQ(Dispatch<Operations>(op::Ping::kInfo.code,
                                 "\x03"
                                 "ab",
                                 recorder)
                .code(),
            Code::kInvalid);
  EXPECT_EQ(recorder.called, "");
}

}  // namespace
}  // namespace smile
