#include "client/smilecat/options.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "client/smilecat/inspect.h"
#include "client/smilecat/option_apps.h"
#include "protocol/operations.h"

namespace smile::cat {
namespace {

constexpr int64_t kDeadlineMillis = 10'000;
constexpr int64_t kLoadDeadlineMillis = 30'000;
constexpr const char* kVersion = "smilecat 0.1.0, protocol version 1\n";

// No operation may hide behind a command.
static_assert(Operations::Find("load") == nullptr && Operations::Find("dump") == nullptr &&
              Operations::Find("decode") == nullptr && Operations::Find("describe") == nullptr &&
              Operations::Find("help") == nullptr);

using Words = std::vector<std::string>;

Status Wrong(std::string words) {
  return {Code::kInvalid, std::move(words)};
}

// CLI11 speaks in exceptions; they end here.
Status Parse(CLI::App* app, Words words) {
  std::reverse(words.begin(), words.end());
  try {
    app->parse(words);
    return {};
  } catch (const CLI::ParseError& error) {
    return Wrong(error.what());
  }
}

Words Split(const std::string& text, char separator) {
  Words words;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

Result<Endpoint> ReadListen(const std::string& text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error == std::errc() && rest == end) return Endpoint{"127.0.0.1", port};
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    return Wrong(fmt::format("--listen: \"{}\" is no port; they go from 0 to 65535", text));
  }
  return ParseEndpoint(text, kDefaultPort);
}

std::optional<RowFormat> FormatOf(const std::string& name) {
  if (name == "csv") return RowFormat::kCsv;
  if (name == "tsv") return RowFormat::kTsv;
  if (name == "jsonl") return RowFormat::kJsonLines;
  return std::nullopt;
}

// The part that all tasks share.
Status Share(const RawOptions& raw, CommandLine* line) {
  const Result<Endpoint> server = ParseEndpoint(raw.server, kDefaultPort);
  if (!server.ok()) return Wrong("-s: " + server.status().words());
  if (raw.deadline_millis == 0u) return Wrong("--deadline takes milliseconds, from 1");
  const int64_t usual = line->task == Task::kLoad ? kLoadDeadlineMillis : kDeadlineMillis;
  line->server = {*server, raw.deadline_millis.value_or(usual), raw.hex};
  line->json = raw.json;
  line->output_file = raw.output_file;
  return {};
}

Status FillLoad(const CLI::App& app, const RawOptions& raw, CommandLine* line) {
  if (raw.subject.empty()) return Wrong("load needs a FILE, or - for standard input");
  LoadOptions& load = line->load;
  load = {.server = line->server,
          .input = raw.subject,
          .format = FormatOf(raw.format),
          .mapping = raw.mapping,
          .if_absent = raw.if_absent,
          .resume_file = raw.resume_file,
          .max_errors = raw.max_errors,
          .json = raw.json};
  if (app.count("--value") > 0) load.mapping.value = raw.value;
  if (app.count("--json-value") > 0) load.mapping.json = Split(raw.json_columns, ',');
  return {};
}

Status FillCommand(const std::string& name, const CLI::App& app, const RawOptions& raw,
                   CommandLine* line) {
  line->task = name == "load"     ? Task::kLoad
               : name == "dump"   ? Task::kDump
               : name == "decode" ? Task::kDecode
                                  : Task::kDescribe;
  line->subject = raw.subject;
  SMILE_TRY(Share(raw, line));
  if (line->task == Task::kLoad) return FillLoad(app, raw, line);
  if (line->task == Task::kDescribe) {
    if (raw.subject.empty() || Operations::Find(raw.subject) != nullptr) return {};
    return Wrong(fmt::format("there is no operation \"{}\"; the operations are {}", raw.subject,
                             Operations::Names()));
  }
  if (raw.subject.empty()) {
    return Wrong(line->task == Task::kDump ? "dump needs a table or a partition, such as users/42"
                                           : "decode needs a FILE, or - for standard input");
  }
  line->dump = {line->server, raw.subject, raw.output_file};
  return {};
}

Status FillRequest(const CLI::App& app, const RawOptions& raw, const Words& literal,
                   CommandLine* line) {
  for (const std::string& word : app.remaining()) line->request.push_back({word});
  for (const std::string& word : literal) line->request.push_back({word, /*literal=*/true});
  const bool sends_hex = app.count("--send-hex") > 0;
  const bool listens = app.count("--listen") > 0;
  line->task = sends_hex               ? Task::kSendHex
               : listens               ? Task::kListen
               : line->request.empty() ? Task::kLines
                                       : Task::kRequest;
  SMILE_TRY(Share(raw, line));
  if ((sends_hex || listens) && (sends_hex == listens || !line->request.empty())) {
    return Wrong("--send-hex, --listen and a request do not go together");
  }
  if (!sends_hex && (raw.hello || app.count("--idle") > 0)) {
    return Wrong("--hello and --idle belong to --send-hex");
  }
  if (!raw.output_file.empty() && line->task != Task::kRequest) {
    return Wrong("-o belongs to one request that gets a value");
  }
  if (!raw.output_file.empty() && raw.json) {
    return Wrong("-o writes the bytes of the value, --json an object: give one of them");
  }
  line->send_hex = {line->server.server, raw.send_hex, raw.hello, raw.idle_millis};
  if (!listens) return {};
  SMILE_ASSIGN(line->listen, ReadListen(raw.listen));
  return {};
}

Saying Complaint(const Status& status, const std::string& help) {
  return {fmt::format("smilecat: {}; see {}\n", status.words(), help), ExitStatus::kUsage};
}

// The words up to a "--", and those behind it.
std::pair<Words, Words> SplitAtDashes(const Words& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  return {Words(words.begin(), dashes),
          dashes == words.end() ? Words() : Words(dashes + 1, words.end())};
}

}  // namespace

std::variant<CommandLine, Saying> ReadCommandLine(const Words& arguments) {
  const auto [words, literal] = SplitAtDashes(arguments);
  CommandLine line;
  RawOptions raw;
  // First only what stands before the request or command, to learn which one it is.
  const auto prefix = RootApp(&raw);
  prefix->prefix_command();
  if (const Status status = Parse(prefix.get(), words); !status.ok()) {
    return Complaint(status, "smilecat --help");
  }
  const Words rest = prefix->remaining();
  const std::string name = rest.empty() ? "" : rest[0];
  if (const auto command = CommandApp(name, &raw); command != nullptr) {
    Words behind(rest.begin() + 1, rest.end());
    behind.insert(behind.end(), literal.begin(), literal.end());
    Status status = Parse(command.get(), behind);
    if (raw.help) return Saying{command->help()};
    if (status.ok()) status = FillCommand(name, *command, raw, &line);
    if (!status.ok()) return Complaint(status, fmt::format("smilecat {} --help", name));
    if (name == "help" && raw.subject.empty()) return Saying{RootApp(&raw)->help()};
    return line;
  }
  raw = RawOptions();
  const auto app = RootApp(&raw);
  app->allow_extras();
  Status status = Parse(app.get(), words);
  if (status.ok() && raw.help) return Saying{app->help()};
  if (status.ok() && raw.version) return Saying{kVersion};
  if (status.ok()) status = FillRequest(*app, raw, literal, &line);
  if (!status.ok()) return Complaint(status, "smilecat --help");
  return line;
}

}  // namespace smile::cat
