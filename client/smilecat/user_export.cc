#include "client/smilecat/user_export.h"

#include <unistd.h>

#include <cstdio>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/print.h"
#include "base/text.h"
#include "client/blocking.h"
#include "client/media/download.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/dump_line.h"
#include "client/smilecat/dump_walk.h"
#include "client/smilecat/in_parallel.h"
#include "client/smilecat/link_path.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/new_folder.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/transfer_progress.h"
#include "client/smilecat/user_folder.h"
#include "client/smilecat/user_line.h"
#include "client/smilecat/user_logins.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr size_t kDownloads = 4;  // at the same time
constexpr uint32_t kMediaPerPage = 1000;

// One export: what the server has goes to files in a new folder.
class ExportRun {
 public:
  // `client` becomes null when the export is interrupted while it waits for the server.
  ExportRun(const UserOptions& options, std::unique_ptr<Client>* client, const MediaTools& tools,
            NewFolder* folder)
      : options_(options), client_(client), tools_(tools), progress_(tools), folder_(folder) {
    manifest_.user = options.user;
    manifest_.credentials = options.with_credentials;
    manifest_.server = options.server.server.ToString();
    manifest_.time_ms = static_cast<uint64_t>(tools.clock->WallMillis());
  }

  ExitStatus Run();

 private:
  Status ExportPart(UserPart part);
  Status ExportTable(Table table, UserPart part);
  Status ExportMedia();
  Status ExportLogins();
  Status ExportMediaPage(const std::vector<op::MediaEntry>& entries);
  Result<Media> Download(const op::MediaInfo& info);
  Status Finish();
  void PrintSummary();
  void TellWithoutCredentials();
  ExitStatus Explain(const Status& status);

  // Remembers that it is of a file.
  Status OfFile(Status status);
  Status WriteLine(UserPart part, const std::string& line);
  Status WriteLink(uint8_t kind, const op::LinkEntry& entry);
  void TellUnreadable(const std::string& what);
  Status Interrupted() const;

  const UserOptions& options_;
  std::unique_ptr<Client>* const client_;
  const MediaTools tools_;
  TransferProgress progress_;
  NewFolder* const folder_;
  std::unique_ptr<NewFile> file_;  // of the part that is being exported
  UserManifest manifest_;
  std::stop_source stop_;
  std::mutex mutex_;
  bool file_failed_ = false;  // guarded by mutex_
};

Status ExportRun::OfFile(Status status) {
  const std::lock_guard lock(mutex_);
  file_failed_ = file_failed_ || !status.ok();
  return status;
}

Status ExportRun::Interrupted() const {
  if (!tools_.interrupt->Raised()) return {};
  return {Code::kUnavailable, "interrupted"};
}

Status ExportRun::WriteLine(UserPart part, const std::string& line) {
  SMILE_TRY(Interrupted());
  ++manifest_.counts[part];
  progress_.AddDone(line.size());
  return OfFile(file_->Write(line));
}

void ExportRun::TellUnreadable(const std::string& what) {
  ++manifest_.unreadable;
  progress_.Complain(fmt::format("{} cannot be read", what));
}

Status ExportRun::ExportTable(Table table, UserPart part) {
  DumpWalk walk(client_->get(), options_.server.deadline_millis, table);
  walk.Only(PartitionOf(options_.user));
  const auto refused = [this](const PartitionView& partition, const Status& status) {
    ++manifest_.unreadable;
    progress_.Complain(fmt::format("{}: {}", FormatPartition(partition), status.ToString()));
  };
  const auto waiting = [this] {
    progress_.Update();
    if (tools_.interrupt->Raised()) client_->reset();
    return Interrupted();
  };
  return walk.Run({.record =
                       [this, part](const KeyView& key, const RecordView& record) {
                         progress_.Update();
                         return WriteLine(part, DumpLine(key, record));
                       },
                   .unread = [this](const KeyView& key) { TellUnreadable(FormatKey(key)); },
                   .gap = [this](const std::string& where) { TellUnreadable(where); },
                   .link = [this](uint64_t, uint8_t kind,
                                  const op::LinkEntry& entry) { return WriteLink(kind, entry); },
                   .refused = refused,
                   .waiting = waiting});
}

// Kinds with a name of their own are written as numbers: names are of a configuration.
Status ExportRun::WriteLink(uint8_t kind, const op::LinkEntry& entry) {
  progress_.Update();
  const LinkKinds built_in;
  const LinkName link{options_.user, kind, entry.other};
  if (entry.outcome == EntryOutcome::kFound) {
    return WriteLine(UserPart::kLinks, DumpLine(options_.user, kind, entry, built_in));
  }
  TellUnreadable(
      entry.outcome == EntryOutcome::kGap
          ? fmt::format("some links of links/{}/{}", options_.user, built_in.NameOf(kind))
          : FormatLink(link, built_in));
  return {};
}

