// Captures of packets as tcpdump writes them (the classic pcap format), read and written.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/conversation.h"
#include "client/smilecat/packet.h"

namespace smile::cat {

// Whether a file that begins so is a capture: classic pcap, or pcapng, which CaptureReader refuses
// with what to do. Needs 4 bytes.
bool IsCapture(ByteView beginning);

// Explains the connections in a capture. Segments are put into their order; what is repeated is
// left out.
class CaptureReader {
 public:
  explicit CaptureReader(Conversation::Print print);
  ~CaptureReader();

  // The file, in pieces. kInvalid where it is no capture that can be read.
  Status Feed(ByteView bytes);

  // kInvalid if the file ends inside a packet.
  Status End();

  // All bytes of all connections were frames, and none are missing.
  bool sound() const;

 private:
  class Flow;
  using Flows = std::map<std::pair<Bytes, Bytes>, std::unique_ptr<Flow>>;

  Status TakeHeader();
  uint32_t Number(size_t offset) const;
  void OnPacket(ByteView packet);
  Flows::iterator Begin(const TcpSegment& segment);

  const Conversation::Print print_;
  Bytes buffer_;
  bool has_header_ = false;
  bool swapped_ = false;
  LinkType link_type_ = LinkType::kEthernet;
  Flows flows_;
  bool ended_sound_ = true;  // of the connections that are not there any more
  uint64_t last_number_ = 0;
  uint64_t refused_flows_ = 0;
};

// Writes what passes through `smilecat --listen`, as if it had been captured. Each packet is in the
// file when the call returns.
class CaptureWriter {
 public:
  // Replaces the content of the file; a new one has mode 0600. kInvalid, with a message, if it
  // cannot be written.
  static Result<std::unique_ptr<CaptureWriter>> Create(const std::string& path);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  // A connection of this number, between addresses such as "127.0.0.1:7645".
  void Begin(uint64_t number, const std::string& client, const std::string& server);
  void Data(uint64_t number, Direction direction, ByteView bytes);
  void End(uint64_t number);

  // The first failure to write; nothing is written after it.
  const Status& status() const { return status_; }

 private:
  struct Flow {
    Bytes ends[2];  // client, server
    uint32_t sequences[2] = {0, 0};
  };

  CaptureWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  void Write(Flow* flow, size_t from, TcpFlags flags, ByteView payload);
  void Put(ByteView bytes);

  const std::string path_;
  std::FILE* const file_;
  Status status_;
  std::map<uint64_t, Flow> flows_;
};

}  // namespace smile::cat
