// `smilecat --listen`: sits between clients and a server and explains what they say.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "client/smilecat/capture.h"
#include "client/smilecat/conversation.h"
#include "net/endpoint.h"
#include "net/event_loop.h"

namespace smile::cat {

// Hands the bytes of each connection on, both ways, unchanged. A side that takes its bytes slowly
// holds the other side back: what waits for it is bounded by limits::kOutputHighWaterBytes and one
// read. When one side ends, the other one gets what was sent, then it ends too.
//
// Belongs to its loop's thread.
class Sniffer {
 public:
  // `print` gets whole lines. `capture`, which may be null, gets what passes: each frame when it is
  // complete, with its secrets masked, or the bytes as they come with `show_secrets`.
  Sniffer(EventLoop* loop, Endpoint server, Conversation::Print print,
          CaptureWriter* capture = nullptr, bool show_secrets = false);
  ~Sniffer();
  Sniffer(const Sniffer&) = delete;
  Sniffer& operator=(const Sniffer&) = delete;

  // kUnavailable or kInvalid, with a message. Port 0 takes a free one.
  Status Listen(const Endpoint& endpoint);
  uint16_t port() const { return listener_->port(); }

 private:
  class Pair;

  void OnAccepted(std::unique_ptr<Transport> client);
  void Forget(uint64_t number);
  bool saves_masked() const { return capture_ != nullptr && !show_secrets_; }
  // Says once that the capture cannot be written.
  void CheckCapture();

  EventLoop* const loop_;
  const Endpoint server_;
  const Conversation::Print print_;
  CaptureWriter* const capture_;
  const bool show_secrets_;
  std::unique_ptr<Listener> listener_;
  uint64_t last_number_ = 0;
  bool capture_failed_ = false;
  std::map<uint64_t, std::shared_ptr<Pair>> pairs_;
};

}  // namespace smile::cat
