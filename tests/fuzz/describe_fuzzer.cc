// Descriptions of frames: for any bytes, the parts cover all of them without a gap.
//
// Input: a byte for the operation (of replies), then the frame.
#include <cstdint>

#include "base/check.h"
#include "protocol/codec.h"
#include "protocol/describe.h"

namespace smile {
namespace {

void FuzzDescribe(ByteView input) {
  if (input.empty()) return;
  const Bytes frame(input.substr(1));
  const RequestInfo asked{static_cast<uint8_t>(input[0]), {Table::kLinks}};
  const std::vector<FramePart> parts = DescribeFrame<Operations>(frame, asked);
  size_t offset = 0;
  for (const FramePart& part : parts) {
    CHECK(part.offset == offset && part.bytes.data() == frame.data() + offset);
    offset += part.bytes.size();
  }
  CHECK(offset == frame.size());
  CHECK(!FormatParts(parts).empty());
}

}  // namespace
}  // namespace smile

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smile::FuzzDescribe({reinterpret_cast<const char*>(data), size});
  return 0;
}
