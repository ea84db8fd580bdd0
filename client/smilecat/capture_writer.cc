#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/clock.h"
#include "client/smilecat/capture.h"

namespace smile::cat {
namespace {

constexpr uint32_t kMagic = 0xa1b2c3d4;
constexpr uint16_t kPcapVersion[] = {2, 4};
constexpr uint32_t kSnapBytes = 1 << 18;
constexpr size_t kClient = 0;
constexpr size_t kServer = 1;

// In the order of this machine, which the magic number tells.
template <class T>
void AppendNumber(T number, Bytes* out) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  out->append(bytes, sizeof(number));
}

// An IPv4 address and port in the form of IPv6.
Bytes MappedToIpv6(const Bytes& end) {
  return Bytes(10, '\0') + "\xff\xff" + end;
}

}  // namespace

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::Create(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
  std::FILE* const file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
  if (file == nullptr) {
    return Status(Code::kInvalid, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  std::unique_ptr<CaptureWriter> writer(new CaptureWriter(path, file));
  Bytes header;
  AppendNumber(kMagic, &header);
  for (const uint16_t part : kPcapVersion) AppendNumber(part, &header);
  for (const uint32_t number :
       {uint32_t{0}, uint32_t{0}, kSnapBytes, static_cast<uint32_t>(LinkType::kRaw)}) {
    AppendNumber(number, &header);
  }
  writer->Put(header);
  SMILE_TRY(writer->status_);
  return writer;
}

CaptureWriter::~CaptureWriter() {
  std::fclose(file_);
}

void CaptureWriter::Put(ByteView bytes) {
  if (!status_.ok()) return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() &&
      std::fflush(file_) == 0) {
    return;
  }
  status_ = {Code::kInvalid, fmt::format("cannot write {}: {}; it is not written any further",
                                         path_, std::strerror(errno))};
}

void CaptureWriter::Begin(uint64_t number, const std::string& client, const std::string& server) {
  const std::optional<Bytes> ends[] = {ParseTcpEnd(client), ParseTcpEnd(server)};
  if (!ends[kClient].has_value() || !ends[kServer].has_value()) return;
  Flow& flow = flows_[number];
  const bool mixed = ends[kClient]->size() != ends[kServer]->size();
  for (const size_t side : {kClient, kServer}) {
    const bool is_v4 = ends[side]->size() == 6;
    flow.ends[side] = mixed && is_v4 ? MappedToIpv6(*ends[side]) : *ends[side];
  }
  Write(&flow, kClient, {.syn = true}, {});
  Write(&flow, kServer, {.syn = true, .ack = true}, {});
}

void CaptureWriter::Data(uint64_t number, Direction direction, ByteView bytes) {
  const auto flow = flows_.find(number);
  if (flow == flows_.end()) return;
  const size_t from = direction == Direction::kToServer ? kClient : kServer;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kMaxSegmentBytes))) {
    Write(&flow->second, from, {.ack = true}, bytes.substr(0, kMaxSegmentBytes));
  }
}

void CaptureWriter::End(uint64_t number) {
  const auto flow = flows_.find(number);
  if (flow == flows_.end()) return;
  Write(&flow->second, kClient, {.ack = true, .fin = true}, {});
  Write(&flow->second, kServer, {.ack = true, .fin = true}, {});
  flows_.erase(flow);
}

void CaptureWriter::Write(Flow* flow, size_t from, TcpFlags flags, ByteView payload) {
  const size_t to = 1 - from;
  const Bytes packet = MakeTcpPacket(flow->ends[from], flow->ends[to], flow->sequences[from],
                                     flags.ack ? flow->sequences[to] : 0, flags, payload);
  flow->sequences[from] += static_cast<uint32_t>(payload.size()) + (flags.syn || flags.fin ? 1 : 0);
  const int64_t millis = SystemClock().WallMillis();
  Bytes record;
  AppendNumber(static_cast<uint32_t>(millis / 1000), &record);
  AppendNumber(static_cast<uint32_t>(millis % 1000 * 1000), &record);
  AppendNumber(static_cast<uint32_t>(packet.size()), &record);
  AppendNumber(static_cast<uint32_t>(packet.size()), &record);
  Put(record + packet);
}

}  // namespace smile::cat
