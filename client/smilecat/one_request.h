// `smilecat get users/42/profile`: one request from the command line or the prompt.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "client/client.h"
#include "client/smilecat/exit_status.h"
#include "client/smilecat/patience.h"
#include "client/smilecat/session.h"
#include "protocol/text_token.h"

namespace smile::cat {

struct OneRequestOptions {
  ServerOptions server;
  bool json = false;
  bool raw_times = false;
  bool show_secrets = false;
  bool at_prompt = false;  // for a person; complaints stand among the answers
  std::string value_file;  // -o: the value goes there; empty: to standard output
  bool raw = false;        // the value's bytes alone, also on a terminal
  bool all = false;        // all pages of a scan or list
  bool watch = false;      // of stats: again and again
  int64_t interval_millis = 1000;
};

// Sends it and prints what comes of it: the answer on stdout, a complaint on stderr. An answer
// that is one record is its value alone where stdout is no terminal.
ExitStatus RunOneRequest(const OneRequestOptions& options, std::span<const TextToken> tokens);

// The same with a client that is there, and one's own way to wait.
ExitStatus RunOneRequest(Client* client, const OneRequestOptions& options,
                         std::span<const TextToken> tokens, const Patience& patience);

}  // namespace smile::cat
