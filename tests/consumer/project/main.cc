// A program of somebody else's: uses each face of an installed libsmile once, against the server
// whose address it is given.

#include <smile/await.h>
#include <smile/blocking.h>
#include <smile/client.h>
#include <smile/post_ids.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

smile::Task<bool> AwaitPing(smile::Client* client) {
  const auto answer = co_await smile::Await<smile::op::Ping>(client, {.payload = "hello"});
  co_return answer.ok() && answer->payload == "hello";
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return Fail("usage: consumer HOST:PORT");
  const auto server = smile::ParseEndpoint(argv[1], 7645);
  if (!server.ok()) return Fail(server.status().ToString());
  auto client = smile::Client::Create({.servers = {*server}, .connections = 2, .name = "consumer"});
  if (!client.ok()) return Fail(client.status().ToString());

  smile::BlockingClient blocking(client->get());
  smile::PostIds ids(/*node=*/1);
  const smile::Key post = smile::PostKey(/*author=*/42, ids.Next());
  const auto put =
      blocking.Put(post, "a post", {.condition = smile::IfAbsent(), .expire_seconds = 60});
  if (!put.ok()) return Fail(put.status().ToString());
  const auto got = blocking.Get(post, {.deadline_millis = 60'000});
  if (!got.ok()) return Fail(got.status().ToString());
  if (got->value != "a post" || got->version != *put) return Fail("another post was read");
  const auto again = blocking.Put(post, "another", {.condition = smile::IfAbsent()});
  if (again.met_version() != *put) return Fail("the version that was met is not told");
  const auto batch = blocking.Batch(post.view().partition_view(),
                                    {{.sort = smile::PostKey(42, 1).sort, .value = "first"}});
  if (!batch.ok()) return Fail(batch.status().ToString());
  if (!AwaitPing(client->get()).Wait()) return Fail("the awaited ping failed");
  return EXIT_SUCCESS;
}
