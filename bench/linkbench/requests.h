// The requests of LinkBench: which, of whom, with what.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "bench/linkbench/graph.h"
#include "bench/linkbench/permutation.h"
#include "bench/smilebench/random.h"
#include "bench/smilebench/zipf.h"

namespace smile::bench {

enum class LinkOp : uint8_t {
  kGetLinkList,
  kGetNode,
  kAddLink,
  kUpdateLink,
  kUpdateNode,
  kCountLink,
  kDeleteLink,
  kAddNode,
  kDeleteNode,
  kGetLink,
};

struct LinkOpInfo {
  LinkOp op;
  std::string_view name;
  double percent;  // of all requests
};

// In the order of LinkOp.
inline constexpr std::array<LinkOpInfo, 10> kLinkOps = {{
    {LinkOp::kGetLinkList, "get_link_list", 50.7119145},
    {LinkOp::kGetNode, "get_node", 12.9326683},
    {LinkOp::kAddLink, "add_link", 8.9886601},
    {LinkOp::kUpdateLink, "update_link", 8.0122125},
    {LinkOp::kUpdateNode, "update_node", 7.366437},
    {LinkOp::kCountLink, "count_link", 4.8863567},
    {LinkOp::kDeleteLink, "delete_link", 2.9907664},
    {LinkOp::kAddNode, "add_node", 2.5732789},
    {LinkOp::kDeleteNode, "delete_node", 1.0115914},
    {LinkOp::kGetLink, "get_link", 0.5261142},
}};

inline constexpr uint32_t kLinkRangeLimit = 10'000;  // links in one list
inline constexpr uint32_t kMaxLinksPerGet = 128;

// What one operation needs; which fields are used follows from it.
struct LinkRequest {
  LinkOp op = LinkOp::kGetNode;
  uint64_t node = 0;  // 0 in kAddNode: the store chooses one that is not of the graph
  uint32_t kind = 0;
  std::vector<uint64_t> others;  // one, or in kGetLink several
  Bytes payload;
  uint64_t time_ms = 0;                // of a link
  std::optional<uint64_t> until_ms{};  // of a list of history: not the newest, but from there on
};

// What came of it.
struct LinkAnswer {
  uint64_t found = 0;         // links of a list or get; the count; nodes that were read
  uint64_t last_time_ms = 0;  // of the last link of a list
};

// Which nodes are likely. The same for all clients.
class AccessShapes {
 public:
  explicit AccessShapes(const Graph* graph);

  uint64_t ForLinkRead(Random* random) const;    // Zipf 0.8; of 0.5 % by the number of links
  uint64_t ForLinkWrite(Random* random) const;   // Zipf 0.741; of 5 % by the number of links
  uint64_t ForNodeRead(Random* random) const;    // Zipf 0.625
  uint64_t ForNodeUpdate(Random* random) const;  // Zipf 0.606
  uint64_t ForNodeDelete(Random* random) const;  // uniform

 private:
  uint64_t Blend(double correlated, const Zipfian& shape, Random* random) const;

  const Graph* const graph_;
  Zipfian link_reads_;
  Zipfian link_writes_;
  Zipfian node_reads_;
  Zipfian node_updates_;
  Permutation link_nodes_;  // rank to node - 1, for links whose reads do not depend on their number
  Permutation node_nodes_;
};

// The requests of one client, which follow from the seed, its number, and the long lists that it
// has been given.
class LinkRequests {
 public:
  // `graph` and `shapes` outlive it. `only`: requests of one operation. `others`: ids of each get
  // of links; 0: as many as published.
  LinkRequests(const Graph* graph, const AccessShapes* shapes, uint64_t client,
               std::optional<LinkOp> only, uint32_t others = 0);

  // Replaces *request. `now_ms` is the time of links that are written.
  void Next(uint64_t now_ms, LinkRequest* request);

  // Keeps the end of a list that was cut off at kLinkRangeLimit, for queries of history.
  void OnAnswer(const LinkRequest& request, const LinkAnswer& answer);

 private:
  struct ListEnd {
    uint64_t node;
    uint32_t kind;
    uint64_t time_ms;
  };
  static constexpr size_t kMaxListEnds = 2048;

  LinkOp NextOp();
  void ChooseOther(double existing, LinkRequest* request);
  void ChooseList(LinkRequest* request);
  void ChooseOthersToGet(LinkRequest* request);

  const Graph* const graph_;
  const AccessShapes* const shapes_;
  const std::optional<LinkOp> only_;
  const uint32_t others_;
  const Payloads link_payloads_ = Payloads::OfLinks();
  const Payloads node_payloads_ = Payloads::OfNodes();
  Random random_;
  std::vector<ListEnd> list_ends_;
};

}  // namespace smile::bench
