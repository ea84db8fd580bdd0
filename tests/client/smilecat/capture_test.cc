// Captures of packets: what tcpdump writes, read; what --listen --save writes, read back.
#include "client/smilecat/capture.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/smilecat/packet.h"
#include "protocol/message.h"
#include "protocol/operations.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

using ::testing::HasSubstr;

Bytes ClientEnd() {
  return *ParseTcpEnd("127.0.0.1:40000");
}
Bytes ServerEnd() {
  return *ParseTcpEnd("127.0.0.1:7645");
}

Bytes Number(uint32_t number, bool big_endian) {
  Bytes bytes;
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<char>(number >> (big_endian ? 24 - 8 * i : 8 * i)));
  }
  return bytes;
}

// A capture file of these packets.
Bytes File(LinkType type, const std::vector<Bytes>& packets, uint32_t magic = 0xa1b2c3d4,
           bool big_endian = false) {
  Bytes file =
      Number(magic, big_endian) + Bytes(16, '\0') + Number(static_cast<uint32_t>(type), big_endian);
  for (const Bytes& packet : packets) {
    file += Bytes(8, '\0') + Number(static_cast<uint32_t>(packet.size()), big_endian) +
            Number(static_cast<uint32_t>(packet.size()), big_endian) + packet;
  }
  return file;
}

struct Explained {
  std::string text;
  Status status;
  bool sound = false;
};

Explained ExplainCapture(const Bytes& file, size_t step = 1 << 20) {
  Explained explained;
  CaptureReader reader([&](const std::string& lines) { explained.text += lines; });
  for (size_t i = 0; i < file.size() && explained.status.ok(); i += step) {
    explained.status = reader.Feed(ByteView(file).substr(i, step));
  }
  const Status end = reader.End();
  if (explained.status.ok()) explained.status = end;
  explained.sound = reader.sound();
  return explained;
}

Bytes Requests() {
  Bytes bytes;
  const Key key = LinkKey(42, LinkKind::kFriend, 7);
  EncodeRequest<op::Get>(9, 0, {.key = key.view()}, &bytes);
  EncodeRequest<op::Ping>(10, 0, {.payload = "later"}, &bytes);
  return bytes;
}

Bytes FromClient(uint32_t sequence, ByteView payload, TcpFlags flags = {.ack = true}) {
  return MakeTcpPacket(ClientEnd(), ServerEnd(), sequence, 0, flags, payload);
}

// A conversation that begins at the end of the sequence numbers.
std::vector<Bytes> Packets() {
  const Bytes requests = Requests();
  Bytes reply;
  EncodeReply<op::Get>(9, {.record = {.version = 3, .value = "Ada"}}, &reply);
  const uint32_t begin = 0xfffffff0;
  std::vector<Bytes> packets = {FromClient(begin, {}, {.syn = true})};
  for (uint32_t i = 0; i < requests.size(); i += 7) {
    packets.push_back(FromClient(begin + 1 + i, ByteView(requests).substr(i, 7)));
  }
  packets.push_back(MakeTcpPacket(ServerEnd(), ClientEnd(), 100, 0, {.ack = true}, reply));
  return packets;
}

void ExpectConversation(const Explained& explained) {
  EXPECT_TRUE(explained.status.ok()) << explained.status.message();
  EXPECT_TRUE(explained.sound) << explained.text;
  EXPECT_THAT(explained.text, HasSubstr("#1 127.0.0.1:40000 to 127.0.0.1:7645\n"));
  EXPECT_THAT(explained.text, HasSubstr("#1 > get, id 9"));
  EXPECT_THAT(explained.text, HasSubstr("#1 > ping, id 10"));
  EXPECT_THAT(explained.text, HasSubstr("#1 < reply to get, ok, id 9"));
}

TEST(CaptureTest, ExplanationDoesNotDependOnReadSizes) {
  const Bytes file = File(LinkType::kRaw, Packets());
  for (const size_t step : {size_t{1}, size_t{7}, file.size()}) {
    ExpectConversation(ExplainCapture(file, step));
  }
}

TEST(CaptureTest, SegmentsAreReassembled) {
  std::vector<Bytes> packets = Packets();
  std::reverse(packets.begin() + 1, packets.end() - 1);
  packets.insert(packets.end(), packets.begin() + 1, packets.begin() + 3);
  ExpectConversation(ExplainCapture(File(LinkType::kRaw, packets)));
}

TEST(CaptureTest, BothByteOrdersAndNanosecondsAreSupported) {
  for (const uint32_t magic : {0xa1b2c3d4u, 0xa1b23c4du}) {
    for (const bool big_endian : {false, true}) {
      ExpectConversation(ExplainCapture(File(LinkType::kRaw, Packets(), magic, big_endian)));
    }
  }
}

