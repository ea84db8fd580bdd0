#include "client/smilecat/send_hex.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/print.h"
#include "base/text.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/content.h"
#include "client/smilecat/conversation.h"
#include "client/smilecat/reply.h"
#include "net/event_loop.h"
#include "protocol/message.h"

namespace smile::cat {
namespace {

bool IsFile(const SendHexOptions& options) {
  return options.source == "-" || options.source.starts_with('@');
}

Result<Bytes> BytesToSend(const SendHexOptions& options, bool* file_failed) {
  std::string text = options.source;
  if (IsFile(options)) {
    Result<Bytes> content = ReadContent(text == "-" ? text : text.substr(1));
    *file_failed = !content.ok();
    SMILE_ASSIGN(text, std::move(content));
  }
  SMILE_ASSIGN(const Bytes bytes, ReadHexText(text));
  Bytes out;
  if (options.hello) {
    op::Hello::Request hello;
    hello.client_name = "smilecat --send-hex";
    EncodeRequest<op::Hello>(/*id=*/0, /*deadline_ms=*/0, hello, &out);
  }
  return out + bytes;
}

// One connection, from connecting to its end.
class HexExchange final : public TransportEvents {
 public:
  HexExchange(EventLoop* loop, int64_t idle_millis)
      : loop_(loop), idle_millis_(idle_millis), conversation_("", PrintNow) {}

  void Begin(const Endpoint& server, Bytes bytes) {
    loop_->ConnectTcp(server, kConnectTimeoutMillis,
                      [this, bytes = std::move(bytes)](auto result) mutable {
                        if (!result.ok()) return End(result.status());
                        transport_ = std::move(*result);
                        transport_->Start(this);
                        conversation_.Feed(Direction::kToServer, bytes);
                        conversation_.End(Direction::kToServer);
                        transport_->Send(std::move(bytes));
                        Wait();
                      });
  }

  const Status& status() const { return status_; }

 private:
  static void PrintNow(const std::string& text) {
    PrintText(stdout, text);
    std::fflush(stdout);
  }

  void OnBytes(ByteView bytes) override {
    conversation_.Feed(Direction::kToClient, bytes);
    Wait();
  }
  void OnSent() override { Wait(); }
  void OnEnd() override {
    conversation_.End(Direction::kToClient);
    PrintNow("the server closed the connection\n");
    End({});
  }
  void OnClosed(const Status& status) override {
    conversation_.End(Direction::kToClient);
    PrintNow(fmt::format("the connection was lost: {}\n", status.message()));
    End({});
  }

  void Wait() {
    idle_ = loop_->StartTimer(idle_millis_, 0, [this] {
      conversation_.End(Direction::kToClient);
      PrintNow(fmt::format("nothing more for {} ms; the connection is open\n", idle_millis_));
      End({});
    });
  }

  void End(Status status) {
    status_ = std::move(status);
    loop_->Stop();
  }

  EventLoop* const loop_;
  const int64_t idle_millis_;
  Conversation conversation_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Timer> idle_;
  Status status_;
};

}  // namespace

Result<Bytes> ReadHexText(std::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool separates = std::string_view(" \t\r\n:").find(text[i]) != std::string_view::npos;
    const bool between_bytes = digits.size() % 2 == 0;
    if (separates && between_bytes) continue;
    if (HexDigit(text[i]) < 0) {
      return Status(
          Code::kInvalid,
          fmt::format("at {} of the hexadecimal text there is no digit of a byte: it takes "
                      "two digits a byte, with spaces between bytes",
                      i + 1));
    }
    digits.push_back(text[i]);
  }
  std::optional<Bytes> bytes = FromHex(digits);
  if (bytes.has_value()) return std::move(*bytes);
  return Status(Code::kInvalid,
                "the hexadecimal text ends inside a byte: it takes two digits each");
}

ExitStatus RunSendHex(const SendHexOptions& options) {
  bool file_failed = false;
  Result<Bytes> bytes = BytesToSend(options, &file_failed);
  if (!bytes.ok()) {
    return Complain(bytes.status().message(), file_failed ? ExitStatus::kFile : ExitStatus::kUsage);
  }
  const Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  Status status = loop.status();
  if (loop.ok()) {
    HexExchange exchange(loop->get(), options.idle_millis);
    exchange.Begin(options.server, std::move(*bytes));
    (*loop)->Run();
    status = exchange.status();
  }
  if (status.ok()) return ExitStatus::kOk;
  return Complain(Complaint(status), ExitStatusOf(status));
}

}  // namespace smile::cat
