#include "client/smilecat/session.h"

#include <unistd.h>

#include <cstdio>
#include <future>
#include <optional>

#include <fmt/format.h>

#include "base/print.h"
#include "client/smilecat/conversation.h"
#include "protocol/operations.h"

namespace smile::cat {
namespace {

// On the client's thread.
class HexTap {
 public:
  void operator()(TapEvent event, ByteView bytes) {
    if (event == TapEvent::kConnected) {
      conversation_.emplace("", [](const std::string& text) { PrintText(stderr, text); });
    } else if (event != TapEvent::kDisconnected && conversation_.has_value()) {
      conversation_->Feed(event == TapEvent::kSent ? Direction::kToServer : Direction::kToClient,
                          bytes);
    }
  }

 private:
  std::optional<Conversation> conversation_;
};

}  // namespace

Result<std::unique_ptr<Client>> Connect(const ServerOptions& options, ServerWatch* watch) {
  ClientOptions client;
  client.servers = {options.server};
  client.name = fmt::format("smilecat {}", ::getpid());
  client.deadline_millis = options.deadline_millis;
  const auto hex = options.hex ? std::make_shared<HexTap>() : nullptr;
  if (hex != nullptr || watch != nullptr) {
    client.tap = [hex, watch](TapEvent event, ByteView bytes) {
      if (hex != nullptr) (*hex)(event, bytes);
      if (watch != nullptr) watch->OnTap(event);
    };
  }
  return Client::Create(std::move(client));
}

Status Probe(Client* client, int64_t deadline_millis) {
  const auto answered = std::make_shared<std::promise<Status>>();
  client->Call<op::Ping>(
      {}, {.deadline_millis = deadline_millis, .retry = false},
      [answered](const Answer<op::Ping>& answer) { answered->set_value(answer.status()); });
  return answered->get_future().get();
}

}  // namespace smile::cat
