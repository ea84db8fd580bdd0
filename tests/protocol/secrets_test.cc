// Secrets are in no output: every operation, with all its secrets set, in all forms in which
// messages are shown.
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "protocol/describe.h"
#include "protocol/message.h"
#include "protocol/operations.h"
#include "protocol/text_command.h"
#include "protocol/text_reader.h"
#include "protocol/text_writer.h"

namespace smile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kMarker = "S3CRET-CREDENTIAL";

// Sets all secrets, also of the elements of lists. How many there are.
template <Message M>
size_t SetSecrets(M* message) {
  size_t count = 0;
  ForEachField<M>([&](const auto& field) {
    auto& value = message->*(field.kMember);
    using T = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<T, ByteView>) {
      if (!IsSecret(field.text)) return;
      value = kMarker;
      ++count;
    } else if constexpr (kIsList<T>) {
      if constexpr (Message<typename T::value_type>) {
        value.resize(2);
        for (auto& element : value) count += SetSecrets(&element);
      }
    } else if constexpr (Message<T> && !text_internal::kIsOneWord<T>) {
      count += SetSecrets(&value);
    }
  });
  return count;
}

void ExpectNone(const std::string& text) {
  EXPECT_THAT(text, Not(HasSubstr("S3CR")));
  // In hexadecimal, with and without spaces.
  EXPECT_THAT(text, Not(HasSubstr("53334352")));
  EXPECT_THAT(text, Not(HasSubstr("53 33 43 52")));
}

template <Message M>
void ExpectMasked(const M& message) {
  ExpectNone(WriteLine(ToTree(message), {}));
  ExpectNone(WriteJson(ToTree(message)));
  TextContext context;
  context.show_secrets = true;
  EXPECT_THAT(WriteLine(ToTree(message, context), {}),
              ::testing::AnyOf(HasSubstr("S3CRET"), HasSubstr("533343524554")));
}

// The whole frame, and what is left of it when it is cut off anywhere.
void ExpectDescribedMasked(const Bytes& frame, const std::optional<RequestInfo>& request) {
  for (size_t size = 0; size <= frame.size(); ++size) {
    ExpectNone(FormatParts(DescribeFrame<Operations>(ByteView(frame).substr(0, size), request)));
  }
}

TEST(Secrets, AreMaskedInEveryOperation) {
  size_t with_secrets = 0;
  Operations::ForEach([&]<class Row>() {
    SCOPED_TRACE(std::string(Row::kInfo.name));
    typename Row::Request request;
    if (SetSecrets(&request) > 0) {
      ++with_secrets;
      ExpectMasked(request);
      ExpectNone(WriteCommand<Row>(request));
      Bytes frame;
      EncodeRequest<Row>(1, 0, request, &frame);
      ExpectDescribedMasked(frame, {});
      frame[12] = 126;  // an operation that this version does not know
      ExpectDescribedMasked(frame, {});
    }
    EXPECT_EQ(HasSecrets<typename Row::Request>(), SetSecrets(&request) > 0);
    typename Row::Response response;
    if (SetSecrets(&response) > 0) {
      ++with_secrets;
      ExpectMasked(response);
      Bytes frame;
      EncodeReply<Row>(1, response, &frame);
      ExpectDescribedMasked(frame, RequestInfo{Row::kInfo.code, {}});
      ExpectDescribedMasked(frame, {});  // whose request was not seen
    }
    EXPECT_EQ(HasSecrets<typename Row::Response>(), SetSecrets(&response) > 0);
  });
  EXPECT_EQ(with_secrets, 9u) << "a new secret needs a place here";
}

TEST(Secrets, AreNotReadFromALine) {
  const ContentReader content = [](std::string_view name,
                                   std::string_view secret) -> Result<Bytes> {
    return Bytes(name) + " " + Bytes(secret);
  };
  const auto read = [&](std::string_view line) {
    Bytes password;
    const Status status = ReadAnyRequest<Operations>(
        *SplitLine(line), content, [&]<class Row>(Row, TextRequest<Row> request) {
          if constexpr (std::is_same_v<Row, op::LoginVerify>) {
            password = Bytes(request.request.password);
          }
        });
    return status.ok() ? password : status.ToString();
  };
  EXPECT_EQ(read("login_verify ada @file"), "file password");
  EXPECT_EQ(read("login_verify ada -"), "- password");
  EXPECT_THAT(read("login_verify ada S3CRET"), HasSubstr("a secret is not written in a request"));
  ExpectNone(read("login_verify ada S3CRET"));
  ExpectNone(read("login_verify ada \"S3CRET\""));
}

}  // namespace
}  // namespace smile
