#include "client/smilecat/option_apps.h"

#include <utility>

#include "base/option_checks.h"
#include "base/text.h"
#include "client/smilecat/help_texts.h"

namespace smile::cat {
namespace {

constexpr double kLeastIntervalSeconds = 0.1;
constexpr double kMaxIntervalSeconds = 24 * 3600;

// CLI11's help with a usage of our own.
class HelpFormatter final : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) {}
  std::string make_usage(const CLI::App*, std::string) const override {
    return "\nUsage: " + usage_ + "\n";
  }

 private:
  const std::string usage_;
};

}  // namespace

std::unique_ptr<CLI::App> NewApp(const std::string& usage, const char* summary, RawOptions* raw) {
  auto app = std::make_unique<CLI::App>(summary);
  app->set_help_flag();
  app->formatter(std::make_shared<HelpFormatter>(usage));
  app->add_flag("-h,--help", raw->help, "print this help");
  return app;
}

void AddServer(CLI::App* app, RawOptions* raw) {
  app->add_option("-s,--server", raw->server,
                  "the server (default $SMILE_SERVER, or else 127.0.0.1:7645)")
      ->type_name("HOST:PORT")
      ->check(NotEmpty())
      ->take_last();
  app->add_option(
         "--deadline", raw->deadline_millis,
         "time limit of one request (default 10000; of load 30000, of media and user 60000)")
      ->type_name("MS")
      ->check(IntegerFrom(1, UINT32_MAX));
  app->add_flag("--hex", raw->hex, "show every frame on stderr, with its fields");
}

// CLI11 speaks in exceptions; they end here.
Status ParseWords(CLI::App* app, std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());
  try {
    app->parse(words);
    return {};
  } catch (const CLI::ParseError& error) {
    return {Code::kInvalid, MessageOf(*app, error)};
  }
}

Status ReadServer(const RawOptions& raw, const Defaults& defaults, int64_t usual_deadline_millis,
                  ServerOptions* server) {
  server->server = defaults.server;
  if (!raw.server.empty()) {
    const Result<Endpoint> given = ParseEndpoint(raw.server, kDefaultPort);
    if (!given.ok()) return {Code::kInvalid, "-s: " + given.status().message()};
    server->server = *given;
  }
  server->deadline_millis =
      raw.deadline_millis.value_or(defaults.deadline_millis.value_or(usual_deadline_millis));
  server->hex = raw.hex || defaults.hex;
  server->link_kinds = defaults.link_kinds;
  return {};
}

namespace {

std::unique_ptr<CLI::App> LoadApp(RawOptions* raw) {
  auto app = NewApp("smilecat load FILE [OPTION...]",
                    "Imports a CSV or JSON lines file; each row becomes one or more records.", raw);
  app->add_option("FILE", raw->subject, "file to import; - is standard input")->type_name("");
  app->add_option("-k,--key", raw->mapping.keys,
                  "key of the row's record; repeat it for several records per row")
      ->type_name("TEMPLATE")
      ->allow_extra_args(false);
  app->add_option("-t,--table", raw->mapping.table, "prefix of every key, followed by /")
      ->type_name("TABLE");
  app->add_option("--value", raw->value, "the value")->type_name("TEMPLATE");
  app->add_option("--json-value", raw->json_columns,
                  "the value as a JSON object of these columns (default: of all)")
      ->type_name("COL,COL");
  app->add_option("--expire", raw->mapping.expire, "TTL of the record, in seconds")
      ->type_name("TEMPLATE");
  app->add_flag("--if-absent", raw->if_absent, "do not overwrite existing records");
  app->add_option("--format", raw->format, "csv, tsv or jsonl (default: by the name of FILE)")
      ->check(CLI::IsMember({"csv", "tsv", "jsonl"}))
      ->type_name("FORMAT");
  app->add_option("--resume", raw->resume_file,
                  "file that keeps the position; if it exists, the load continues from there")
      ->type_name("POSITION")
      ->check(NotEmpty());
  app->add_option("--max-errors", raw->max_errors,
                  "stop after more bad rows and rejected records than this (default 100)")
      ->type_name("N")
      ->check(IntegerFrom(0, UINT64_MAX));
  app->add_flag("--json", raw->json, "print the summary as JSON");
  AddServer(app.get(), raw);
  app->footer(kLoadFooter);
  return app;
}

std::unique_ptr<CLI::App> DumpApp(RawOptions* raw) {
  auto app = NewApp("smilecat dump TABLE | TABLE/PARTITION | --all [OPTION...]",
                    "Exports records as JSON lines, which `smilecat load` can load again.", raw);
  app->add_option("PATH", raw->subject, "a table (users) or a partition (users/42)")->type_name("");
  app->add_flag("--all", raw->all, "every table");
  app->add_flag("--with-credentials", raw->with_credentials,
                "logins too, with their credentials; smiled has to allow it");
  app->add_option("-o,--output", raw->output_file,
                  "write to FILE, which becomes visible when it is complete")
      ->type_name("FILE")
      ->check(NotEmpty());
  AddServer(app.get(), raw);
  app->footer(kDumpFooter);
  return app;
}

std::unique_ptr<CLI::App> DecodeApp(RawOptions* raw) {
  auto app = NewApp(
      "smilecat decode FILE",
      "Explains a packet capture (pcap), or raw bytes of the protocol: requests, replies, or both "
      "in turn.",
      raw);
  app->add_option("FILE", raw->subject, "file to explain; - is standard input")->type_name("");
  return app;
}

std::unique_ptr<CLI::App> DescribeApp(RawOptions* raw) {
  auto app = NewApp("smilecat describe [OPERATION]",
                    "Prints the table of operations, or the syntax of one of them.", raw);
  app->add_option("OPERATION", raw->subject, "get, put, ...")->type_name("");
  return app;
}

std::unique_ptr<CLI::App> HelpApp(RawOptions* raw) {
  auto app = NewApp("smilecat help [OPERATION | COMMAND]",
                    "Prints the help of smilecat, of an operation or of a command.", raw);
  app->add_option("TOPIC", raw->subject, "get, put, ..., load, dump, ...")->type_name("");
  return app;
}

}  // namespace

