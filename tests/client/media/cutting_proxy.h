// For tests: forwards connections to a server, counts their bytes, and cuts the first ones after
// some of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "net/event_loop.h"

namespace smile {

class CuttingProxy {
 public:
  // The first `cuts` connections are cut after `bytes` in both directions together.
  CuttingProxy(Endpoint server, int cuts, uint64_t bytes)
      : server_(std::move(server)),
        cuts_(cuts),
        cut_after_(bytes),
        loop_(std::move(EventLoop::Create()).value()) {
    listener_ = std::move(loop_->ListenTcp({"127.0.0.1", 0}, [this](auto transport) {
                  Accept(std::move(transport));
                })).value();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~CuttingProxy() {
    loop_->Stop();
    thread_.join();
    pairs_.clear();
    listener_.reset();
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  Endpoint endpoint() const { return {"127.0.0.1", listener_->port()}; }
  uint64_t bytes() const { return bytes_; }
  int connections() const { return connections_; }

 private:
  struct Pair;
  struct End final : TransportEvents {
    End(Pair* its_pair, std::unique_ptr<Transport> its_transport)
        : pair(its_pair), transport(std::move(its_transport)) {}
    void OnBytes(ByteView bytes) override { pair->Forward(this, bytes); }
    void OnSent() override {}
    void OnEnd() override { pair->Cut(); }
    void OnClosed(const Status&) override {
      transport.reset();
      pair->Cut();
    }
    Pair* const pair;
    std::unique_ptr<Transport> transport;
  };

  struct Pair {
    CuttingProxy* proxy;
    uint64_t remaining;
    std::unique_ptr<End> client;
    std::unique_ptr<End> server;

    void Forward(const End* from, ByteView bytes) {
      proxy->bytes_ += bytes.size();
      const size_t size = std::min<uint64_t>(remaining, bytes.size());
      remaining -= size;
      const End* const to = from == client.get() ? server.get() : client.get();
      if (to != nullptr && to->transport != nullptr)
        to->transport->Send(Bytes(bytes.substr(0, size)));
      if (remaining == 0) Cut();
    }
    void Cut() {
      for (const auto& end : {client.get(), server.get()}) {
        if (end != nullptr && end->transport != nullptr) end->transport->Abort();
      }
    }
  };

  void Accept(std::unique_ptr<Transport> transport) {
    const bool is_cut = connections_++ < cuts_;
    pairs_.push_back(std::make_unique<Pair>());
    Pair* const pair = pairs_.back().get();
    pair->proxy = this;
    pair->remaining = is_cut ? cut_after_ : UINT64_MAX;
    pair->client = std::make_unique<End>(pair, std::move(transport));
    loop_->ConnectTcp(server_, 5'000, [pair](Result<std::unique_ptr<Transport>> result) {
      if (!result.ok()) return pair->Cut();
      pair->server = std::make_unique<End>(pair, std::move(result).value());
      pair->server->transport->Start(pair->server.get());
      pair->client->transport->Start(pair->client.get());
    });
  }

  const Endpoint server_;
  const int cuts_;
  const uint64_t cut_after_;
  std::atomic<uint64_t> bytes_{0};
  std::atomic<int> connections_{0};
  const std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::thread thread_;
};

}  // namespace smile
