#include "client/smilecat/sniffer.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/complain.h"

namespace smile::cat {
namespace {}  // namespace

// One client's connection and the one that was made to the server for it.
class Sniffer::Pair {
 public:
  Pair(Sniffer* sniffer, uint64_t number, std::unique_ptr<Transport> client)
      : sniffer_(sniffer),
        number_(number),
        conversation_(fmt::format("#{} ", number), sniffer->print_,
                      sniffer->saves_masked() ? Masked() : nullptr),
        client_{this, Direction::kToServer, std::move(client)},
        server_{this, Direction::kToClient, nullptr} {}

  // The client is read from only once the server is there.
  void OnConnected(Result<std::unique_ptr<Transport>> server) {
    if (!server.ok()) return End(server.status().ToString());
    server_.transport = std::move(*server);
    if (sniffer_->capture_ != nullptr) {
      sniffer_->capture_->Begin(number_, client_.transport->peer(), server_.transport->peer());
    }
    server_.transport->Start(&server_);
    client_.transport->Start(&client_);
  }

  void Say(const std::string& words) { sniffer_->print_(fmt::format("#{} {}\n", number_, words)); }

  const Transport& client() const { return *client_.transport; }

 private:
  struct Side final : TransportEvents {
    Side(Pair* in_pair, Direction from, std::unique_ptr<Transport> in_transport)
        : pair(in_pair), direction(from), transport(std::move(in_transport)) {}

    void OnBytes(ByteView bytes) override { pair->HandOn(this, bytes); }
    void OnSent() override { pair->Resume(this); }
    void OnEnd() override { pair->EndOther(this); }
    void OnClosed(const Status&) override {
      transport.reset();
      pair->EndOther(this);
    }

    Pair* const pair;
    const Direction direction;  // of what it sends
    std::unique_ptr<Transport> transport;
    bool paused = false;
    bool closing = false;
  };

  Side& OtherOf(const Side* side) { return side == &client_ ? server_ : client_; }

  void HandOn(Side* from, ByteView bytes) {
    conversation_.Feed(from->direction, bytes);
    if (sniffer_->capture_ != nullptr && !sniffer_->saves_masked()) Save(from->direction, bytes);
    Side& to = OtherOf(from);
    if (to.transport == nullptr || to.closing) return;
    to.transport->Send(Bytes(bytes));
    if (to.transport->unsent_bytes() < limits::kOutputHighWaterBytes) return;
    from->transport->PauseReading();
    from->paused = true;
  }

  Conversation::Keep Masked() {
    return [this](Direction from, ByteView bytes) { Save(from, bytes); };
  }

  void Save(Direction from, ByteView bytes) {
    sniffer_->capture_->Data(number_, from, bytes);
    sniffer_->CheckCapture();
  }

  void Resume(Side* sent) {
    Side& source = OtherOf(sent);
    if (!source.paused || source.transport == nullptr) return;
    if (sent->transport->unsent_bytes() > limits::kOutputHighWaterBytes / 2) return;
    source.paused = false;
    source.transport->ResumeReading();
  }

  // `ended` sends no more: the other side gets what waits for it and ends; then so does this one.
  void EndOther(Side* ended) {
    conversation_.End(ended->direction);
    Side& other = OtherOf(ended);
    for (Side* side : {&other, ended}) {
      if (side->transport == nullptr || side->closing) continue;
      side->closing = true;
      side->transport->Close();
    }
    if (client_.transport == nullptr && server_.transport == nullptr) End("ended");
  }

  void End(const std::string& words) {
    Say(words);
    if (sniffer_->capture_ != nullptr) sniffer_->capture_->End(number_);
    sniffer_->Forget(number_);
  }

  Sniffer* const sniffer_;
  const uint64_t number_;
  Conversation conversation_;
  Side client_;
  Side server_;
};

Sniffer::Sniffer(EventLoop* loop, Endpoint server, Conversation::Print print,
                 CaptureWriter* capture, bool show_secrets)
    : loop_(loop),
      server_(std::move(server)),
      print_(std::move(print)),
      capture_(capture),
      show_secrets_(show_secrets) {}

Sniffer::~Sniffer() = default;

Status Sniffer::Listen(const Endpoint& endpoint) {
  SMILE_ASSIGN(listener_, loop_->ListenTcp(endpoint, [this](auto transport) {
    OnAccepted(std::move(transport));
  }));
  return {};
}

void Sniffer::OnAccepted(std::unique_ptr<Transport> client) {
  const uint64_t number = ++last_number_;
  if (pairs_.size() >= limits::kMaxSniffedConnections) {
    print_(fmt::format("#{} from {}: closed, there are {} connections already\n", number,
                       client->peer(), pairs_.size()));
    return;
  }
  const auto pair = std::make_shared<Pair>(this, number, std::move(client));
  pairs_.emplace(number, pair);
  pair->Say("from " + pair->client().peer());
  loop_->ConnectTcp(server_, kConnectTimeoutMillis,
                    [weak = std::weak_ptr<Pair>(pair)](Result<std::unique_ptr<Transport>> result) {
                      if (const auto held = weak.lock()) held->OnConnected(std::move(result));
                    });
}

void Sniffer::CheckCapture() {
  if (capture_failed_ || capture_->status().ok()) return;
  capture_failed_ = true;
  Complain(capture_->status().message());
}

// Later: the pair is in the middle of its event.
void Sniffer::Forget(uint64_t number) {
  loop_->Post([this, number] { pairs_.erase(number); });
}

}  // namespace smile::cat