TEST(CaptureTest, LinkHeadersAreSkipped) {
  const std::pair<LinkType, Bytes> headers[] = {
      {LinkType::kNull, Bytes(4, '\2')},
      {LinkType::kEthernet, Bytes(12, 'm') + Bytes("\x08\x00", 2)},
      {LinkType::kEthernet, Bytes(12, 'm') + Bytes("\x81\x00\x00\x05\x08\x00", 6)},
      {LinkType::kLinuxSll, Bytes(16, 's')},
      {LinkType::kLinuxSll2, Bytes(20, 's')}};
  for (const auto& [type, header] : headers) {
    std::vector<Bytes> packets = Packets();
    for (Bytes& packet : packets) packet = header + packet;
    ExpectConversation(ExplainCapture(File(type, packets)));
  }
}

TEST(CaptureTest, PortsMayBeReused) {
  std::vector<Bytes> packets = Packets();
  packets.push_back(FromClient(900, {}, {.ack = true, .fin = true}));
  packets.push_back(FromClient(5, {}, {.syn = true}));
  packets.push_back(FromClient(6, Requests()));
  const Explained explained = ExplainCapture(File(LinkType::kRaw, packets));
  ExpectConversation(explained);
  EXPECT_THAT(explained.text, HasSubstr("#2 > get, id 9"));
}

TEST(CaptureTest, MissingBytesAreReported) {
  std::vector<Bytes> packets = Packets();
  packets.erase(packets.begin() + 2);
  const Explained explained = ExplainCapture(File(LinkType::kRaw, packets));
  EXPECT_THAT(explained.text, HasSubstr("7 bytes are missing in the capture"));
  EXPECT_FALSE(explained.sound);
}

TEST(CaptureTest, OtherPacketsAndGarbageAreIgnored) {
  Bytes udp = Packets()[1];
  udp[9] = 17;
  const Explained explained =
      ExplainCapture(File(LinkType::kRaw, {udp, "", "x", Bytes(60, '\xff')}));
  EXPECT_TRUE(explained.status.ok());
  EXPECT_EQ(explained.text, "");
  // Every cut of a packet is survived.
  const Bytes packet = Packets()[1];
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_TRUE(ExplainCapture(File(LinkType::kRaw, {packet.substr(0, size)})).status.ok());
  }
}

TEST(CaptureTest, UnreadableCaptureErrorHasAdvice) {
  EXPECT_TRUE(IsCapture(Bytes("\x0a\x0d\x0d\x0a", 4)));
  EXPECT_THAT(ExplainCapture(Bytes("\x0a\x0d\x0d\x0a", 4) + Bytes(60, '\0')).status.message(),
              HasSubstr("editcap -F pcap"));
  EXPECT_THAT(ExplainCapture(File(static_cast<LinkType>(147), {})).status.message(),
              HasSubstr("147"));
  const Bytes file = File(LinkType::kRaw, Packets());
  EXPECT_THAT(ExplainCapture(file.substr(0, file.size() - 1)).status.message(),
              HasSubstr("ends inside"));
  EXPECT_FALSE(IsCapture(Requests()));
}

TEST(CaptureTest, WrittenCaptureRoundTrips) {
  for (const auto& [client, server] :
       {std::pair{"127.0.0.1:40000", "127.0.0.1:7645"}, std::pair{"[::1]:40000", "[::1]:7645"},
        std::pair{"[::1]:40000", "127.0.0.1:7645"}}) {
    const TempFiles files;
    const std::string name = files.Path("capture.pcap");
    const auto writer = CaptureWriter::Create(name);
    ASSERT_TRUE(writer.ok());
    (*writer)->Begin(7, client, server);
    Bytes large;
    const Bytes value(100'000, 'v');
    const Key key = LinkKey(42, LinkKind::kFriend, 7);
    EncodeRequest<op::Put>(9, 0, {.key = key.view(), .value = value}, &large);
    (*writer)->Data(7, Direction::kToServer, large);
    Bytes reply;
    EncodeReply<op::Put>(9, {.version = 3}, &reply);
    (*writer)->Data(7, Direction::kToClient, reply);
    (*writer)->End(7);
    const Explained explained = ExplainCapture(TempFiles::Read(name));
    EXPECT_TRUE(explained.sound) << explained.text;
    EXPECT_THAT(explained.text, HasSubstr("#1 > put, id 9"));
    EXPECT_THAT(explained.text, HasSubstr("#1 < reply to put, ok, id 9"));
  }
}

}  // namespace
}  // namespace smile::cat
