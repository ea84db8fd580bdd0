#include "bench/smilebench/users_client.h"

namespace smile::bench {

Result<std::unique_ptr<UsersClient>> UsersClient::Create(const UsersOptions& options,
                                                         const Clock* clock) {
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<UsersClient>(new UsersClient(std::move(loop), options, clock));
}

UsersClient::UsersClient(std::unique_ptr<EventLoop> loop, const UsersOptions& options,
                         const Clock* clock)
    : loop_(std::move(loop)), slots_(options.connections * options.depth) {
  const ClientOptions client = {.servers = {options.server}, .name = "smilebench"};
  for (uint32_t i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_.get(), clock, client));
  }
  loop_->OnTurnEnd([this] {
    for (const auto& connection : connections_) connection->Flush();
  });
}

UsersClient::~UsersClient() {
  loop_->OnTurnEnd(nullptr);
}

Status UsersClient::Connect() {
  Status failure;
  size_t waiting = connections_.size();
  for (uint32_t i = 0; i < connections_.size(); ++i) {
    Call<op::Ping>(i, {}, [&](const Answer<op::Ping>& answer) {
      if (!answer.ok()) failure = answer.status();
      if (--waiting == 0) Stop();
    });
  }
  Run();
  return failure;
}

std::optional<uint64_t> UsersClient::DiskBytes() {
  std::optional<uint64_t> total;
  Call<op::Stats>(0, {}, [&](const Answer<op::Stats>& answer) {
    Stop();
    if (!answer.ok()) return;
    for (const op::Stat& stat : answer->stats) {
      if (stat.name != "storage.users.disk_bytes" && stat.name != "storage.logins.disk_bytes") {
        continue;
      }
      total = total.value_or(0) + stat.value;
    }
  });
  Run();
  return total;
}

}  // namespace smile::bench
