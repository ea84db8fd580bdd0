// Uses each face of libsmile once. The address given is one where nobody listens: the calls are to
// say so, at once.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "client/await.h"
#include "client/blocking.h"
#include "client/client.h"
#include "client/post_ids.h"

namespace {

smile::Task<smile::Code> AwaitPing(smile::Client* client) {
  const smile::op::Ping::Request request{"hello"};
  const smile::CallOptions options{.retry = false};
  const auto answer = co_await smile::Await<smile::op::Ping>(client, request, options);
  co_return answer.status().code();
}

int Fail(const std::string& words) {
  std::fprintf(stderr, "%s\n", words.c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return Fail("usage: consumer HOST:PORT");
  const auto server = smile::ParseEndpoint(argv[1], 7645);
  if (!server.ok()) return Fail(server.status().ToString());
  auto client = smile::Client::Create({.server = *server, .name = "consumer"});
  if (!client.ok()) return Fail(client.status().ToString());

  smile::BlockingClient blocking(client->get());
  const smile::SystemClock clock;
  smile::PostIds ids(&clock, /*node=*/1);
  const smile::Key post = smile::PostKey(/*author=*/42, ids.Next());
  const auto put = blocking.Put(post.view(), "a post", {}, {.retry = false});
  std::printf("protocol version %d; put: %s\n", smile::kProtocolVersion,
              put.status().ToString().c_str());
  if (put.status().code() != smile::Code::kUnavailable) return Fail("the put is not unavailable");
  if (AwaitPing(client->get()).Wait() != smile::Code::kUnavailable) {
    return Fail("the awaited ping is not unavailable");
  }
  return EXIT_SUCCESS;
}
