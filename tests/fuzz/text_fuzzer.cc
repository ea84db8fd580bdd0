// The text reader: any line is a request or is refused with a message, and a request that was read
// is written as a line that means the same. Secrets are always given as "-" or @FILE.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "protocol/codec.h"
#include "protocol/operations.h"
#include "protocol/text_command.h"
#include "protocol/text_reader.h"

namespace smile {
namespace {

struct ReadLine {
  Bytes request;
  std::string written;
};

// All secrets are the same, since they are not written; hexadecimal, as tokens are.
Result<Bytes> Content(std::string_view name, std::string_view secret) {
  return secret.empty() ? Bytes(name) : Bytes("5ec7e7");
}

Result<ReadLine> Read(std::string_view line) {
  SMILE_ASSIGN(const std::vector<TextToken> tokens, SplitLine(line));
  ReadLine read;
  SMILE_TRY(ReadAnyRequest<Operations>(tokens, Content,
                                       [&]<class Row>(Row, const TextRequest<Row>& request) {
                                         Encode(request.request, &read.request);
                                         read.written = WriteCommand<Row>(request.request);
                                       }));
  return read;
}

void FuzzText(ByteView line) {
  const Result<ReadLine> read = Read(line);
  if (!read.ok()) {
    CHECK(!read.status().message().empty());
    return;
  }
  const Result<ReadLine> again = Read(read->written);
  CHECK(again.ok(), read->written);
  CHECK(again->request == read->request, read->written);
  CHECK(again->written == read->written, read->written);
}

}  // namespace
}  // namespace smile

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smile::FuzzText({reinterpret_cast<const char*>(data), size});
  return 0;
}
