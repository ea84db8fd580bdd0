#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/progress.h"
#include "client/smilecat/capture.h"
#include "client/smilecat/options.h"

namespace smile::cat {
namespace {

constexpr size_t kFileHeaderBytes = 24;
constexpr size_t kPacketHeaderBytes = 16;
constexpr uint32_t kMicrosMagic = 0xa1b2c3d4;
constexpr uint32_t kNanosMagic = 0xa1b23c4d;
constexpr uint32_t kPcapngMagic = 0x0a0d0d0a;

uint32_t NumberAt(ByteView bytes, size_t offset, bool swapped) {
  uint32_t number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return swapped ? __builtin_bswap32(number) : number;
}

bool IsMagic(uint32_t magic) {
  return magic == kMicrosMagic || magic == kNanosMagic;
}

}  // namespace

bool IsCapture(ByteView beginning) {
  if (beginning.size() < sizeof(uint32_t)) return false;
  const uint32_t magic = NumberAt(beginning, 0, false);
  return IsMagic(magic) || IsMagic(__builtin_bswap32(magic)) || magic == kPcapngMagic;
}

// One connection.
class CaptureReader::Flow {
 public:
  Flow(uint64_t number, bool first_is_client, const Conversation::Print& print)
      : label_(fmt::format("#{} ", number)),
        first_is_client_(first_is_client),
        print_(print),
        conversation_(label_, print) {}

  // `is_first`: from the end that sent the first packet.
  void OnSegment(bool is_first, const TcpSegment& segment) {
    Side& side = sides_[is_first ? 0 : 1];
    side.direction = is_first == first_is_client_ ? Direction::kToServer : Direction::kToClient;
    uint32_t sequence = segment.sequence;
    if (segment.syn) ++sequence;
    if (!side.next.has_value()) side.next = sequence;
    ended_ = ended_ || segment.ends;
    if (!segment.payload.empty()) Hold(&side, sequence, segment.payload);
    if (segment.cut_bytes > 0) cut_bytes_ += segment.cut_bytes;
    Release(&side);
    while (side.held_bytes > limits::kMaxCapturedHeldBytes) SkipGap(&side);
  }

  void End() {
    for (Side& side : sides_) {
      while (!side.held.empty()) SkipGap(&side);
      if (side.next.has_value()) conversation_.End(side.direction);
    }
    if (cut_bytes_ > 0) {
      print_(fmt::format("{}{} were left out of the capture (tcpdump -s 0 takes all)\n", label_,
                         Counted(cut_bytes_, "byte")));
    }
  }

  // Its ends may be used for another connection now.
  bool ended() const { return ended_; }

  bool sound() const { return conversation_.sound() && cut_bytes_ == 0 && gaps_ == 0; }

 private:
  struct Side {
    Direction direction = Direction::kToServer;
    std::optional<uint32_t> next;    // sequence number of the byte that is due
    std::map<uint32_t, Bytes> held;  // by sequence number
    size_t held_bytes = 0;
  };

  // Sequence numbers wrap: which is first says their distance.
  static int32_t Distance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

  void Hold(Side* side, uint32_t sequence, ByteView payload) {
    if (Distance(*side->next, sequence) < 0) {
      const auto seen = static_cast<uint32_t>(-Distance(*side->next, sequence));
      if (seen >= payload.size()) return;
      payload.remove_prefix(seen);
      sequence = *side->next;
    }
    Bytes& held = side->held[sequence];
    if (held.size() >= payload.size()) return;
    side->held_bytes += payload.size() - held.size();
    held = payload;
  }

  std::map<uint32_t, Bytes>::iterator NextHeld(Side* side) {
    return std::min_element(
        side->held.begin(), side->held.end(), [&](const auto& a, const auto& b) {
          return Distance(*side->next, a.first) < Distance(*side->next, b.first);
        });
  }

  void Release(Side* side) {
    while (!side->held.empty()) {
      const auto next = NextHeld(side);
      const int32_t ahead = Distance(*side->next, next->first);
      if (ahead > 0) return;
      const auto seen = static_cast<size_t>(-ahead);
      ByteView bytes = next->second;
      bytes.remove_prefix(std::min(seen, bytes.size()));
      conversation_.Feed(side->direction, bytes);
      *side->next += static_cast<uint32_t>(bytes.size());
      side->held_bytes -= next->second.size();
      side->held.erase(next);
    }
  }

  void SkipGap(Side* side) {
    const auto next = NextHeld(side);
    const int32_t missing = Distance(*side->next, next->first);
    if (missing > 0) {
      ++gaps_;
      print_(fmt::format("{}{} {} missing in the capture\n", label_,
                         Counted(static_cast<uint64_t>(missing), "byte"),
                         missing == 1 ? "is" : "are"));
      side->next = next->first;
    }
    Release(side);
  }

