#include "bench/smilebench/streams_options.h"

#include <map>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/option_checks.h"
#include "bench/smilebench/option_parts.h"
#include "bench/smilebench/stream_content.h"

namespace smile::bench {
namespace {

constexpr const char* kStreamsSummary =
    "smilebench streams: sends large content to a server, or receives it, in pieces of 256 KiB. "
    "Content follows from its number, and what is received is compared with it.";
constexpr const char* kStreamsTargets =
    "smile://HOST:PORT; files:DIRECTORY (a plain program that reads, hashes with SHA-256, writes "
    "and fsyncs a file, in this process; up only); tcp://HOST:PORT (smilebench serve; down only) "
    "(default smile://127.0.0.1:7645)";
constexpr uint64_t kMaxBytes = uint64_t{1} << 40;
constexpr uint32_t kMaxStreams = 1'000;
constexpr uint32_t kMaxWindow = 256;
constexpr uint64_t kMaxFirst = uint64_t{1} << 30;

void Describe(CLI::App* app, StreamsOptions* options, std::string* target) {
  app->add_option("--target", *target, kStreamsTargets)->type_name("TARGET");
  const std::map<std::string, StreamDirection> directions = {{"up", StreamDirection::kUp},
                                                             {"down", StreamDirection::kDown}};
  app->add_option("--direction", options->direction, "up or down (default up)")
      ->type_name("")
      ->transform(OneOf(directions, "up|down"));
  app->add_option("--streams", options->streams, "streams at the same time (0 to 1000; default 1)")
      ->type_name("N")
      ->check(IntegerFrom(0, kMaxStreams));
  app->add_option("--bytes", options->bytes,
                  "length of each stream, a multiple of 262144 (default 1 GiB)")
      ->type_name("BYTES")
      ->check(IntegerFrom(kStreamPieceBytes, kMaxBytes));
  app->add_option("--first", options->first,
                  "number of the first stream, which also names it (default 0)")
      ->type_name("NUMBER")
      ->check(IntegerFrom(0, kMaxFirst));
  app->add_option("--content", options->content,
                  "the content of all streams is that of this number (default: of their own)")
      ->type_name("NUMBER")
      ->check(IntegerFrom(0, kMaxFirst));
  app->add_option("--copies", options->copies,
                  "uploads of each stream, one after the other, each under a name of its own "
                  "(default 1)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxFirst));
  app->add_option("--connections", options->connections,
                  "connections to which the streams are dealt (1 to 64; default 1)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxBenchThreads));
  app->add_option("--window", options->window, "pieces in flight per stream (1 to 256; default 8)")
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxWindow));
  app->add_option("--seconds", options->seconds,
                  "repeat the streams until then (default: each once)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kMinSeconds, kMaxSeconds));
  app->add_flag("--probe", options->probe,
                "meanwhile measure a GET on the connection of the streams, a GET on another, and a "
                "durable PUT, each once per millisecond; needs --seconds");
  AddReportOptions(app, &options->server_pid, &options->json);
  app->footer(kExitStatuses);
}

Status Check(const StreamsOptions& options) {
  const DriverKind driver = options.target.driver;
  const bool up = options.direction == StreamDirection::kUp;
  if (driver != DriverKind::kSmile && driver != (up ? DriverKind::kFiles : DriverKind::kTcp)) {
    return {Code::kInvalid, up ? "--target: give smile: or files: for --direction up"
                               : "--target: give smile: or tcp: for --direction down"};
  }
  if (driver != DriverKind::kSmile && (options.copies > 1 || options.seconds > 0)) {
    return {Code::kInvalid, "--copies, --seconds: for a Smile server only"};
  }
  if (options.bytes % kStreamPieceBytes != 0) {
    return {Code::kInvalid, "--bytes: not a multiple of 262144"};
  }
  if (options.probe && (options.seconds == 0 || driver != DriverKind::kSmile)) {
    return {Code::kInvalid, "--probe: needs --seconds and a Smile server"};
  }
  if (options.streams == 0 && !options.probe) {
    return {Code::kInvalid, "--streams 0: nothing is measured without --probe"};
  }
  return {};
}

}  // namespace

Result<StreamsOptions> ParseStreamsOptions(int argc, const char* const* argv, std::string* help) {
  StreamsOptions options;
  std::string target = "smile://127.0.0.1:7645";
  CLI::App app(kStreamsSummary, "smilebench streams");
  Describe(&app, &options, &target);
  SMILE_TRY(ParseCommandLine(&app, argc, argv, help));
  if (!help->empty()) return options;
  SMILE_ASSIGN(options.target, ParseTarget(target));
  SMILE_TRY(Check(options));
  return options;
}

}  // namespace smile::bench
