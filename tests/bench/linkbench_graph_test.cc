#include "bench/linkbench/graph.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "bench/linkbench/node_load.h"
#include "bench/linkbench/permutation.h"

namespace smile::bench {
namespace {

TEST(PermutationTest, EveryNumberOnceAndBack) {
  for (const uint64_t count : {1, 2, 3, 16, 17, 1'000, 4'096}) {
    for (const uint64_t seed : {1, 2}) {
      const Permutation permutation(count, seed);
      std::set<uint64_t> seen;
      for (uint64_t i = 0; i < count; ++i) {
        const uint64_t image = permutation.Apply(i);
        ASSERT_LT(image, count);
        ASSERT_EQ(permutation.Invert(image), i);
        seen.insert(image);
      }
      ASSERT_EQ(seen.size(), count);
    }
  }
}

TEST(PermutationTest, SpreadsNeighboursAndDependsOnTheSeed) {
  constexpr uint64_t kCount = 10'000'000;
  const Permutation one(kCount, 1);
  const Permutation two(kCount, 2);
  double sum = 0;
  int same = 0;
  for (uint64_t i = 0; i < 10'000; ++i) {
    sum += static_cast<double>(one.Apply(i));
    same += one.Apply(i) == two.Apply(i) ? 1 : 0;
  }
  EXPECT_NEAR(sum / 10'000 / kCount, 0.5, 0.01);
  EXPECT_LT(same, 3);
}

// The published shares, in percent, of nodes with at most so many links.
TEST(GraphTest, OutDegreesAreDistributedAsPublished) {
  const Graph graph(1'000'000, 7);
  std::map<uint64_t, double> at_most = {{0, 45.33},  {1, 77.46},  {5, 95.83},
                                        {10, 98.33}, {97, 99.83}, {997, 99.951}};
  std::map<uint64_t, uint64_t> counts;
  uint64_t links = 0;
  for (uint64_t rank = 0; rank < graph.nodes(); ++rank) {
    const uint64_t degree = OutDegreeAt((static_cast<double>(rank) + 0.5) / 1e6);
    links += degree;
    for (const auto& [most, share] : at_most) counts[most] += degree <= most ? 1 : 0;
  }
  for (const auto& [most, share] : at_most) {
    EXPECT_NEAR(static_cast<double>(counts[most]) / 1e4, share, 0.01) << most;
  }
  EXPECT_NEAR(static_cast<double>(links) / 1e6, 4.10, 0.1);
  EXPECT_EQ(OutDegreeAt(0), 961'963U);
  EXPECT_EQ(OutDegreeAt(0.9), 0U);
}

TEST(GraphTest, FollowsFromItsSeedAndSizeAlone) {
  const Graph graph(5'000, 1);
  const Graph again(5'000, 1);
  const Graph other(5'000, 2);
  uint64_t by_node = 0;
  uint64_t by_rank = 0;
  uint64_t different = 0;
  for (uint64_t node = 1; node <= graph.nodes(); ++node) {
    ASSERT_EQ(graph.OutDegree(node), again.OutDegree(node));
    ASSERT_EQ(graph.LinksOf(node, 0) + graph.LinksOf(node, 1), graph.OutDegree(node));
    different += graph.OutDegree(node) == other.OutDegree(node) ? 0 : 1;
    by_node += graph.OutDegree(node);
    by_rank += OutDegreeAt((static_cast<double>(node) - 0.5) / 5'000);
  }
  EXPECT_EQ(by_node, by_rank);
  EXPECT_GT(different, 1'000U);
  // The first rank has the most links.
  EXPECT_EQ(graph.OutDegree(graph.NodeOfRank(0)), OutDegreeAt(0.5 / 5'000));
}

TEST(GraphTest, PayloadsAreLogNormalAroundTheirMedian) {
  Random random(1);
  for (const auto& [payloads, median, most] :
       {std::tuple{Payloads::OfLinks(), size_t{8}, kMaxLinkBytes},
        std::tuple{Payloads::OfNodes(), size_t{128}, kMaxNodeBytes}}) {
    std::vector<double> lengths;
    Bytes payload;
    for (int i = 0; i < 20'000; ++i) {
      payloads.Make(&random, &payload);
      ASSERT_LE(payload.size(), most);
      lengths.push_back(static_cast<double>(payload.size()));
    }
    std::ranges::sort(lengths);
    const auto middle = static_cast<double>(median);
    EXPECT_NEAR(lengths[10'000], middle, middle * 0.05);
    // One sigma.
    EXPECT_NEAR(lengths[16'827], std::round(middle * std::exp(1)), middle * 0.15);
    EXPECT_NEAR(lengths[3'173], std::round(middle / std::exp(1)), middle * 0.05 + 1);
  }
}

TEST(NodeLoadTest, GivesANodeAndItsLinksTheSameEveryTime) {
  const Graph graph(1'000, 3);
  const uint64_t node = graph.NodeOfRank(2);
  constexpr uint64_t kNow = 1'700'000'000'000;
  NodeLoad load(&graph, node, kNow);
  NodeLoad again(&graph, node, kNow);
  LinkRequest request;
  LinkRequest same;
  std::map<uint32_t, std::set<uint64_t>> links;
  ASSERT_TRUE(load.Next(&request) && again.Next(&same));
  EXPECT_EQ(request.op, LinkOp::kAddNode);
  EXPECT_EQ(request.payload, same.payload);
  while (load.Next(&request)) {
    ASSERT_TRUE(again.Next(&same));
    ASSERT_EQ(request.op, LinkOp::kAddLink);
    ASSERT_EQ(request.others, same.others);
    ASSERT_EQ(request.payload, same.payload);
    ASSERT_EQ(request.time_ms, same.time_ms);
    ASSERT_LE(request.time_ms, kNow);
    links[request.kind].insert(request.others.front());
  }
  for (uint32_t kind = 0; kind < kLinkKinds; ++kind) {
    EXPECT_EQ(links[kind].size(), graph.LinksOf(node, kind));
    EXPECT_EQ(*links[kind].begin(), node + 1);  // nobody is linked to itself
  }
  EXPECT_EQ(load.links(), graph.OutDegree(node));
}

}  // namespace
}  // namespace smile::bench
