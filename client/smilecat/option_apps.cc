#include "client/smilecat/option_apps.h"

#include "client/smilecat/help_texts.h"

namespace smile::cat {
namespace {

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

std::unique_ptr<CLI::App> NewApp(const std::string& usage, const char* summary, RawOptions* raw) {
  auto app = std::make_unique<CLI::App>(summary);
  app->set_help_flag();
  app->formatter(std::make_shared<HelpFormatter>(usage));
  app->add_flag("-h,--help", raw->help, "this text");
  return app;
}

void AddServer(CLI::App* app, RawOptions* raw) {
  app->add_option("-s,--server", raw->server,
                  "the server (default $SMILE_SERVER, or else 127.0.0.1:7645)")
      ->type_name("HOST:PORT")
      ->take_last();
  app->add_option("--deadline", raw->deadline_millis,
                  "time limit of one request (default 10000; of load 30000)")
      ->type_name("MS");
  app->add_flag("--hex", raw->hex, "show every frame on stderr, with its fields named");
}

std::unique_ptr<CLI::App> LoadApp(RawOptions* raw) {
  auto app =
      NewApp("smilecat load FILE [OPTION...]",
             "Imports a file of CSV or of JSON lines, each row as one record or several.", raw);
  app->add_option("FILE", raw->subject, "what to import; - is standard input")->type_name("");
  app->add_option("-k,--key", raw->mapping.keys,
                  "path of the row's record; several make several records")
      ->type_name("TEMPLATE")
      ->allow_extra_args(false);
  app->add_option("-t,--table", raw->mapping.table, "put in front of each key, with a /")
      ->type_name("TABLE");
  app->add_option("--value", raw->value, "the value")->type_name("TEMPLATE");
  app->add_option("--json-value", raw->json_columns,
                  "the value: a JSON object of these columns; else of all")
      ->type_name("COL,COL");
  app->add_option("--expire", raw->mapping.expire, "the record's time to live, in seconds")
      ->type_name("TEMPLATE");
  app->add_flag("--if-absent", raw->if_absent, "leave alone what is already there");
  app->add_option("--format", raw->format, "csv, tsv or jsonl; else FILE's name says it")
      ->check(CLI::IsMember({"csv", "tsv", "jsonl"}))
      ->type_name("FORMAT");
  app->add_option("--resume", raw->resume_file,
                  "keep the position in this file; go on from it if it is there")
      ->type_name("POSITION");
  app->add_option("--max-errors", raw->max_errors,
                  "stop after more bad rows and refused records (default 100)")
      ->type_name("N");
  app->add_flag("--json", raw->json, "the summary as JSON");
  AddServer(app.get(), raw);
  app->footer(kLoadFooter);
  return app;
}

std::unique_ptr<CLI::App> DumpApp(RawOptions* raw) {
  auto app = NewApp("smilecat dump TABLE | TABLE/PARTITION | --all [OPTION...]",
                    "Exports records as JSON lines that `smilecat load` takes back.", raw);
  app->add_option("PATH", raw->subject, "a table (users) or a partition (users/42)")->type_name("");
  app->add_flag("--all", raw->all, "every table");
  app->add_option("-o,--output", raw->output_file, "to a file, which appears when it is whole")
      ->type_name("FILE");
  AddServer(app.get(), raw);
  app->footer(kDumpFooter);
  return app;
}

std::unique_ptr<CLI::App> DecodeApp(RawOptions* raw) {
  auto app = NewApp(
      "smilecat decode FILE",
      "Explains a capture of packets (pcap), or bytes of the protocol: requests, replies, or both "
      "in turn.",
      raw);
  app->add_option("FILE", raw->subject, "what to explain; - is standard input")->type_name("");
  return app;
}

std::unique_ptr<CLI::App> DescribeApp(RawOptions* raw) {
  auto app = NewApp("smilecat describe [OPERATION]",
                    "Prints the table of operations, or how one of them is written.", raw);
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
  app->add_flag("--json", raw->json, "answers as JSON, one object a line");
  app->add_flag("--raw", raw->raw, "get: print the bytes of the value and nothing else");
  app->add_option("-o,--output", raw->output_file, "get: write the bytes of the value to FILE")
      ->type_name("FILE");
  app->add_flag("--raw-times", raw->raw_times, "points in time as Unix time in milliseconds");
  app->add_flag("--all", raw->all, "scan, list: all pages, one entry per line");
  app->add_flag("--watch", raw->watch, "stats: again and again, with what changed");
  app->add_option("--interval", raw->interval_seconds, "with --watch: the time between (default 1)")
      ->type_name("SECONDS");
  app->add_option(
         "--send-hex", raw->send_hex,
         "send any bytes, given as hexadecimal digits, in a file or on standard input, and "
         "show what comes back until the server closes or is silent")
      ->type_name("HEX|@FILE|-");
  app->add_flag("--hello", raw->hello, "with --send-hex: a HELLO first");
  app->add_option("--idle", raw->idle_millis,
                  "with --send-hex: end after so long without an answer (default 1000)")
      ->type_name("MS");
  app->add_option("--listen", raw->listen,
                  "hand connections on to the server and print what is said")
      ->type_name("[HOST:]PORT");
  app->add_option("--save", raw->save_file,
                  "with --listen: a capture (pcap) of it, for decode, tcpdump and Wireshark")
      ->type_name("FILE");
  app->add_flag("--version", raw->version, "the version");
  app->footer(RootFooter());
  return app;
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