  const std::string label_;
  const bool first_is_client_;
  const Conversation::Print& print_;
  Conversation conversation_;
  Side sides_[2];
  bool ended_ = false;
  uint64_t cut_bytes_ = 0;
  uint64_t gaps_ = 0;
};

CaptureReader::CaptureReader(Conversation::Print print) : print_(std::move(print)) {}

CaptureReader::~CaptureReader() = default;

uint32_t CaptureReader::Number(size_t offset) const {
  return NumberAt(buffer_, offset, swapped_);
}

Status CaptureReader::TakeHeader() {
  if (NumberAt(buffer_, 0, false) == kPcapngMagic) {
    return {Code::kInvalid,
            "this is a pcapng file: make a pcap file of it with "
            "\"editcap -F pcap IN OUT\" or \"tcpdump -r IN -w OUT\""};
  }
  swapped_ = !IsMagic(NumberAt(buffer_, 0, false));
  const uint32_t type = Number(20) & 0x0fffffff;
  if (!IsKnownLinkType(type)) {
    return {Code::kInvalid,
            fmt::format("packets of link type {} are not read; Ethernet, Linux cooked, loopback "
                        "and raw IP are",
                        type)};
  }
  link_type_ = static_cast<LinkType>(type);
  has_header_ = true;
  buffer_.erase(0, kFileHeaderBytes);
  return {};
}

Status CaptureReader::Feed(ByteView bytes) {
  buffer_.append(bytes);
  if (!has_header_) {
    if (buffer_.size() < kFileHeaderBytes) return {};
    SMILE_TRY(TakeHeader());
  }
  size_t offset = 0;
  while (buffer_.size() - offset >= kPacketHeaderBytes) {
    const size_t size = Number(offset + 8);
    if (size > limits::kMaxCapturedPacketBytes) {
      return {Code::kInvalid, fmt::format("a packet of {} bytes: the capture is damaged", size)};
    }
    if (buffer_.size() - offset - kPacketHeaderBytes < size) break;
    OnPacket(ByteView(buffer_).substr(offset + kPacketHeaderBytes, size));
    offset += kPacketHeaderBytes + size;
  }
  buffer_.erase(0, offset);
  return {};
}

CaptureReader::Flows::iterator CaptureReader::Begin(const TcpSegment& segment) {
  // Who opens a connection is the client; without its opening, the port tells.
  const uint16_t from = PortOfTcpEnd(segment.source);
  const uint16_t to = PortOfTcpEnd(segment.destination);
  const bool by_port = to == kDefaultPort || (from != kDefaultPort && to < from);
  const bool client = segment.syn ? !segment.ack : by_port;
  const uint64_t number = ++last_number_;
  print_(fmt::format("#{} {} to {}\n", number,
                     FormatTcpEnd(client ? segment.source : segment.destination),
                     FormatTcpEnd(client ? segment.destination : segment.source)));
  return flows_
      .emplace(std::pair(segment.source, segment.destination),
               std::make_unique<Flow>(number, client, print_))
      .first;
}

void CaptureReader::OnPacket(ByteView packet) {
  const std::optional<TcpSegment> segment = FindTcpSegment(link_type_, packet);
  if (!segment.has_value()) return;
  auto flow = flows_.find({segment->source, segment->destination});
  bool is_first = flow != flows_.end();
  if (!is_first) flow = flows_.find({segment->destination, segment->source});
  if (flow != flows_.end() && flow->second->ended() && segment->syn && !segment->ack) {
    flow->second->End();
    ended_sound_ = ended_sound_ && flow->second->sound();
    flows_.erase(flow);
    flow = flows_.end();
  }
  if (flow == flows_.end()) {
    if (segment->payload.empty() && !segment->syn) return;
    if (flows_.size() >= limits::kMaxSniffedConnections) {
      ++refused_flows_;
      return;
    }
    is_first = true;
    flow = Begin(*segment);
  }
  flow->second->OnSegment(is_first, *segment);
}

Status CaptureReader::End() {
  for (const auto& [ends, flow] : flows_) flow->End();
  if (refused_flows_ > 0) {
    print_(fmt::format("{} of further connections left out: {} are followed\n",
                       Counted(refused_flows_, "packet"), limits::kMaxSniffedConnections));
  }
  if (has_header_ && buffer_.empty()) return {};
  return {Code::kInvalid, "the capture ends inside a packet"};
}

bool CaptureReader::sound() const {
  return refused_flows_ == 0 && ended_sound_ &&
         std::all_of(flows_.begin(), flows_.end(),
                     [](const auto& flow) { return flow.second->sound(); });
}

}  // namespace smile::cat
