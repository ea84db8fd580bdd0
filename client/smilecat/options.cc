#include "client/smilecat/options.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/option_checks.h"
#include "base/text.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/inspect.h"
#include "client/smilecat/media_apps.h"
#include "client/smilecat/option_apps.h"
#include "client/smilecat/requests.h"
#include "client/smilecat/user_apps.h"

namespace smile::cat {
namespace {

constexpr int64_t kUsualDeadlineMillis = 10'000;
constexpr int64_t kLoadDeadlineMillis = 30'000;
constexpr const char* kVersionText = "smilecat 0.1.0, protocol version 1\n";

// No operation may hide behind a command.
static_assert(std::none_of(kCommands.begin(), kCommands.end(), [](std::string_view name) {
  return Operations::Find(name) != nullptr;
}));

using Words = std::vector<std::string>;

Status Wrong(std::string words) {
  return {Code::kInvalid, std::move(words)};
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

Status UnknownTopic(const std::string& topic) {
  std::string commands;
  for (const std::string_view name : kCommands) commands.append(", ").append(name);
  return Wrong(fmt::format("there is no operation or command {}; there are {}{}", Quote(topic),
                           Requests::Names(), commands));
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
Status Share(const RawOptions& raw, const Defaults& defaults, CommandLine* line) {
  const int64_t deadline =
      line->task == TaskKind::kLoad ? kLoadDeadlineMillis : kUsualDeadlineMillis;
  SMILE_TRY(ReadServer(raw, defaults, deadline, &line->server));
  line->json = raw.json || defaults.json;
  line->raw_times = raw.raw_times || defaults.raw_times;
  line->show_secrets = raw.show_secrets || defaults.show_secrets;
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
  load.mapping.link_kinds = line->server.link_kinds;
  if (app.count("--value") > 0) load.mapping.value = raw.value;
  if (app.count("--json-value") > 0) load.mapping.json = Split(raw.json_columns, ',');
  return {};
}

Status FillCommand(const std::string& name, const CLI::App& app, const RawOptions& raw,
                   const Defaults& defaults, CommandLine* line) {
  line->task = name == "load"     ? TaskKind::kLoad
               : name == "dump"   ? TaskKind::kDump
               : name == "decode" ? TaskKind::kDecode
                                  : TaskKind::kDescribe;
  line->subject = raw.subject;
  SMILE_TRY(Share(raw, defaults, line));
  if (line->task == TaskKind::kLoad) return FillLoad(app, raw, line);
  if (line->task == TaskKind::kDescribe) {
    if (raw.subject.empty() || Operations::Find(raw.subject) != nullptr) return {};
    return UnknownTopic(raw.subject);
  }
  if (line->task == TaskKind::kDecode) {
    return raw.subject.empty() ? Wrong("decode needs a FILE, or - for standard input") : Status();
  }
  if (raw.subject.empty() != raw.all) {
    return Wrong(raw.all ? "--all is every table; give no PATH with it"
                         : "dump needs a table or a partition, such as users/42, or --all");
  }
  line->dump = {line->server, raw.subject, raw.with_credentials, raw.output_file};
  return {};
}

// How one answer is shown.
Status FillView(const CLI::App& app, const RawOptions& raw, CommandLine* line) {
  const std::string operation = line->request.empty() ? "" : line->request[0].text;
  const std::string value = raw.raw ? "--raw" : raw.output_file.empty() ? "" : "-o";
  if (!value.empty() && line->task != TaskKind::kRequest) {
    return Wrong(value + " belongs to one request that gets a value");
  }
  if (!value.empty() && raw.json) {
    return Wrong(value + " gives the bytes of the value, --json an object: give one of them");
  }
  if (raw.raw && !raw.output_file.empty()) return Wrong("-o and --raw do not go together");
  if (raw.all && operation != "scan" && operation != "list") {
    return Wrong("--all belongs to scan and list");
  }
  const bool limits =
      std::any_of(line->request.begin(), line->request.end(),
                  [](const auto& token) { return !token.literal && token.text == "--limit"; });
  if (raw.all && limits) return Wrong("--all and --limit do not go together");
  if ((raw.watch || app.count("--interval") > 0) && operation != "stats") {
    return Wrong("--watch and --interval belong to stats");
  }
  line->raw = raw.raw;
  line->all = raw.all;
  line->watch = raw.watch;
  line->interval_millis = static_cast<int64_t>(raw.interval_seconds * 1000);
  return {};
}

Status FillRequest(const CLI::App& app, const RawOptions& raw, const Defaults& defaults,
                   CommandLine* line) {
  const bool sends_hex = app.count("--send-hex") > 0;
  const bool listens = app.count("--listen") > 0;
  line->task = sends_hex               ? TaskKind::kSendHex
               : listens               ? TaskKind::kListen
               : line->request.empty() ? TaskKind::kLines
                                       : TaskKind::kRequest;
  SMILE_TRY(Share(raw, defaults, line));
  line->server.link_kinds.Translate(&line->request);
  if ((sends_hex || listens) && (sends_hex == listens || !line->request.empty())) {
    return Wrong("--send-hex, --listen and a request do not go together");
  }
  if (!sends_hex && (raw.hello || app.count("--idle") > 0)) {
    return Wrong("--hello and --idle belong to --send-hex");
  }
  SMILE_TRY(FillView(app, raw, line));
  if (!listens && !raw.save_file.empty()) return Wrong("--save belongs to --listen");
  line->save_file = raw.save_file;
  line->send_hex = {line->server.server, raw.send_hex, raw.hello, raw.idle_millis};
  if (!listens) return {};
  SMILE_ASSIGN(line->listen, ReadListen(raw.listen));
  return {};
}

// CLI11 takes words that begin with a dash for options. Those that are not meant so are hidden from
// it.
class Mask {
 public:
  explicit Mask(std::span<const TextToken> tokens) {
    for (const TextToken& token : tokens) {
      const bool hides =
          token.literal && (token.text.starts_with('-') || token.text.starts_with('@'));
      words_.push_back(hides ? fmt::format("\x01{}", hidden_.size()) : token.text);
      if (hides) hidden_.push_back(token.text);
    }
  }

  const Words& words() const { return words_; }

  TextToken Restore(const std::string& word) const {
    for (size_t i = 0; i < hidden_.size(); ++i) {
      if (word == fmt::format("\x01{}", i)) return {hidden_[i], /*literal=*/true};
    }
    return {word};
  }

 private:
  Words words_;
  Words hidden_;
};

// `help TOPIC`, and TOPIC --help.
std::variant<CommandLine, Saying> HelpOn(const std::string& topic) {
  RawOptions raw;
  if (topic.empty()) return Saying{RootApp(&raw)->help()};
  if (topic == "media") return ReadMediaCommand({}, raw, Defaults());
  if (topic == "user") return ReadUserCommand({}, raw, Defaults());
  if (const auto command = CommandApp(topic, &raw); command != nullptr) {
    return Saying{command->help()};
  }
  if (Operations::Find(topic) != nullptr) return Saying{DescribeOperation(topic)};
  return Complaint(UnknownTopic(topic).message(), "--help");
}

std::variant<CommandLine, Saying> ReadCommand(const std::string& name, const Words& words,
                                              const Mask& mask, const Defaults& defaults,
                                              RawOptions* raw) {
  const auto command = CommandApp(name, raw);
  Status status = ParseWords(command.get(), words);
  if (raw->help) return HelpOn(name);
  raw->subject = mask.Restore(raw->subject).text;
  if (status.ok() && name == "help") return HelpOn(raw->subject);
  CommandLine line;
  if (status.ok()) status = FillCommand(name, *command, *raw, defaults, &line);
  if (!status.ok()) return Complaint(status.message(), name + " --help");
  return line;
}

}  // namespace

std::variant<CommandLine, Saying> ReadCommandLine(std::span<const TextToken> arguments,
                                                  const Defaults& defaults) {
  const Mask mask(arguments);
  RawOptions raw;
  // First only what stands before the request or command, to learn which one it is.
  const auto prefix = RootApp(&raw);
  prefix->prefix_command();
  if (const Status status = ParseWords(prefix.get(), mask.words()); !status.ok()) {
    return Complaint(status.message(), "--help");
  }
  const Words rest = prefix->remaining();
  const std::string name = rest.empty() ? "" : rest[0];
  if (name.size() > 1 && name.starts_with('-')) {
    return Complaint(fmt::format("there is no option {}", name), "--help");
  }
  if (name == "media" || name == "user") {
    Words words;
    for (auto word = rest.begin() + 1; word != rest.end(); ++word) {
      words.push_back(mask.Restore(*word).text);
    }
    return name == "media" ? ReadMediaCommand(words, raw, defaults)
                           : ReadUserCommand(words, raw, defaults);
  }
  if (IsCommand(name)) {
    return ReadCommand(name, Words(rest.begin() + 1, rest.end()), mask, defaults, &raw);
  }
  raw = RawOptions();
  const auto app = RootApp(&raw);
  app->allow_extras();
  Status status = ParseWords(app.get(), mask.words());
  if (status.ok() && raw.help) return HelpOn(name);
  if (status.ok() && raw.version) return Saying{kVersionText};
  CommandLine line;
  for (const std::string& word : app->remaining()) line.request.push_back(mask.Restore(word));
  if (status.ok()) status = FillRequest(*app, raw, defaults, &line);
  if (!status.ok()) return Complaint(status.message(), "--help");
  return line;
}

}  // namespace smile::cat
