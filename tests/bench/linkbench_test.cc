#include "bench/linkbench/linkbench.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/check.h"
#include "client/blocking.h"
#include "client/client.h"
#include "server/server.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_server.h"

namespace smile::bench {
namespace {

constexpr uint8_t kFirstKind = 16;

// A server of this process, on memory, and the options to run LinkBench on it.
class LinkBenchTest : public ::testing::Test {
 protected:
  LinkBenchTest() {
    options_.server = server_.endpoint();
    options_.nodes = 300;
    options_.clients = 6;
    options_.connections = 2;
    options_.seconds = 0.2;
  }

  LinkBenchResults Run() {
    Result<LinkBenchResults> results = RunLinkBench(options_, client_clock_, hooks_);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : LinkBenchResults();
  }

  const SystemClock client_clock_;
  MemoryServer server_;
  LinkBenchOptions options_;
  LinkBenchHooks hooks_ = {.interrupted = [] { return false; },
                           .progress = [](const ProgressState&) {}};
};

TEST_F(LinkBenchTest, LoadWritesTheWholeGraph) {
  options_.run = false;
  const LinkBenchResults results = Run();
  EXPECT_TRUE(results.first_error.ok()) << results.first_error.ToString();
  const auto client = Client::Create({.servers = {options_.server}}).value();
  BlockingClient calls(client.get());
  const Graph graph(options_.nodes, options_.seed);
  uint64_t links = 0;
  for (uint64_t node = 1; node <= graph.nodes(); ++node) {
    ASSERT_TRUE(calls.Call<op::Get>({.key = UserKey(node, "node")}).ok()) << node;
    for (uint8_t kind = 0; kind < kLinkKinds; ++kind) {
      const uint64_t expected = graph.LinksOf(node, kind);
      links += expected;
      const auto counted = static_cast<uint8_t>(kFirstKind + kind);
      const auto count = calls.Call<op::LinkCount>({.user = node, .kind = counted});
      ASSERT_TRUE(count.ok()) << count.status().ToString();
      ASSERT_EQ(count->count, expected) << node;
    }
  }
  EXPECT_EQ(results.nodes_loaded, graph.nodes());
  EXPECT_EQ(results.links_loaded, links);
}

TEST_F(LinkBenchTest, RequestsSucceedAndFindWhatIsThere) {
  const LinkBenchResults results = Run();
  EXPECT_TRUE(results.first_error.ok()) << results.first_error.ToString();
  EXPECT_TRUE(results.errors.empty());
  const auto of = [&](LinkOp op) -> const LinkOpResults& {
    return results.operations[static_cast<size_t>(op)];
  };
  EXPECT_GT(of(LinkOp::kGetLinkList).latencies.count(), 0U);
  EXPECT_GT(of(LinkOp::kGetLinkList).found, 0U);
  EXPECT_GT(of(LinkOp::kAddLink).latencies.count(), 0U);
  EXPECT_LE(of(LinkOp::kGetNode).found, of(LinkOp::kGetNode).latencies.count());
  EXPECT_GT(of(LinkOp::kGetNode).found, of(LinkOp::kGetNode).latencies.count() / 2);
  const std::string text = FormatText(options_, results);
  EXPECT_NE(text.find("get_link_list"), std::string::npos);
  EXPECT_EQ(text.find("ERRORS"), std::string::npos);
}

TEST_F(LinkBenchTest, OneOperationAloneOnALoadedGraph) {
  options_.run = false;
  Run();
  options_.load = false;
  options_.run = true;
  options_.seconds = 0.05;
  options_.warm_seconds = 0.01;
  options_.others = 1;
  options_.mutual = true;  // of which the graph has none
  options_.only = LinkOp::kGetLink;
  const LinkBenchResults results = Run();
  EXPECT_GT(results.succeeded(), 0U);
  EXPECT_EQ(results.succeeded(),
            results.operations[static_cast<size_t>(LinkOp::kGetLink)].latencies.count());
  EXPECT_EQ(results.operations[static_cast<size_t>(LinkOp::kGetLink)].found, 0U);
  EXPECT_TRUE(results.errors.empty());
}

TEST_F(LinkBenchTest, InterruptEndsTheLoad) {
  hooks_.interrupted = [] { return true; };
  const LinkBenchResults results = Run();
  EXPECT_TRUE(results.interrupted);
  EXPECT_EQ(results.nodes_loaded, 0U);
}

TEST(LinkBenchOptionsTest, CommandLine) {
  std::string help;
  const auto parse = [&](std::vector<const char*> words) {
    words.insert(words.begin(), "linkbench");
    return ParseLinkBenchOptions(static_cast<int>(words.size()), words.data(), &help);
  };
  const auto mysql = parse({"--target", "mysql://127.0.0.1", "--engine", "myrocks", "--loaded",
                            "--only", "count_link", "--clients", "8"});
  ASSERT_TRUE(mysql.ok()) << mysql.status().ToString();
  EXPECT_EQ(mysql->Target(), "mysql://127.0.0.1:3306");
  EXPECT_EQ(mysql->engine, MysqlEngine::kMyRocks);
  EXPECT_EQ(mysql->only, LinkOp::kCountLink);
  EXPECT_FALSE(mysql->load);
  EXPECT_EQ(mysql->connections, 8U);
  for (const std::vector<const char*>& words : {std::vector{"--target", "redis://127.0.0.1"},
                                                {"--only", "get"},
                                                {"--load-only", "--loaded"},
                                                {"--target", "mysql://h", "--mutual"},
                                                {"--nodes", "0"}}) {
    EXPECT_EQ(parse(words).status().code(), Code::kInvalid) << words[1];
  }
  ASSERT_TRUE(parse({"--help"}).ok());
  EXPECT_NE(help.find("--warm-seconds"), std::string::npos);
}

}  // namespace
}  // namespace smile::bench
