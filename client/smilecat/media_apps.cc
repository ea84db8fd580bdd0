#include "client/smilecat/media_apps.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/option_checks.h"
#include "base/text.h"
#include "client/smilecat/help_texts.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/option_apps.h"

namespace smile::cat {
namespace {

constexpr int64_t kMediaDeadlineMillis = 60'000;
constexpr uint32_t kMaxJobs = 32;

struct Command {
  std::string_view name;
  MediaAction action;
  const char* usage;
  const char* summary;
  const char* item;  // of its arguments
  const char* item_summary;
  const char* footer;
};

constexpr const char* kNameSummary = "a media record, such as 42/7311";

constexpr std::array<Command, 7> kMediaCommands{{
    {"put", MediaAction::kPut, "FILE... [OPTION...]",
     "Stores files, the files in folders, or standard input (-) as media.", "FILE",
     "file, folder, or - for standard input", kMediaPutFooter},
    {"get", MediaAction::kGet, "OWNER/ID... [-o FILE | -o DIR] [OPTION...]",
     "Reads content, whole or in part.", "OWNER/ID", kNameSummary, kMediaGetFooter},
    {"list", MediaAction::kList, "OWNER [OPTION...]", "Prints the media of an owner, newest first.",
     "OWNER", "id of the owner", kMediaListFooter},
    {"stat", MediaAction::kStat, "OWNER/ID... [OPTION...]", "Prints media records.", "OWNER/ID",
     kNameSummary, kMediaStatFooter},
    {"delete", MediaAction::kDelete, "OWNER/ID... | --all OWNER [OPTION...]", "Deletes media.",
     "OWNER/ID", kNameSummary, kMediaDeleteFooter},
    {"resume", MediaAction::kResume, "[OPTION...]",
     "Continues the puts to this server that were interrupted.", "", "", kMediaResumeFooter},
    {"check", MediaAction::kCheck, "[OPTION...]",
     "Verifies that the media records, references and content of the server agree.", "", "",
     kMediaCheckFooter},
}};

struct RawMedia {
  RawOptions shared;
  MediaOptions media;
  std::string range;
};

void AddPutOptions(CLI::App* app, MediaOptions* media) {
  app->add_option("--owner", media->owner, "id of the owner (default 0)")
      ->type_name("N")
      ->check(IntegerFrom(0, UINT64_MAX));
  app->add_option("--content-type", media->content_type,
                  "such as image/jpeg (default: by the suffix of the file's name)")
      ->type_name("TYPE");
  app->add_option(
         "--name", media->name,
         "name of the media record, of one file (default: that of the file; of a file in a "
         "folder, its path there)")
      ->type_name("NAME");
  app->add_option("--custom", media->custom, "any text, kept with the media record")
      ->type_name("TEXT");
}

void AddJobs(CLI::App* app, MediaOptions* media, const char* summary) {
  app->add_option("-j,--jobs", media->jobs, summary)
      ->type_name("N")
      ->check(IntegerFrom(1, kMaxJobs));
}

std::unique_ptr<CLI::App> MediaApp(const Command& command, RawMedia* raw) {
  auto app = NewApp(fmt::format("smilecat media {} {}", command.name, command.usage),
                    command.summary, &raw->shared);
  MediaOptions* const media = &raw->media;
  if (!std::string_view(command.item).empty()) {
    app->add_option(command.item, media->items, command.item_summary)->type_name("");
  }
  if (command.action == MediaAction::kPut) AddPutOptions(app.get(), media);
  if (command.action == MediaAction::kPut || command.action == MediaAction::kResume) {
    AddJobs(app.get(), media, "files that are sent at the same time (default 4)");
  }
  if (command.action == MediaAction::kGet) {
    AddJobs(app.get(), media, "files that are read at the same time (default 4)");
    app->add_option("-o,--output", media->output,
                    "file, or folder for files that are named as the media (default: standard "
                    "output)")
        ->type_name("FILE")
        ->check(NotEmpty());
    app->add_option("--range", raw->range,
                    "bytes to read: 0-99 are the first hundred, 100- the rest; the first one must "
                    "exist")
        ->type_name("A-B");
  }
  if (command.action == MediaAction::kDelete) {
    app->add_flag("--all", media->all, "all media of the owner");
    app->add_flag("-y,--yes", media->yes, "do not ask");
  }
  if (command.action == MediaAction::kCheck) {
    app->add_flag("--bytes", media->read_bytes, "also read all content and verify it");
    app->add_flag("--repair", media->repair,
                  "remove references and content that no media record needs");
    app->add_flag("--fast", media->fast, "do not pause (default: as long as the server worked)");
  }
  if (command.action == MediaAction::kResume) {
    app->add_flag("--list", media->list_only, "only list them: owner, size and file");
  } else if (command.action != MediaAction::kDelete) {
    app->add_flag("--json", media->json, "print JSON objects, one per line");
  }
  AddServer(app.get(), &raw->shared);
  app->footer(fmt::format("{}\n{}", command.footer, kMediaStatuses));
  return app;
}

Status CheckItems(const MediaOptions& media) {
  const bool takes_owner = media.action == MediaAction::kList || media.all;
  if (takes_owner && media.items.size() == 1) {
    const Result<uint64_t> owner = ReadInteger(media.items[0], 0, UINT64_MAX);
    return owner.ok() ? Status() : Status(Code::kInvalid, "OWNER: " + owner.status().message());
  }
  if (takes_owner) return {Code::kInvalid, "give one OWNER, such as 42"};
  if (media.action == MediaAction::kResume || media.action == MediaAction::kCheck) return {};
  if (media.action == MediaAction::kPut) {
    if (media.items.empty()) return {Code::kInvalid, "put needs a FILE, or - for standard input"};
    if (std::count(media.items.begin(), media.items.end(), "-") > 1) {
      return {Code::kInvalid, "standard input can be read once"};
    }
    return {};
  }
  if (media.items.empty()) return {Code::kInvalid, "give an OWNER/ID, such as 42/7311"};
  for (const std::string& item : media.items) SMILE_TRY(ReadMediaName(item).status());
  return {};
}

Status Fill(const RawMedia& raw, const Defaults& defaults, CommandLine* line) {
  line->task = TaskKind::kMedia;
  MediaOptions& media = line->media;
  SMILE_TRY(ReadServer(raw.shared, defaults, kMediaDeadlineMillis, &media.server));
  line->server = media.server;
  media.json = media.json || raw.shared.json || defaults.json;
  if (!raw.range.empty()) {
    SMILE_ASSIGN(media.range, ReadMediaRange(raw.range));
  }
  // The prompt has standard input.
  if (std::count(media.items.begin(), media.items.end(), "-") > 0) line->subject = "-";
  return CheckItems(media);
}

std::string MediaHelp() {
  std::string text = "Photos and videos, of any size.\n\nUsage: smilecat media COMMAND ...\n\n";
  for (const Command& command : kMediaCommands) {
    text += fmt::format("  smilecat media {} {}\n      {}\n", command.name, command.usage,
                        command.summary);
  }
  text += "\n";
  for (const Command& command : kMediaCommands) text += command.footer;
  return fmt::format("{}\n{}\n", text, kMediaStatuses);
}

}  // namespace

std::vector<std::string> MediaCommandNames() {
  std::vector<std::string> names;
  names.reserve(kMediaCommands.size());
  for (const Command& command : kMediaCommands) names.emplace_back(command.name);
  return names;
}

std::variant<CommandLine, Saying> ReadMediaCommand(const std::vector<std::string>& words,
                                                   const RawOptions& before,
                                                   const Defaults& defaults) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h") return Saying{MediaHelp()};
  const auto* const command =
      std::find_if(kMediaCommands.begin(), kMediaCommands.end(),
                   [&](const Command& known) { return known.name == words[0]; });
  if (command == kMediaCommands.end()) {
    return Complaint(
        fmt::format("there is no command media {}; there are put, get, list, stat, delete, "
                    "resume and check",
                    Quote(words[0])),
        "media --help");
  }
  RawMedia raw{.shared = before, .media = {}, .range = {}};
  const auto app = MediaApp(*command, &raw);
  Status status = ParseWords(app.get(), {words.begin() + 1, words.end()});
  if (raw.shared.help) return Saying{app->help()};
  CommandLine line;
  raw.media.action = command->action;
  line.media = raw.media;
  if (status.ok()) status = Fill(raw, defaults, &line);
  if (!status.ok()) {
    return Complaint(status.message(), fmt::format("media {} --help", command->name));
  }
  return line;
}

}  // namespace smile::cat
