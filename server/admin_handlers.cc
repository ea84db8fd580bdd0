#include "server/admin_handlers.h"

#include <algorithm>

namespace smile {

void AdminHandlers::Start(op::Stats, const op::Stats::Request&, int64_t, Responder to) const {
  engine_.Stats([to = std::move(to), own = server_stats_()](EngineStats stats) {
    stats.insert(stats.end(), own.begin(), own.end());
    std::sort(stats.begin(), stats.end());
    to.Send([stats = std::move(stats)](Reply& reply) {
      op::Stats::Response response;
      for (const auto& [name, value] : stats) response.stats.push_back({name, value});
      reply.Ok<op::Stats>(response);
    });
  });
}

}  // namespace smile
