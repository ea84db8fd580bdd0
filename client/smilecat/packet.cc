#include "client/smilecat/packet.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"

namespace smile::cat {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;
constexpr size_t kPortBytes = 2;
constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr size_t kTcpHeader = 20;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kFin = 1;
constexpr uint8_t kSyn = 2;
constexpr uint8_t kRst = 4;
constexpr uint8_t kAck = 16;

uint8_t At8(ByteView bytes, size_t i) {
  return static_cast<uint8_t>(bytes[i]);
}
uint16_t At16(ByteView bytes, size_t i) {
  return static_cast<uint16_t>((At8(bytes, i) << 8) | At8(bytes, i + 1));
}
uint32_t At32(ByteView bytes, size_t i) {
  return (uint32_t{At16(bytes, i)} << 16) | At16(bytes, i + 2);
}

void Append16(uint32_t number, Bytes* out) {
  out->push_back(static_cast<char>(number >> 8));
  out->push_back(static_cast<char>(number));
}
void Append32(uint32_t number, Bytes* out) {
  Append16(number >> 16, out);
  Append16(number, out);
}

// The sum of RFC 1071.
uint16_t ChecksumOf(ByteView bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) sum += At16(bytes, i);
  if (bytes.size() % 2 != 0) sum += uint64_t{At8(bytes, bytes.size() - 1)} << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// Bytes before the IP header; none: the packet is too short for them.
std::optional<size_t> LinkHeaderBytes(LinkType type, ByteView packet) {
  constexpr size_t kEthernetHeader = 14;
  constexpr size_t kVlanTag = 4;
  switch (type) {
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kRawOpenBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
      return 0;
    case LinkType::kNull:
    case LinkType::kLoop:
      return 4;
    case LinkType::kLinuxSll:
      return 16;
    case LinkType::kLinuxSll2:
      return 20;
    case LinkType::kEthernet:
      break;
  }
  size_t header = kEthernetHeader;
  while (packet.size() >= header) {
    const uint16_t kind = At16(packet, header - 2);
    if (kind != 0x8100 && kind != 0x88a8) return header;
    header += kVlanTag;
  }
  return std::nullopt;
}

// What is in an IP packet. `size` is that of the payload as the header says, which may be more than
// was captured.
struct IpPacket {
  ByteView source;
  ByteView destination;
  ByteView payload;
  size_t size = 0;
};

std::optional<IpPacket> ReadIpv4(ByteView packet) {
  if (packet.size() < kIpv4Header) return std::nullopt;
  const size_t header = size_t{4} * (At8(packet, 0) & 0xf);
  const bool is_fragment = (At16(packet, 6) & 0x3fff) != 0;
  // 0: the network card was to cut it; then all that was captured.
  const size_t total = At16(packet, 2) == 0 ? packet.size() : At16(packet, 2);
  if (header < kIpv4Header || header > packet.size() || header > total || is_fragment ||
      At8(packet, 9) != kTcp) {
    return std::nullopt;
  }
  return IpPacket{packet.substr(12, kIpv4Bytes), packet.substr(16, kIpv4Bytes),
                  packet.substr(header, total - header), total - header};
}

std::optional<IpPacket> ReadIpv6(ByteView packet) {
  if (packet.size() < kIpv6Header) return std::nullopt;
  const size_t length = At16(packet, 4);
  IpPacket ip{packet.substr(8, kIpv6Bytes), packet.substr(24, kIpv6Bytes), {}, 0};
  ip.payload = packet.substr(kIpv6Header);
  ip.size = length == 0 ? ip.payload.size() : length;
  ip.payload = ip.payload.substr(0, ip.size);
  uint8_t next = At8(packet, 6);
  while (next == 0 || next == 43 || next == 60) {  // hop by hop, routing, destination
    if (ip.payload.size() < 8) return std::nullopt;
    const size_t header = size_t{8} * (At8(ip.payload, 1) + size_t{1});
    if (header > ip.payload.size()) return std::nullopt;
    next = At8(ip.payload, 0);
    ip.payload.remove_prefix(header);
    ip.size -= header;
  }
  if (next != kTcp) return std::nullopt;
  return ip;
}

}  // namespace

bool IsKnownLinkType(uint32_t number) {
  for (const LinkType type :
       {LinkType::kNull, LinkType::kEthernet, LinkType::kRawBsd, LinkType::kRawOpenBsd,
        LinkType::kRaw, LinkType::kLoop, LinkType::kLinuxSll, LinkType::kIpv4, LinkType::kIpv6,
        LinkType::kLinuxSll2}) {
    if (static_cast<uint32_t>(type) == number) return true;
  }
  return false;
}

