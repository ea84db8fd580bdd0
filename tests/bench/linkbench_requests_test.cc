#include "bench/linkbench/requests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

constexpr uint64_t kNow = 1'700'000'000'000;

class RequestsTest : public ::testing::Test {
 protected:
  LinkRequests Make(std::optional<LinkOp> only, uint64_t client = 1) {
    return LinkRequests(&graph_, &shapes_, client, only);
  }

  const Graph graph_{10'000, 5};
  const AccessShapes shapes_{&graph_};
  LinkRequest request_;
};

TEST_F(RequestsTest, MixIsThePublishedOne) {
  double percent = 0;
  for (size_t i = 0; i < kLinkOps.size(); ++i) {
    ASSERT_EQ(static_cast<size_t>(kLinkOps[i].op), i);
    percent += kLinkOps[i].percent;
  }
  EXPECT_NEAR(percent, 100, 1e-5);

  constexpr int kRequests = 100'000;
  LinkRequests requests = Make({});
  std::array<double, kLinkOps.size()> counts{};
  for (int i = 0; i < kRequests; ++i) {
    requests.Next(kNow, &request_);
    ++counts[static_cast<size_t>(request_.op)];
  }
  for (const LinkOpInfo& info : kLinkOps) {
    EXPECT_NEAR(counts[static_cast<size_t>(info.op)] * 100 / kRequests, info.percent,
                5 * std::sqrt(info.percent * 100 / kRequests))
        << info.name;
  }
}

// Of Zipf's distribution, the likeliest node has 1 / Zeta of all, and the first 1 % of ranks their
// sum; published exponents.
TEST_F(RequestsTest, AccessIsShapedAsPublished) {
  constexpr int kDraws = 100'000;
  const std::vector<std::tuple<double, double, std::function<uint64_t(Random*)>>> shapes = {
      {0.8, 0.995, [&](Random* random) { return shapes_.ForLinkRead(random); }},
      {0.741, 0.95, [&](Random* random) { return shapes_.ForLinkWrite(random); }},
      {0.625, 1, [&](Random* random) { return shapes_.ForNodeRead(random); }},
      {0.606, 1, [&](Random* random) { return shapes_.ForNodeUpdate(random); }},
  };
  for (const auto& [exponent, uncorrelated, draw] : shapes) {
    Random random(9);
    std::vector<double> counts(graph_.nodes() + 1);
    for (int i = 0; i < kDraws; ++i) {
      const uint64_t node = draw(&random);
      ASSERT_TRUE(node >= 1 && node <= graph_.nodes());
      ++counts[node];
    }
    std::ranges::sort(counts, std::greater());
    const double zeta = Zeta(graph_.nodes(), exponent);
    EXPECT_NEAR(counts[0] / kDraws, uncorrelated / zeta, 0.1 / zeta + 0.001) << exponent;
    double hundred = 0;
    for (size_t i = 0; i < 100; ++i) hundred += counts[i] / kDraws;
    EXPECT_NEAR(hundred, Zeta(100, exponent) / zeta, 0.02) << exponent;
  }
}

TEST_F(RequestsTest, DeletesOfNodesAreUniformAndNodesAreOfTheGraph) {
  LinkRequests requests = Make(LinkOp::kDeleteNode);
  std::set<uint64_t> nodes;
  for (int i = 0; i < 20'000; ++i) {
    requests.Next(kNow, &request_);
    nodes.insert(request_.node);
  }
  // 1 - e^-2 of all.
  EXPECT_NEAR(static_cast<double>(nodes.size()) / 10'000, 0.865, 0.015);
  EXPECT_GE(*nodes.begin(), 1U);
  EXPECT_LE(*nodes.rbegin(), graph_.nodes());
}

TEST_F(RequestsTest, LinksThatAreWrittenExistAsOftenAsPublished) {
  for (const auto& [op, existing] :
       {std::pair{LinkOp::kUpdateLink, 0.9}, std::pair{LinkOp::kDeleteLink, 0.9},
        std::pair{LinkOp::kAddLink, 0.05}}) {
    LinkRequests requests = Make(op);
    double exist = 0;
    double all = 0;
    for (int i = 0; i < 50'000; ++i) {
      requests.Next(kNow, &request_);
      const uint64_t links = graph_.LinksOf(request_.node, request_.kind);
      ASSERT_GT(request_.others.front(), request_.node);
      if (links < 10) continue;  // rounding
      ++all;
      exist += request_.others.front() - request_.node <= links ? 1 : 0;
    }
    ASSERT_GT(all, 500);
    EXPECT_NEAR(exist / all, existing, 0.05);
  }
}

TEST_F(RequestsTest, IdsOfOneGetAreGeometricAndDiffer) {
  LinkRequests requests = Make(LinkOp::kGetLink);
  std::map<size_t, double> sizes;
  for (int i = 0; i < 50'000; ++i) {
    requests.Next(kNow, &request_);
    const std::set<uint64_t> ids(request_.others.begin(), request_.others.end());
    ASSERT_EQ(ids.size(), request_.others.size());
    ASSERT_LE(ids.size(), kMaxLinksPerGet);
    ++sizes[ids.size()];
  }
  EXPECT_NEAR(sizes[1] / 50'000, 0.382, 0.01);
  EXPECT_NEAR(sizes[2] / 50'000, 0.382 * 0.618, 0.01);
  EXPECT_NEAR(sizes[3] / 50'000, 0.382 * 0.618 * 0.618, 0.01);
}

TEST_F(RequestsTest, HistoryIsAskedForWhereAListWasCutOff) {
  LinkRequests requests = Make(LinkOp::kGetLinkList);
  const auto history_of = [&](int count) {
    int history = 0;
    for (int i = 0; i < count; ++i) {
      requests.Next(kNow, &request_);
      history += request_.until_ms.has_value() ? 1 : 0;
      if (request_.until_ms.has_value()) {
        EXPECT_EQ(request_.node, 17U);
        EXPECT_EQ(request_.until_ms, 12'345U);
      }
    }
    return history;
  };
  EXPECT_EQ(history_of(10'000), 0);
  const LinkRequest list = {.op = LinkOp::kGetLinkList, .node = 17, .kind = 1};
  requests.OnAnswer(list, {.found = kLinkRangeLimit, .last_time_ms = 12'345});
  EXPECT_NEAR(history_of(100'000), 300, 90);
  // Its end.
  LinkRequest last = list;
  last.until_ms = 12'345;
  requests.OnAnswer(last, {.found = 3, .last_time_ms = 1});
  EXPECT_EQ(history_of(10'000), 0);
}

TEST_F(RequestsTest, SameClientSendsTheSameRequests) {
  LinkRequests one = Make({}, 4);
  LinkRequests same = Make({}, 4);
  LinkRequests other = Make({}, 5);
  LinkRequest second;
  LinkRequest third;
  int different = 0;
  for (int i = 0; i < 1'000; ++i) {
    one.Next(kNow, &request_);
    same.Next(kNow, &second);
    other.Next(kNow, &third);
    ASSERT_EQ(request_.op, second.op);
    ASSERT_EQ(request_.node, second.node);
    ASSERT_EQ(request_.others, second.others);
    ASSERT_EQ(request_.payload, second.payload);
    different += request_.node == third.node ? 0 : 1;
  }
  EXPECT_GT(different, 900);
}

}  // namespace
}  // namespace smile::bench
