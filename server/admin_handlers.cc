#include "server/admin_handlers.h"

#include <algorithm>

#include "base/check.h"

namespace smile {

void AdminHandlers::Start(op::Stats, const op::Stats::Request&, int64_t, Responder to) const {
  engine_.Stats([to = std::move(to), own = server_stats_()](EngineStats stats) {
    stats.insert(stats.end(), own.begin(), own.end());
    std::sort(stats.begin(), stats.end());
    CHECK(std::adjacent_find(stats.begin(), stats.end(),
                             [](const auto& a, const auto& b) { return a.first == b.first; }) ==
              stats.end(),
          "a name belongs to one statistic");
    to.Send([stats = std::move(stats)](Reply& reply) {
      op::Stats::Response response;
      for (const auto& [name, value] : stats) response.stats.push_back({name, value});
      reply.Ok<op::Stats>(response);
    });
  });
}

}  // namespace smile