std::optional<TcpSegment> FindTcpSegment(LinkType type, ByteView packet) {
  const std::optional<size_t> link = LinkHeaderBytes(type, packet);
  if (!link.has_value() || packet.size() <= *link) return std::nullopt;
  packet.remove_prefix(*link);
  const unsigned version = At8(packet, 0) >> 4;
  const std::optional<IpPacket> ip = version == 4   ? ReadIpv4(packet)
                                     : version == 6 ? ReadIpv6(packet)
                                                    : std::nullopt;
  if (!ip.has_value() || ip->payload.size() < kTcpHeader) return std::nullopt;
  const ByteView tcp = ip->payload;
  const size_t header = size_t{4} * (At8(tcp, 12) >> 4);
  if (header < kTcpHeader || header > tcp.size()) return std::nullopt;
  const uint8_t flags = At8(tcp, 13);
  TcpSegment segment;
  segment.source = Bytes(ip->source) + Bytes(tcp.substr(0, kPortBytes));
  segment.destination = Bytes(ip->destination) + Bytes(tcp.substr(kPortBytes, kPortBytes));
  segment.sequence = At32(tcp, 4);
  segment.syn = (flags & kSyn) != 0;
  segment.ack = (flags & kAck) != 0;
  segment.ends = (flags & (kFin | kRst)) != 0;
  segment.payload = tcp.substr(header);
  segment.cut_bytes = static_cast<uint32_t>(ip->size - ip->payload.size());
  return segment;
}

std::string FormatTcpEnd(ByteView end) {
  CHECK(end.size() == kIpv4Bytes + kPortBytes || end.size() == kIpv6Bytes + kPortBytes);
  const bool is_v4 = end.size() == kIpv4Bytes + kPortBytes;
  std::array<char, INET6_ADDRSTRLEN> text{};
  CHECK(::inet_ntop(is_v4 ? AF_INET : AF_INET6, end.data(), text.data(), text.size()) != nullptr);
  const uint16_t port = PortOfTcpEnd(end);
  return is_v4 ? fmt::format("{}:{}", text.data(), port)
               : fmt::format("[{}]:{}", text.data(), port);
}

uint16_t PortOfTcpEnd(ByteView end) {
  return At16(end, end.size() - kPortBytes);
}

std::optional<Bytes> ParseTcpEnd(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  const bool is_v6 = host.starts_with('[') && host.ends_with(']');
  if (is_v6) host = host.substr(1, host.size() - 2);
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || rest != end) return std::nullopt;
  Bytes bytes(is_v6 ? kIpv6Bytes : kIpv4Bytes, '\0');
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(), bytes.data()) != 1) {
    return std::nullopt;
  }
  Append16(port, &bytes);
  return bytes;
}

Bytes MakeTcpPacket(ByteView source, ByteView destination, uint32_t sequence, uint32_t acknowledged,
                    TcpFlags flags, ByteView payload) {
  CHECK(source.size() == destination.size() && payload.size() <= kMaxSegmentBytes);
  const size_t address = source.size() - kPortBytes;
  Bytes tcp(source.substr(address));
  tcp.append(destination.substr(address));
  Append32(sequence, &tcp);
  Append32(acknowledged, &tcp);
  tcp.push_back(static_cast<char>((kTcpHeader / 4) << 4));
  tcp.push_back(
      static_cast<char>((flags.syn ? kSyn : 0) | (flags.ack ? kAck : 0) | (flags.fin ? kFin : 0)));
  Append16(0xffff, &tcp);  // window
  Append32(0, &tcp);       // checksum, urgent
  tcp.append(payload);
  const auto size = static_cast<uint32_t>(tcp.size());
  Bytes pseudo = Bytes(source.substr(0, address)) + Bytes(destination.substr(0, address));
  Append32(size, &pseudo);
  Append32(kTcp, &pseudo);
  const uint16_t checksum = ChecksumOf(pseudo + tcp);
  tcp[16] = static_cast<char>(checksum >> 8);
  tcp[17] = static_cast<char>(checksum);
  Bytes ip;
  if (address == kIpv4Bytes) {
    Append16(0x4500, &ip);
    Append16(static_cast<uint32_t>(kIpv4Header) + size, &ip);
    Append32(0x4000, &ip);  // not to be cut
    Append16((64 << 8) | kTcp, &ip);
    Append16(0, &ip);
    ip.append(source.substr(0, address)).append(destination.substr(0, address));
    const uint16_t sum = ChecksumOf(ip);
    ip[10] = static_cast<char>(sum >> 8);
    ip[11] = static_cast<char>(sum);
  } else {
    Append32(0x60000000, &ip);
    Append16(size, &ip);
    Append16((kTcp << 8) | 64, &ip);
    ip.append(source.substr(0, address)).append(destination.substr(0, address));
  }
  return ip + tcp;
}

}  // namespace smile::cat
