#include "bench/network/network_connections.h"

#include "client/watch_call.h"

namespace smile::bench {

Result<std::unique_ptr<NetworkConnections>> NetworkConnections::Create(
    const NetworkOptions& options, const Clock* clock) {
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<NetworkConnections>(
      new NetworkConnections(std::move(loop), options, clock));
}

NetworkConnections::NetworkConnections(std::unique_ptr<EventLoop> loop,
                                       const NetworkOptions& options, const Clock* clock)
    : loop_(std::move(loop)) {
  const ClientOptions client = {.servers = {options.server}, .name = "smilebench"};
  for (uint32_t i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_.get(), clock, client));
  }
  loop_->OnTurnEnd([this] {
    for (const auto& connection : connections_) connection->Flush();
  });
}

Status NetworkConnections::Connect() {
  Status failure;
  size_t waiting = connections_.size();
  for (const auto& connection : connections_) {
    connection->Call<op::Ping>({}, {.retry = false}, [&](const Answer<op::Ping>& answer) {
      if (!answer.ok()) failure = answer.status();
      if (--waiting == 0) loop_->Stop();
    });
  }
  loop_->Run();
  return failure;
}

void NetworkConnections::Watch(const op::Watch::Request& request,
                               std::function<void(Answer<op::Watch>)> event) {
  ++watches_;
  const auto shared = std::make_shared<smile::Watch::Shared>(WatchCallbacks{std::move(event)});
  Connection& connection = *connections_[watches_ % connections_.size()];
  auto call = std::make_unique<WatchCall>(request, watches_, shared);
  connection.Admit(call.get());
  connection.Add(std::move(call));
}

}  // namespace smile::bench
