// For tests of the client: a server of one thread that speaks frames and keeps records in a map, or
// does what the test says instead.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "net/event_loop.h"
#include "protocol/dispatch.h"
#include "protocol/message.h"

namespace smile {

// One connection, as the test's script sees it.
class FakePeer final : public TransportEvents {
 public:
  // Gets each request but HELLO; `number` counts the connections from 0. True: it was dealt with.
  using Script = std::function<bool(FakePeer& peer, int number, const Frame& request)>;

  FakePeer(std::unique_ptr<Transport> transport, int number, Script script,
           std::map<Bytes, Bytes>* records, op::Hello::Response hello)
      : transport_(std::move(transport)),
        number_(number),
        script_(std::move(script)),
        records_(records),
        hello_(hello) {
    transport_->Start(this);
  }

  void Send(Bytes bytes) { transport_->Send(std::move(bytes)); }
  void Cut() { transport_->Abort(); }
  void Close() { transport_->Close(); }
  template <class Row>
  void Reply(uint32_t id, const typename Row::Response& response) {
    Bytes out;
    EncodeReply<Row>(id, response, &out);
    Send(std::move(out));
  }
  void Refuse(uint32_t id, const Status& status) {
    Bytes out;
    EncodeError(id, status, {}, &out);
    Send(std::move(out));
  }

  void operator()(op::Hello, op::Hello::Request&) { Reply<op::Hello>(id_, hello_); }
  void operator()(op::Ping, op::Ping::Request& request) { Reply<op::Ping>(id_, {request.payload}); }
  void operator()(op::Get, op::Get::Request& request) {
    const auto found = records_->find(NameOf(request.key));
    if (found == records_->end()) return Refuse(id_, {Code::kNotFound, "no such record"});
    Reply<op::Get>(id_, {RecordView{1, Hash64(found->second), 0, found->second}});
  }
  void operator()(op::Put, op::Put::Request& request) {
    (*records_)[NameOf(request.key)] = Bytes(request.value);
    Reply<op::Put>(id_, {.version = 1});
  }
  template <class Row>
  void operator()(Row, typename Row::Request&) {
    Refuse(id_, {Code::kUnsupported, "the fake server does not know this"});
  }

 private:
  static Bytes NameOf(const KeyView& key) {
    return Bytes(1, static_cast<char>(key.table)) + Bytes(key.partition) + "/" + Bytes(key.sort);
  }

  void OnBytes(ByteView bytes) override {
    reader_.Feed(bytes);
    Frame frame;
    FrameReader::Event event;
    while ((event = reader_.Next(&frame)) == FrameReader::Event::kFrame) {
      id_ = frame.header.id;
      if (frame.header.code != op::Hello::kInfo.code && script_ && script_(*this, number_, frame)) {
        continue;
      }
      const Status status = Dispatch<Operations>(frame.header.code, frame.body, *this);
      if (!status.ok()) Refuse(id_, status);
    }
    if (event == FrameReader::Event::kBroken) return Cut();
    reader_.Keep();
  }
  void OnSent() override {}
  void OnEnd() override { transport_->Close(); }
  void OnClosed(const Status&) override { transport_.reset(); }

  std::unique_ptr<Transport> transport_;
  const int number_;
  const Script script_;
  std::map<Bytes, Bytes>* const records_;
  const op::Hello::Response hello_;
  FrameReader reader_{limits::kMaxFrameBytes};
  uint32_t id_ = 0;
};

struct FakeServerOptions {
  // With another loopback address than the client's, 127.0.0.1, the kernel buffers as much as for a
  // peer on another machine.
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  FakePeer::Script script = nullptr;
  op::Hello::Response hello = {.version = 1,
                               .features = 0,
                               .max_frame_bytes = limits::kMaxFrameBytes,
                               .max_in_flight = 1024,
                               .max_value_bytes = limits::kMaxValueBytes,
                               .server_name = "fake"};
};

class FakeServer {
 public:
  explicit FakeServer(FakeServerOptions options = {})
      : options_(std::move(options)), loop_(std::move(EventLoop::Create()).value()) {
    listener_ =
        std::move(loop_->ListenTcp({options_.host, options_.port}, [this](std::unique_ptr<Transport>
                                                                              transport) {
          const int number = static_cast<int>(peers_.size());
          peers_.push_back(std::make_unique<FakePeer>(std::move(transport), number, options_.script,
                                                      &records_, options_.hello));
        })).value();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~FakeServer() {
    loop_->Stop();
    thread_.join();
    peers_.clear();
    listener_.reset();
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  Endpoint endpoint() const { return {options_.host, listener_->port()}; }
  EventLoop* loop() { return loop_.get(); }

 private:
  const FakeServerOptions options_;
  std::map<Bytes, Bytes> records_;
  const std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<FakePeer>> peers_;
  std::thread thread_;
};

}  // namespace smile
