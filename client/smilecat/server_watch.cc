#include "client/smilecat/server_watch.h"

#include <utility>

#include <fmt/format.h>

#include "base/clock.h"

namespace smile::cat {
namespace {

constexpr int64_t kUsualNanos = 3 * kNanosPerSecond;

}  // namespace

void ServerWatch::OnTap(TapEvent event) {
  const int64_t now = clock_->MonotonicNanos();
  switch (event) {
    case TapEvent::kConnected:
      return;  // it may refuse us yet
    case TapEvent::kSent:
      if (std::exchange(answered_, false)) quiet_since_ = now;
      return;
    case TapEvent::kReceived:
      lost_since_ = 0;
      quiet_since_ = now;
      answered_ = true;
      return;
    case TapEvent::kDisconnected:
      if (lost_since_ == 0) lost_since_ = now;
      return;
  }
}

std::string ServerWatch::Trouble(bool waiting) const {
  const int64_t now = clock_->MonotonicNanos();
  const int64_t lost_since = lost_since_;
  if (lost_since != 0) {
    return fmt::format("reconnecting, {} s", (now - lost_since) / kNanosPerSecond);
  }
  const int64_t quiet = now - quiet_since_;
  if (!waiting || quiet < kUsualNanos) return {};
  return fmt::format("no answer for {} s", quiet / kNanosPerSecond);
}

}  // namespace smile::cat
