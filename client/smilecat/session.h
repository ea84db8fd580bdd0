// What all ways of asking a server share: where it is, and how answers are shown.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "client/client.h"
#include "client/smilecat/link_kinds.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/server_watch.h"
#include "net/endpoint.h"

namespace smile::cat {

struct ServerOptions {
  Endpoint server;
  int64_t deadline_millis = 10'000;  // of each request
  bool hex = false;                  // explain every frame on stderr
  LinkKinds link_kinds = {};         // for requests and paths
};

// A client of the server that says on stderr what it sends and gets, if asked to. A watch outlives
// it.
Result<std::unique_ptr<Client>> Connect(const ServerOptions& options, ServerWatch* watch = nullptr);

// Whether the server answers, in one attempt: a task that retries for long learns at its start that
// nobody is there.
Status Probe(Client* client, int64_t deadline_millis);

}  // namespace smile::cat