// The bytes are verified with the SHA-256 of the media record.
Result<Media> ExportRun::Download(const op::MediaInfo& info) {
  const std::string path = folder_->PathOf(MediaFileOf(info.media));
  Result<std::unique_ptr<NewFile>> file = NewFile::Create(path);
  if (!file.ok()) return OfFile(file.status());
  FileSink sink((*file)->descriptor());
  uint64_t done = 0;
  DownloadOptions download{.deadline_millis = options_.server.deadline_millis,
                           .progress =
                               [&](uint64_t bytes) {
                                 progress_.AddDone(bytes - done);
                                 done = bytes;
                               },
                           .stop = stop_.get_token()};
  DownloadRequest request{.owner = options_.user, .media = info.media};
  Result<Media> media =
      smile::Download(tools_.client, &sink, std::move(request), std::move(download)).Wait();
  const Code code = media.status().code();
  if (code == Code::kInvalid || code == Code::kNoSpace) {
    return OfFile({Code::kInvalid, fmt::format("{}: {}", path, media.status().message())});
  }
  if (!media.ok()) {
    ::unlink(path.c_str());
    return media.status();
  }
  const Status finished = OfFile((*file)->Finish());
  if (!finished.ok()) return finished;
  return media;
}

Status ExportRun::ExportMediaPage(const std::vector<op::MediaEntry>& entries) {
  std::vector<op::MediaInfo> found;
  for (const op::MediaEntry& entry : entries) {
    if (entry.outcome == EntryOutcome::kFound) {
      found.push_back(entry.info);
    } else {
      TellUnreadable(entry.info.media == 0 ? fmt::format("some media of {}", options_.user)
                                           : FormatMediaName({options_.user, entry.info.media}));
    }
  }
  std::vector<std::optional<Result<Media>>> downloaded(found.size());
  const auto download = [&](size_t i) {
    if (stop_.stop_requested()) return;
    downloaded[i] = Download(found[i]);
    const Code code = downloaded[i]->status().code();
    const bool goes_on = downloaded[i]->ok() || code == Code::kNotFound || code == Code::kCorrupt ||
                         code == Code::kDamagedInTransit;
    if (!goes_on) stop_.request_stop();
  };
  InParallel(found.size(), kDownloads, download, [this] {
    progress_.Update();
    if (tools_.interrupt->Raised()) stop_.request_stop();
  });
  SMILE_TRY(Interrupted());
  for (size_t i = 0; i < found.size(); ++i) {
    if (!downloaded[i].has_value()) continue;  // another one has failed
    const Result<Media>& media = *downloaded[i];
    const Code code = media.status().code();
    if (media.ok()) {
      SMILE_TRY(WriteLine(UserPart::kMedia, MediaLine(*media)));
      manifest_.counts.media_bytes += media->size;
    } else if (code == Code::kCorrupt || code == Code::kDamagedInTransit) {
      TellUnreadable(
          fmt::format("the content of {}", FormatMediaName({options_.user, found[i].media})));
    } else if (code != Code::kNotFound) {  // deleted meanwhile
      return media.status();
    }
  }
  return {};
}

Status ExportRun::ExportMedia() {
  SMILE_TRY(OfFile(folder_->MakeFolder(kMediaFolder)));
  BlockingClient client(tools_.client);
  op::MediaList::Request request{.owner = options_.user, .limit = kMediaPerPage};
  Bytes continuation;
  do {
    SMILE_TRY(Interrupted());
    const auto page =
        client.Call<op::MediaList>(request, {.deadline_millis = options_.server.deadline_millis});
    if (!page.ok()) return page.status();
    SMILE_TRY(ExportMediaPage(page->entries));
    continuation = Bytes(page->continuation);
    request.continuation = continuation;
  } while (!continuation.empty());
  return {};
}

Status ExportRun::ExportLogins() {
  SMILE_ASSIGN(const std::vector<UserLogin> logins,
               ReadLogins(tools_.client, options_.user, options_.with_credentials,
                          options_.server.deadline_millis));
  for (const UserLogin& login : logins) SMILE_TRY(WriteLine(UserPart::kLogins, LoginLine(login)));
  return {};
}

