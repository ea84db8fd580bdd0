#include "bench/linkbench/node_load.h"

namespace smile::bench {
namespace {

constexpr uint64_t kOldestMillis = uint64_t{1} << 32;  // 50 days

}  // namespace

NodeLoad::NodeLoad(const Graph* graph, uint64_t node, uint64_t now_ms)
    : graph_(graph),
      node_(node),
      now_ms_(now_ms),
      random_(Random(graph->seed() ^ node << 20).Next()) {}

bool NodeLoad::Next(LinkRequest* request) {
  static const Payloads link_payloads = Payloads::OfLinks();
  static const Payloads node_payloads = Payloads::OfNodes();
  request->node = node_;
  request->until_ms.reset();
  request->others.clear();
  if (!has_node_) {
    has_node_ = true;
    request->op = LinkOp::kAddNode;
    node_payloads.Make(&random_, &request->payload);
    return true;
  }
  while (kind_ < kLinkKinds && of_kind_ >= graph_->LinksOf(node_, kind_)) {
    ++kind_;
    of_kind_ = 0;
  }
  if (kind_ == kLinkKinds) return false;
  request->op = LinkOp::kAddLink;
  request->kind = kind_;
  request->others.push_back(node_ + ++of_kind_);
  request->time_ms = now_ms_ - random_.Below(kOldestMillis);
  link_payloads.Make(&random_, &request->payload);
  ++links_;
  return true;
}

}  // namespace smile::bench
