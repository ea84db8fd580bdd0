// `smilecat get users/42/profile`: one request from the command line or the prompt.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/function_ref.h"
#include "client/client.h"
#include "client/smilecat/exit_status.h"
#include "client/smilecat/pending_reply.h"
#include "client/smilecat/session.h"
#include "protocol/text_token.h"

namespace smile::cat {

struct OneRequestOptions {
  ServerOptions server;
  bool json = false;
  bool at_prompt = false;  // for a person; complaints stand among the answers
  std::string value_file;  // -o: the value goes there; empty: to standard output
};

// Sends it and prints what comes of it: the answer on stdout, a complaint on stderr. An answer
// that is one record is its value alone where stdout is no terminal.
ExitStatus RunOneRequest(const OneRequestOptions& options, std::span<const TextToken> tokens);

// The same with a client that is there, and one's own way to wait. If that gives nothing, the
// request was cancelled: what becomes of it is not waited for.
ExitStatus RunOneRequest(Client* client, const OneRequestOptions& options,
                         std::span<const TextToken> tokens,
                         FunctionRef<std::optional<Reply>(PendingReply*)> wait);

}  // namespace smile::cat
