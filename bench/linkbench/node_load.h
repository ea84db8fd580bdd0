// What the load writes of one node.
#pragma once

#include <cstdint>

#include "bench/linkbench/graph.h"
#include "bench/linkbench/requests.h"

namespace smile::bench {

// The node, then its links, as requests: the same for the same node, except that links are
// `now_ms` old at least, and 50 days at most.
class NodeLoad {
 public:
  // `graph` outlives it.
  NodeLoad(const Graph* graph, uint64_t node, uint64_t now_ms);

  // Replaces *request; false at the end.
  bool Next(LinkRequest* request);

  uint64_t links() const { return links_; }  // so far

 private:
  const Graph* graph_;
  uint64_t node_;
  uint64_t now_ms_;
  Random random_;
  bool has_node_ = false;
  uint32_t kind_ = 0;
  uint64_t of_kind_ = 0;  // links of the kind so far
  uint64_t links_ = 0;
};

}  // namespace smile::bench
