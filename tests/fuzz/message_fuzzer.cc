// Every decoder: requests and replies of all operations, and the error body. Decoding and encoding
// again gives the same bytes, except for skipped fields of later versions, and every decoded
// message can be printed.
//
// Input: a byte for the operation, a byte whose lowest bits select request, reply or error,
// then the body.
#include <cstdint>

#include "base/check.h"
#include "protocol/codec.h"
#include "protocol/operations.h"
#include "protocol/text_command.h"
#include "protocol/text_writer.h"

namespace smile {
namespace {

template <Message M>
bool DecodesAndComesBack(ByteView body, M* message) {
  // Copied to its own allocation, so that a read past its end is detected.
  const Bytes bytes(body);
  if (!Decode(bytes, message).ok()) return false;
  Bytes encoded;
  Encode(*message, &encoded);
  CHECK(encoded.size() <= bytes.size());
  if (encoded.size() == bytes.size()) {
    CHECK(encoded == bytes);
  } else {
    M again;
    CHECK(Decode(encoded, &again).ok());
    Bytes encoded_again;
    Encode(again, &encoded_again);
    CHECK(encoded_again == encoded);
  }
  CHECK(WriteLine(ToTree(*message)).find('\n') == std::string::npos);
  CHECK(!WriteJson(ToTree(*message)).empty());
  return true;
}

template <class Row>
void FuzzRow(bool request, ByteView body) {
  if (!request) {
    typename Row::Response message;
    DecodesAndComesBack(body, &message);
    return;
  }
  const Bytes bytes(body);
  typename Row::Request message;
  if (Decode(bytes, &message).ok()) CHECK(!WriteCommand<Row>(message).empty());
  DecodesAndComesBack(bytes, &message);
}

void FuzzMessages(ByteView input) {
  if (input.size() < 2) return;
  const auto code = static_cast<uint8_t>(input[0]);
  const int kind = input[1] & 3;
  const ByteView body = input.substr(2);
  if (kind == 2) {
    ErrorBody message;
    DecodesAndComesBack(body, &message);
    return;
  }
  Operations::ForEach([&]<class Row>() {
    if (Row::kInfo.code == code) FuzzRow<Row>(kind == 0, body);
  });
}

}  // namespace
}  // namespace smile

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smile::FuzzMessages({reinterpret_cast<const char*>(data), size});
  return 0;
}
