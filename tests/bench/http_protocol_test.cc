#include "bench/smilebench/http_protocol.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/smilebench/workload.h"
#include "tests/bench/wire_exchange.h"

namespace smile::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Heads as of nginx 1.22. The parameter is how many bytes arrive at once.
class HttpProtocolTest : public ::testing::TestWithParam<size_t> {
 protected:
  HttpProtocolTest() { exchange_.Connect(std::make_unique<HttpProtocol>("h", &exchange_)); }

  static Bytes Found(const Bytes& body) {
    return "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: keep-alive\r\n\r\n" + body;
  }

  Exchange exchange_{GetParam()};
  const std::vector<Operation> get_ = {{.kind = OperationKind::kGet, .number = 257}};
};
INSTANTIATE_TEST_SUITE_P(Pieces, HttpProtocolTest, ::testing::Values(1, 7, 65'536));

TEST_P(HttpProtocolTest, ValueIsReadBack) {
  exchange_.Ask(get_);
  EXPECT_EQ(exchange_.TakeAsked(), "GET /01/257 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(exchange_.Say(Found(ExchangedValue(257))), ElementsAre(Right(0)));
  exchange_.Ask(get_);
  EXPECT_THAT(exchange_.Say(Found(ExchangedValue(258))), ElementsAre(Wrong(0)));
}

TEST_P(HttpProtocolTest, ResponsesComeInTheOrderOfTheRequests) {
  const Bytes value = ExchangedValue(257);
  exchange_.Ask({{.kind = OperationKind::kPing},
                 {.kind = OperationKind::kPut, .number = 257, .value = value},
                 get_[0]});
  EXPECT_EQ(exchange_.TakeAsked(),
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
            "PUT /01/257 HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n\r\n" +
                value + "GET /01/257 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(exchange_.Say("HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\n\r\nno\n"
                            "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n" +
                            Found(value)),
              ElementsAre(Right(0), Right(1), Right(2)));
}

TEST_P(HttpProtocolTest, ReplacedFileHasNoContentInItsResponse) {
  const Bytes value = ExchangedValue(257);
  exchange_.Ask({{.kind = OperationKind::kPut, .number = 257, .value = value}});
  EXPECT_THAT(exchange_.Say("HTTP/1.1 204 No Content\r\nServer: nginx\r\n\r\n"),
              ElementsAre(Right(0)));
}

TEST_P(HttpProtocolTest, FailureKeepsTheConnection) {
  exchange_.Ask({get_[0], get_[0], get_[0]});
  EXPECT_THAT(exchange_.Say("HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n-"
                            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n" +
                            Found(ExchangedValue(257))),
              ElementsAre(Failed(0, Code::kNotFound), Failed(1, Code::kInvalid), Right(2)));
}

TEST_P(HttpProtocolTest, WhatIsNotTheProtocolEndsTheConnection) {
  for (const std::string said :
       {"+OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"}) {
    Exchange exchange(GetParam());
    exchange.Connect(std::make_unique<HttpProtocol>("h", &exchange));
    exchange.Ask(get_);
    EXPECT_THAT(exchange.Say(said), ElementsAre(Failed(0, Code::kUnavailable))) << said;
  }
  EXPECT_THAT(exchange_.Say(Found("")), IsEmpty());
  exchange_.Ask(get_);
  EXPECT_THAT(exchange_.TakeAnswers(), ElementsAre(Failed(0, Code::kUnavailable)));
}

}  // namespace
}  // namespace smile::bench