Status ExportRun::ExportPart(UserPart part) {
  Result<std::unique_ptr<NewFile>> file = NewFile::Create(folder_->PathOf(FileOf(part)));
  if (!file.ok()) return OfFile(file.status());
  file_ = std::move(*file);
  switch (part) {
    case UserPart::kRecords:
      SMILE_TRY(ExportTable(Table::kUsers, part));
      break;
    case UserPart::kPosts:
      SMILE_TRY(ExportTable(Table::kPosts, part));
      break;
    case UserPart::kLinks:
      SMILE_TRY(ExportTable(Table::kLinks, part));
      break;
    case UserPart::kMedia:
      SMILE_TRY(ExportMedia());
      break;
    case UserPart::kLogins:
      SMILE_TRY(ExportLogins());
      break;
  }
  manifest_.sha256[static_cast<size_t>(part)] = file_->digest().ToHex();
  return OfFile(file_->Finish());
}

Status ExportRun::Finish() {
  SMILE_ASSIGN(const std::unique_ptr<NewFile> file,
               NewFile::Create(folder_->PathOf(kManifestFile)));
  SMILE_TRY(file->Write(FormatManifest(manifest_)));
  SMILE_TRY(file->Finish());
  return folder_->Commit();
}

void ExportRun::PrintSummary() {
  if (options_.json) {
    using Json = nlohmann::ordered_json;
    Json object;
    object["user"] = manifest_.user;
    object["folder"] = options_.folder;
    for (const UserPartInfo& info : kUserParts) {
      object[std::string(info.name)] = manifest_.counts[info.part];
    }
    object["media_bytes"] = manifest_.counts.media_bytes;
    object["credentials"] = manifest_.credentials;
    object["unreadable"] = manifest_.unreadable;
    progress_.Print(EscapeUnsafeJson(object.dump(-1, ' ', false, Json::error_handler_t::replace)) +
                    "\n");
    return;
  }
  std::string unreadable;
  if (manifest_.unreadable > 0) {
    unreadable = fmt::format("; {} not readable", Counted(manifest_.unreadable, "part"));
  }
  progress_.Print(fmt::format("{}: {} exported to {}{}; {:.1f} s\n", manifest_.user,
                              manifest_.counts.ToString(), Printable(options_.folder), unreadable,
                              progress_.seconds()));
}

ExitStatus ExportRun::Explain(const Status& status) {
  if (tools_.interrupt->Raised()) {
    progress_.Complain("interrupted; nothing was written");
    return ExitStatus::kInterrupted;
  }
  progress_.Complain(
      fmt::format("{}; nothing was written", file_failed_ ? status.message() : Complaint(status)));
  return file_failed_ ? ExitStatus::kFile : ExitStatusOf(status);
}

void ExportRun::TellWithoutCredentials() {
  const uint64_t logins = manifest_.counts[UserPart::kLogins];
  if (manifest_.credentials || logins == 0) return;
  progress_.Complain(
      fmt::format("{} exported without credentials, which an import does not "
                  "restore: --with-credentials includes them",
                  Counted(logins, "login")));
}

ExitStatus ExportRun::Run() {
  if (options_.with_credentials) {  // whether that is allowed, before all else
    const Status allowed =
        ReadLogins(tools_.client, options_.user, true, options_.server.deadline_millis).status();
    if (!allowed.ok()) return Explain(allowed);
  }
  for (const UserPartInfo& info : kUserParts) {
    const Status status = ExportPart(info.part);
    if (!status.ok()) return Explain(status);
  }
  if (manifest_.counts.sum() + manifest_.unreadable == 0) {
    progress_.Complain(fmt::format("there is no user {}: no records, posts, links, media or logins",
                                   options_.user));
    return ExitStatus::kNotFound;
  }
  if (const Status status = OfFile(Finish()); !status.ok()) return Explain(status);
  PrintSummary();
  TellWithoutCredentials();
  return manifest_.unreadable == 0 ? ExitStatus::kOk : ExitStatus::kIncomplete;
}

}  // namespace

ExitStatus RunUserExport(const UserOptions& options) {
  const Result<std::unique_ptr<NewFolder>> folder = NewFolder::Create(options.folder);
  if (!folder.ok()) return Complain(folder.status().message(), ExitStatus::kFile);
  const Interrupt interrupt([&folder] { (*folder)->Remove(); });
  const SystemClock clock;
  ServerWatch watch(&clock);
  Result<std::unique_ptr<Client>> client = Connect(options.server, &watch);
  if (!client.ok()) return Complain(client.status().message(), ExitStatus::kConnection);
  const Status reached = Probe(client->get(), options.server.deadline_millis);
  if (!reached.ok()) return Complain(Complaint(reached), ExitStatusOf(reached));
  const MediaTools tools{
      .client = client->get(), .watch = &watch, .clock = &clock, .interrupt = &interrupt};
  return ExportRun(options, &*client, tools, folder->get()).Run();
}

}  // namespace smile::cat
