#include "client/smilecat/user_apps.h"

#include <memory>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/option_checks.h"
#include "base/text.h"
#include "client/smilecat/help_texts.h"

namespace smile::cat {
namespace {

constexpr int64_t kUserDeadlineMillis = 60'000;
constexpr const char* kExportUsage = "smilecat user export USER FOLDER [OPTION...]";
constexpr const char* kExportSummary = "Writes all of a user into a new folder.";
constexpr const char* kImportUsage = "smilecat user import FOLDER [OPTION...]";
constexpr const char* kImportSummary = "Writes all that an export has back to a server.";

struct RawUser {
  RawOptions shared;
  UserOptions user;
  std::string subject;
  std::string as;
};

std::unique_ptr<CLI::App> ExportApp(RawUser* raw) {
  auto app = NewApp(kExportUsage, kExportSummary, &raw->shared);
  app->add_option("USER", raw->subject, "id of the user")->type_name("");
  app->add_option("FOLDER", raw->user.folder,
                  "the folder, which is created; it may exist if it is empty")
      ->type_name("");
  app->add_flag("--with-credentials", raw->user.with_credentials,
                "logins with their credentials, so that an import restores them; smiled has to run "
                "with --allow-credential-export");
  return app;
}

std::unique_ptr<CLI::App> ImportApp(RawUser* raw) {
  auto app = NewApp(kImportUsage, kImportSummary, &raw->shared);
  app->add_option("FOLDER", raw->user.folder, "what `smilecat user export` has written")
      ->type_name("");
  app->add_option("--as", raw->as, "id of the user (default: that of the export)")
      ->type_name("USER")
      ->check(IntegerFrom(0, UINT64_MAX));
  app->add_flag("--merge", raw->user.merge, "also if the user has something already");
  return app;
}

std::unique_ptr<CLI::App> UserApp(UserAction action, RawUser* raw) {
  auto app = action == UserAction::kExport ? ExportApp(raw) : ImportApp(raw);
  app->add_flag("--json", raw->user.json, "print the summary as JSON");
  AddServer(app.get(), &raw->shared);
  app->footer(kUserFooter);
  return app;
}

Status Fill(const RawUser& raw, const Defaults& defaults, CommandLine* line) {
  line->task = TaskKind::kUser;
  UserOptions& user = line->user;
  SMILE_TRY(ReadServer(raw.shared, defaults, kUserDeadlineMillis, &user.server));
  line->server = user.server;
  user.json = user.json || raw.shared.json || defaults.json;
  if (user.action == UserAction::kImport) {
    if (user.folder.empty()) return {Code::kInvalid, "import needs a FOLDER"};
    if (raw.as.empty()) return {};
    SMILE_ASSIGN(user.as, ReadInteger(raw.as, 0, UINT64_MAX));
    return {};
  }
  if (raw.subject.empty()) return {Code::kInvalid, "export needs a USER, such as 42"};
  if (user.folder.empty()) return {Code::kInvalid, "export needs a FOLDER"};
  const Result<uint64_t> id = ReadInteger(raw.subject, 0, UINT64_MAX);
  if (!id.ok()) return {Code::kInvalid, "USER: " + id.status().message()};
  user.user = *id;
  return {};
}

std::string UserHelp() {
  return fmt::format(
      "All of a user: records, posts, links, logins, photos and videos.\n\n"
      "Usage: smilecat user COMMAND ...\n\n  {}\n      {}\n  {}\n      {}\n\n{}\n",
      kExportUsage, kExportSummary, kImportUsage, kImportSummary, kUserFooter);
}

}  // namespace

std::vector<std::string> UserCommandNames() {
  return {"export", "import"};
}

std::variant<CommandLine, Saying> ReadUserCommand(const std::vector<std::string>& words,
                                                  const RawOptions& before,
                                                  const Defaults& defaults) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h") return Saying{UserHelp()};
  const std::string& command = words[0];
  if (command != "export" && command != "import") {
    return Complaint(
        fmt::format("there is no command user {}; there are export and import", Quote(command)),
        "user --help");
  }
  RawUser raw{.shared = before, .user = {}, .subject = {}, .as = {}};
  raw.user.action = command == "export" ? UserAction::kExport : UserAction::kImport;
  const auto app = UserApp(raw.user.action, &raw);
  Status status = ParseWords(app.get(), {words.begin() + 1, words.end()});
  if (raw.shared.help) return Saying{app->help()};
  CommandLine line;
  line.user = raw.user;
  if (status.ok()) status = Fill(raw, defaults, &line);
  if (!status.ok()) return Complaint(status.message(), fmt::format("user {} --help", command));
  return line;
}

}  // namespace smile::cat
