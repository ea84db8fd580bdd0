#include "bench/linkbench/requests.h"

#include <algorithm>
#include <cmath>

namespace smile::bench {
namespace {

// What part of the links that are asked for exist after the load.
constexpr double kExistingOfAdd = 0.05;
constexpr double kExistingOfUpdate = 0.9;
constexpr double kExistingOfDelete = 0.9;
constexpr double kExistingOfGet = 0.5;

constexpr double kHistoryOfLists = 0.003;
constexpr double kLinksPerGetProbability = 0.382;  // geometric
constexpr double kCorrelatedReads = 0.005;
constexpr double kCorrelatedWrites = 0.05;
constexpr int kTriesForAnother = 100;

uint64_t RangeOf(double existing, uint64_t links) {
  return std::max<uint64_t>(
      1, static_cast<uint64_t>(std::ceil(static_cast<double>(links) / existing)));
}

}  // namespace

AccessShapes::AccessShapes(const Graph* graph)
    : graph_(graph),
      link_reads_(graph->nodes(), 0.8),
      link_writes_(graph->nodes(), 0.741),
      node_reads_(graph->nodes(), 0.625),
      node_updates_(graph->nodes(), 0.606),
      link_nodes_(graph->nodes(), graph->seed() + 1),
      node_nodes_(graph->nodes(), graph->seed() + 2) {}

uint64_t AccessShapes::Blend(double correlated, const Zipfian& shape, Random* random) const {
  const bool by_degree = UniformOf(random) < correlated;
  const uint64_t rank = shape.Next(random);
  return by_degree ? graph_->NodeOfRank(rank) : 1 + link_nodes_.Apply(rank);
}

uint64_t AccessShapes::ForLinkRead(Random* random) const {
  return Blend(kCorrelatedReads, link_reads_, random);
}

uint64_t AccessShapes::ForLinkWrite(Random* random) const {
  return Blend(kCorrelatedWrites, link_writes_, random);
}

uint64_t AccessShapes::ForNodeRead(Random* random) const {
  return 1 + node_nodes_.Apply(node_reads_.Next(random));
}

uint64_t AccessShapes::ForNodeUpdate(Random* random) const {
  return 1 + node_nodes_.Apply(node_updates_.Next(random));
}

uint64_t AccessShapes::ForNodeDelete(Random* random) const {
  return 1 + random->Below(graph_->nodes());
}

LinkRequests::LinkRequests(const Graph* graph, const AccessShapes* shapes, uint64_t client,
                           std::optional<LinkOp> only, uint32_t others)
    : graph_(graph),
      shapes_(shapes),
      only_(only),
      others_(others),
      random_(Random(graph->seed() + client).Next()) {}

LinkOp LinkRequests::NextOp() {
  if (only_.has_value()) return *only_;
  double percent = UniformOf(&random_) * 100;
  for (const LinkOpInfo& info : kLinkOps) {
    if (percent < info.percent) return info.op;
    percent -= info.percent;
  }
  return kLinkOps.back().op;
}

void LinkRequests::Next(uint64_t now_ms, LinkRequest* request) {
  request->op = NextOp();
  request->kind = static_cast<uint32_t>(random_.Below(kLinkKinds));
  request->others.clear();
  request->payload.clear();
  request->time_ms = now_ms;
  request->until_ms.reset();
  switch (request->op) {
    case LinkOp::kGetLinkList:
      return ChooseList(request);
    case LinkOp::kCountLink:
      request->node = shapes_->ForLinkRead(&random_);
      return;
    case LinkOp::kGetLink:
      request->node = shapes_->ForLinkRead(&random_);
      return ChooseOthersToGet(request);
    case LinkOp::kAddLink:
      ChooseOther(kExistingOfAdd, request);
      return link_payloads_.Make(&random_, &request->payload);
    case LinkOp::kUpdateLink:
      ChooseOther(kExistingOfUpdate, request);
      return link_payloads_.Make(&random_, &request->payload);
    case LinkOp::kDeleteLink:
      return ChooseOther(kExistingOfDelete, request);
    case LinkOp::kGetNode:
      request->node = shapes_->ForNodeRead(&random_);
      return;
    case LinkOp::kUpdateNode:
      request->node = shapes_->ForNodeUpdate(&random_);
      return node_payloads_.Make(&random_, &request->payload);
    case LinkOp::kAddNode:
      request->node = 0;
      return node_payloads_.Make(&random_, &request->payload);
    case LinkOp::kDeleteNode:
      request->node = shapes_->ForNodeDelete(&random_);
      return;
  }
}

// Ids of links begin after that of the node: a node is not linked to itself.
void LinkRequests::ChooseOther(double existing, LinkRequest* request) {
  request->node = shapes_->ForLinkWrite(&random_);
  const uint64_t range = RangeOf(existing, graph_->LinksOf(request->node, request->kind));
  request->others.push_back(request->node + 1 + random_.Below(range));
}

void LinkRequests::ChooseList(LinkRequest* request) {
  if (UniformOf(&random_) < kHistoryOfLists && !list_ends_.empty()) {
    const size_t chosen = random_.Below(list_ends_.size());
    request->node = list_ends_[chosen].node;
    request->kind = list_ends_[chosen].kind;
    request->until_ms = list_ends_[chosen].time_ms;
    return;
  }
  request->node = shapes_->ForLinkRead(&random_);
}

void LinkRequests::ChooseOthersToGet(LinkRequest* request) {
  const double drawn = std::log(1 - UniformOf(&random_)) / std::log(1 - kLinksPerGetProbability);
  const uint64_t count =
      others_ > 0 ? others_ : std::min<uint64_t>(1 + static_cast<uint64_t>(drawn), kMaxLinksPerGet);
  const uint64_t range = RangeOf(kExistingOfGet, graph_->LinksOf(request->node, request->kind));
  std::vector<uint64_t>& others = request->others;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t other = request->node + 1 + (range <= count ? i : random_.Below(range));
    for (int tries = 0; tries < kTriesForAnother && std::ranges::count(others, other) > 0;
         ++tries) {
      other = request->node + 1 + random_.Below(range);
    }
    others.push_back(other);
  }
}

void LinkRequests::OnAnswer(const LinkRequest& request, const LinkAnswer& answer) {
  const bool is_cut_off = answer.found >= kLinkRangeLimit;
  if (request.op != LinkOp::kGetLinkList || (!is_cut_off && !request.until_ms.has_value())) return;
  const auto known = std::ranges::find_if(list_ends_, [&](const ListEnd& end) {
    return end.node == request.node && end.kind == request.kind;
  });
  if (!is_cut_off) {  // it has no more history
    if (known != list_ends_.end()) {
      *known = list_ends_.back();
      list_ends_.pop_back();
    }
    return;
  }
  const ListEnd end = {request.node, request.kind, answer.last_time_ms};
  if (known != list_ends_.end()) {
    if (request.until_ms.has_value()) *known = end;
  } else if (list_ends_.size() < kMaxListEnds) {
    list_ends_.push_back(end);
  } else {
    list_ends_[random_.Below(list_ends_.size())] = end;
  }
}

}  // namespace smile::bench
