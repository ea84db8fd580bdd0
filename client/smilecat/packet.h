// TCP segments in captured packets. Pure: bytes in, views out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace smile::cat {

// How a packet of a capture begins: the link types of tcpdump that are read.
enum class LinkType : uint32_t {
  kNull = 0,      // BSD loopback
  kEthernet = 1,  // with VLAN tags
  kRawBsd = 12,   // IP alone, as some systems number it
  kRawOpenBsd = 14,
  kRaw = 101,       // IP alone
  kLoop = 108,      // OpenBSD loopback
  kLinuxSll = 113,  // tcpdump -i any
  kIpv4 = 228,
  kIpv6 = 229,
  kLinuxSll2 = 276,
};
bool IsKnownLinkType(uint32_t number);

struct TcpSegment {
  Bytes source;  // address and port, as they are in the packet
  Bytes destination;
  uint32_t sequence = 0;
  bool syn = false;
  bool ack = false;
  bool ends = false;       // FIN or RST
  ByteView payload;        // of the packet
  uint32_t cut_bytes = 0;  // of the payload, that the capture left out
};

// None for a packet that is no whole TCP segment over IP: other protocols, fragments.
std::optional<TcpSegment> FindTcpSegment(LinkType type, ByteView packet);

// "127.0.0.1:7645", "[::1]:7645".
std::string FormatTcpEnd(ByteView end);
uint16_t PortOfTcpEnd(ByteView end);

// The address and port of "127.0.0.1:7645" or "[::1]:7645". None for anything else.
std::optional<Bytes> ParseTcpEnd(const std::string& text);

// A packet of LinkType::kRaw that carries `payload`, of at most kMaxSegmentBytes. Both ends are of
// one family.
inline constexpr size_t kMaxSegmentBytes = size_t{32} << 10;
struct TcpFlags {
  bool syn = false;
  bool ack = false;
  bool fin = false;
};
Bytes MakeTcpPacket(ByteView source, ByteView destination, uint32_t sequence, uint32_t acknowledged,
                    TcpFlags flags, ByteView payload);

}  // namespace smile::cat