std::unique_ptr<CLI::App> RootApp(RawOptions* raw) {
  auto app = NewApp(kRootUsage, kRootSummary, raw);
  AddServer(app.get(), raw);
  app->add_flag("--json", raw->json, "print replies as JSON, one object per line");
  app->add_flag("--raw", raw->raw, "get: print the bytes of the value and nothing else");
  app->add_option("-o,--output", raw->output_file, "get: write the bytes of the value to FILE")
      ->type_name("FILE")
      ->check(NotEmpty());
  app->add_flag("--raw-times", raw->raw_times, "print times as Unix time in milliseconds");
  app->add_flag("--show-secrets", raw->show_secrets, "print tokens and credentials");
  app->add_flag("--all", raw->all, "scan, list: all pages, one entry per line");
  app->add_flag("--watch", raw->watch, "stats: repeat, with the changes");
  app->add_option("--interval", raw->interval_seconds,
                  "with --watch: the interval (0.1 to 86400; default 1)")
      ->type_name("SECONDS")
      ->check(DecimalFrom(kLeastIntervalSeconds, kMaxIntervalSeconds));
  app->add_option(
         "--send-hex", raw->send_hex,
         "send arbitrary bytes, given as hexadecimal digits, in a file or on standard input, and "
         "show the replies until the server closes the connection or sends nothing more")
      ->type_name("HEX|@FILE|-");
  app->add_flag("--hello", raw->hello, "with --send-hex: send HELLO first");
  app->add_option("--idle", raw->idle_millis,
                  "with --send-hex: end after this time without a reply (default 1000)")
      ->type_name("MS")
      ->check(IntegerFrom(1, UINT32_MAX));
  app->add_option("--listen", raw->listen,
                  "forward connections to the server and print the traffic")
      ->type_name("[HOST:]PORT")
      ->check(NotEmpty());
  app->add_option("--save", raw->save_file,
                  "with --listen: save the traffic as a capture (pcap) for decode, tcpdump or "
                  "Wireshark")
      ->type_name("FILE")
      ->check(NotEmpty());
  app->add_flag("--version", raw->version, "print the version");
  app->footer(RootFooter());
  return app;
}

Saying Complaint(std::string_view what, std::string help) {
  return {.text = Printable(what), .help = std::move(help), .status = ExitStatus::kUsage};
}

std::unique_ptr<CLI::App> CommandApp(const std::string& name, RawOptions* raw) {
  if (name == "load") return LoadApp(raw);
  if (name == "dump") return DumpApp(raw);
  if (name == "decode") return DecodeApp(raw);
  if (name == "describe") return DescribeApp(raw);
  if (name == "help") return HelpApp(raw);
  return nullptr;
}

}  // namespace smile::cat
