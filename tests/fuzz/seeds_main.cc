// fuzzer_seeds FUZZER DIRECTORY: writes the seeds of a fuzzer of a parser into a directory:
// messages of every operation, made from their fields, in the format of that fuzzer. A new row of
// the operations table is included automatically. For other fuzzers, which have no seeds, it does
// nothing.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "protocol/message.h"
#include "protocol/text_command.h"
#include "tests/protocol/sampler.h"

namespace smile {
namespace {

constexpr int kSamples = 8;
constexpr std::string_view kFuzzers[] = {"frame", "message", "describe", "text", "path"};

class SeedWriter {
 public:
  explicit SeedWriter(std::filesystem::path directory) : directory_(std::move(directory)) {}

  void Write(ByteView seed) {
    std::ofstream out(directory_ / fmt::format("seed-{:04}", count_++), std::ios::binary);
    out << seed << std::flush;
    failed_ = failed_ || !out.good();
  }

  bool failed() const { return failed_ || count_ == 0; }

 private:
  std::filesystem::path directory_;
  int count_ = 0;
  bool failed_ = false;
};

// Bytes before a message, as the fuzzer expects them.
Bytes Prefixed(uint8_t first, uint8_t second, ByteView bytes) {
  return Bytes{static_cast<char>(first), static_cast<char>(second)}.append(bytes);
}

template <class Row>
void WriteSeedsOf(std::string_view fuzzer, Sampler* sampler, SeedWriter* seeds) {
  constexpr uint8_t kCode = Row::kInfo.code;
  const auto request = sampler->Sample<typename Row::Request>();
  Bytes frame;
  EncodeRequest<Row>(kCode, 100, request, &frame);
  Bytes reply;
  EncodeReply<Row>(kCode, sampler->Sample<typename Row::Response>(), &reply);
  if (fuzzer == "frame") {
    seeds->Write(Prefixed(1, static_cast<uint8_t>(sampler->Below(256)), frame + reply));
  } else if (fuzzer == "message") {
    seeds->Write(Prefixed(kCode, 0, ByteView(frame).substr(kFrameHeaderBytes)));
    seeds->Write(Prefixed(kCode, 1, ByteView(reply).substr(kFrameHeaderBytes)));
  } else if (fuzzer == "describe") {
    seeds->Write(Bytes(1, static_cast<char>(kCode)) + frame);
    seeds->Write(Bytes(1, static_cast<char>(kCode)) + reply);
  } else if (fuzzer == "text") {
    seeds->Write(WriteCommand<Row>(request));
  } else {
    seeds->Write(FormatKey(sampler->Sample<op::Get::Request>().key));
  }
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s FUZZER DIRECTORY\n", argv[0]);
    return 2;
  }
  const std::string_view fuzzer = argv[1];
  if (std::find(std::begin(kFuzzers), std::end(kFuzzers), fuzzer) == std::end(kFuzzers)) return 0;
  std::filesystem::create_directories(argv[2]);
  SeedWriter seeds(argv[2]);
  Sampler sampler(1);
  for (int i = 0; i < kSamples; ++i) {
    Operations::ForEach([&]<class Row>() { WriteSeedsOf<Row>(fuzzer, &sampler, &seeds); });
  }
  if (fuzzer == "message") {
    Bytes body;
    Encode(sampler.Sample<ErrorBody>(), &body);
    seeds.Write(Prefixed(0, 2, body));
  }
  return seeds.failed() ? 1 : 0;
}

}  // namespace
}  // namespace smile

int main(int argc, char** argv) {
  return smile::Main(argc, argv);
}
