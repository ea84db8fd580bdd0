#include "bench/linkbench/linkbench_options.h"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/option_checks.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/options.h"

namespace smile::bench {
namespace {

constexpr const char* kSummary =
    "smilebench linkbench: LinkBench, the benchmark of Facebook's social graph. Writes a graph of "
    "nodes and links, then sends the published mix of requests, and reports the latencies of each "
    "operation. The graph follows from --nodes and --seed.";
constexpr std::string_view kMysqlScheme = "mysql://";
constexpr uint16_t kMysqlPort = 3306;

struct Given {
  std::string target = "smile://127.0.0.1:7645";
  bool load_only = false;
  bool loaded = false;
};

void DescribeGraph(CLI::App* app, LinkBenchOptions* options, Given* given) {
  app->add_option("--target", given->target,
                  "smile://HOST:PORT, or mysql://HOST:PORT: MariaDB or MySQL, as root without a "
                  "password, in the database \"linkbench\" (default smile://127.0.0.1:7645)")
      ->type_name("TARGET");
  const std::map<std::string, MysqlEngine> engines = {{"innodb", MysqlEngine::kInnoDb},
                                                      {"myrocks", MysqlEngine::kMyRocks}};
  app->add_option("--engine", options->engine,
                  "mysql: the storage engine of new tables, innodb or myrocks (default innodb)")
      ->type_name("")
      ->transform(OneOf(engines, "innodb|myrocks"));
  app->add_option("--nodes", options->nodes, "nodes of the graph (default 100000)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxGraphNodes));
  app->add_option("--seed", options->seed, "another number gives another graph (default 1)")
      ->type_name("NUMBER")
      ->check(IntegerFrom(0, uint64_t{1} << 62));
  auto* load_only = app->add_flag("--load-only", given->load_only, "write the graph, send nothing");
  app->add_flag("--loaded", given->loaded, "an earlier run with the same --nodes wrote the graph")
      ->excludes(load_only);
}

void DescribeRequests(CLI::App* app, LinkBenchOptions* options) {
  app->add_option("--clients", options->clients,
                  "clients, each with one request in flight (1 to 1000; default 64)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxLinkBenchClients));
  app->add_option("--connections", options->connections,
                  "smile: connections to which the clients are dealt (default: one for each)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxLinkBenchClients));
  app->add_option("--seconds", options->seconds, "length of the requests (default 10)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds));
  app->add_option("--warm-seconds", options->warm_seconds,
                  "send requests for this time first, without counting them (default 0)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds));
  std::map<std::string, LinkOp> operations;
  std::string names;
  for (const LinkOpInfo& info : kLinkOps) {
    operations.emplace(info.name, info.op);
    names += fmt::format("{}{}", names.empty() ? "" : "|", info.name);
  }
  app->add_option("--only", options->only, "requests of one operation, instead of the mix")
      ->type_name("")
      ->transform(OneOf(operations, names));
  app->add_option("--others", options->others,
                  "ids of each get_link, 1 to 128 (default: geometric, 2.6 on average)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxLinksPerGet));
  app->add_flag("--mutual", options->mutual,
                "smile: links are of the kinds friend and family, instead of two one-way kinds");
  AddReportOptions(app, &options->server_pid, &options->json);
}

Status SetTarget(std::string_view target, LinkBenchOptions* options) {
  const bool smile = target.starts_with(kSmileScheme);
  if (!smile && !target.starts_with(kMysqlScheme)) {
    return {Code::kInvalid, "--target: give smile://HOST:PORT or mysql://HOST:PORT"};
  }
  options->store = smile ? StoreKind::kSmile : StoreKind::kMysql;
  SMILE_ASSIGN(options->server, smile ? ServerOf(target, kSmileScheme, kSmilePort)
                                      : ServerOf(target, kMysqlScheme, kMysqlPort));
  if (!smile && (options->mutual || options->connections != 0)) {
    return {Code::kInvalid, "--mutual, --connections: for a Smile server only"};
  }
  return {};
}

}  // namespace

std::string LinkBenchOptions::Target() const {
  return fmt::format("{}{}", store == StoreKind::kSmile ? kSmileScheme : kMysqlScheme,
                     server.ToString());
}

Result<LinkBenchOptions> ParseLinkBenchOptions(int argc, const char* const* argv,
                                               std::string* help) {
  LinkBenchOptions options;
  Given given;
  CLI::App app(kSummary, "smilebench linkbench");
  DescribeGraph(&app, &options, &given);
  DescribeRequests(&app, &options);
  app.footer(kExitStatuses);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  SMILE_TRY(SetTarget(given.target, &options));
  options.load = !given.loaded;
  options.run = !given.load_only;
  if (options.connections == 0 || options.connections > options.clients) {
    options.connections = options.clients;
  }
  return options;
}

}  // namespace smile::bench
