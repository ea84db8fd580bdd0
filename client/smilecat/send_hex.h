// `smilecat --send-hex`: any bytes to a server, and what it says to them.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/exit_status.h"
#include "net/endpoint.h"

namespace smile::cat {

struct SendHexOptions {
  Endpoint server;
  std::string source;  // hexadecimal digits, @FILE or -
  bool hello = false;  // a HELLO first
  int64_t idle_millis = 1000;
};

// Bytes from hexadecimal text: digits of either case, with white space and colons anywhere between
// bytes. kInvalid, with a message, for anything else.
Result<Bytes> ReadHexText(std::string_view text);

// Sends, then prints both directions explained on stdout until the server closes or says nothing
// for `idle_millis`. kOk whatever it answers.
ExitStatus RunSendHex(const SendHexOptions& options);

}  // namespace smile::cat
