// A conversation between a client and a server, explained frame by frame: --hex, --send-hex,
// --listen and decode print what this says. Pure: bytes in, text out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "protocol/describe.h"
#include "protocol/frame.h"

namespace smile::cat {

// kEither: a file that may hold both; which one a frame has, its flags say.
enum class Direction : uint8_t { kToServer, kToClient, kEither };

class Conversation {
 public:
  using Print = std::function<void(const std::string& text)>;

  // Gets the bytes of a frame, or those that are none.
  using Keep = std::function<void(Direction direction, ByteView bytes)>;

  // `label` stands in front of each frame's first line; may be empty. `print` gets whole lines.
  // `keep`, if given, gets all bytes that were fed, each frame when it is complete. Secrets are
  // overwritten with as many asterisks, and the checksum is that of the frame as it is then. Of
  // bytes that are no frame it gets what would be masked in the text masked, and the rest as it is.
  explicit Conversation(std::string label, Print print, Keep keep = nullptr);

  // Bytes in one direction, cut anywhere. Prints each frame that they complete. Behind bytes that
  // are no frames nothing is taken for a frame any more, and all is printed in hexadecimal.
  void Feed(Direction direction, ByteView bytes);

  // One direction is over: prints what is left of a frame.
  void End(Direction direction);

  // Whether all bytes so far were whole frames of the protocol.
  bool sound() const { return sound_; }

 private:
  struct Side {
    FrameReader reader;
    bool broken = false;
  };

  Side& SideOf(Direction direction) { return sides_[static_cast<size_t>(direction)]; }
  void PrintFrame(Direction direction, const Frame& frame);
  void PrintBroken(Direction direction, ByteView frame, const std::string& words);
  void KeepMasked(Direction direction, ByteView frame, const std::vector<FramePart>& parts) const;
  void PrintRaw(Direction direction, ByteView bytes);
  void Remember(const Frame& frame);

  const std::string label_;
  const Print print_;
  const Keep keep_;
  Side sides_[3];
  // What the replies are to, by request id; the oldest are forgotten (limits::kMaxSniffedRequests).
  std::unordered_map<uint32_t, RequestInfo> requests_;
  std::deque<uint32_t> request_order_;
  bool sound_ = true;
};

}  // namespace smile::cat
