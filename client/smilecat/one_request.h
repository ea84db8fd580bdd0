// `smilecat get users/42/profile`: one request from the command line.
#pragma once

#include <span>
#include <string>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/session.h"
#include "protocol/text_token.h"

namespace smile::cat {

struct OneRequestOptions {
  ServerOptions server;
  bool json = false;
  std::string value_file;  // -o: the value goes there; empty: to standard output
};

// Sends it and prints what comes of it: the answer on stdout, a complaint on stderr. An answer
// that is one record is its value alone where stdout is no terminal.
ExitStatus RunOneRequest(const OneRequestOptions& options, std::span<const TextToken> tokens);

}  // namespace smile::cat
