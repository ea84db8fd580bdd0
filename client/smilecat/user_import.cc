#include "client/smilecat/user_import.h"

#include <cstdio>
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
#include "base/progress.h"
#include "base/text.h"
#include "client/blocking.h"
#include "client/media/upload.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/in_parallel.h"
#include "client/smilecat/load_writer.h"
#include "client/smilecat/media_files.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/transfer_progress.h"
#include "client/smilecat/user_folder.h"
#include "client/smilecat/user_logins.h"
#include "client/smilecat/user_presence.h"
#include "client/smilecat/user_reader.h"
#include "model/key.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr size_t kTransfers = 4;  // photos and videos that are read or sent at the same time
constexpr size_t kMediaPerBatch = 1000;

// What an import came to.
struct ImportCounts {
  UserCounts written;
  uint64_t present = 0;  // photos, videos and logins that were there already
  uint64_t expired = 0;
  uint64_t rejected = 0;
};

// Whether others may be imported nevertheless.
bool IsOfOneItem(const Status& status) {
  return status.error_class() == ErrorClass::kNever && status.code() != Code::kStorageFailed &&
         status.code() != Code::kProtocolError;
}

class ImportRun {
 public:
  ImportRun(const UserOptions& options, const MediaTools& tools, const UserReader* folder)
      : options_(options),
        tools_(tools),
        folder_(*folder),
        user_(options.as.value_or(folder->manifest().user)) {}

  ExitStatus Run();

 private:
  Status Verify();
  Status ImportPart(UserPart part);
  Status ImportRecords(UserPart part);
  void TakeReports(UserPart part, LoadWriter* writer, Status* failure);
  Status ForEachMediaBatch(const std::function<Status(const std::vector<Media>& batch)>& take);
  Status ImportMedia();
  Status ImportOne(const Media& media);
  Result<bool> IsThere(const Media& media);
  Status Upload(const Media& media);
  Status ImportLogins();

  void Reject(const std::string& what, const Status& status);
  Status Interrupted() const;
  void BeginProgress(uint64_t whole);
  ExitStatus Explain(const Status& status, bool has_written);
  void PrintSummary();
  // Those without credential.
  uint64_t LoginsLeftOut() const;

  const UserOptions& options_;
  const MediaTools tools_;
  const UserReader& folder_;
  const uint64_t user_;
  std::optional<TransferProgress> progress_;
  std::stop_source stop_;
  std::mutex mutex_;
  ImportCounts counts_;  // guarded by mutex_ while media are imported
  bool file_failed_ = false;
};

Status ImportRun::Interrupted() const {
  if (!tools_.interrupt->Raised()) return {};
  return {Code::kUnavailable, "interrupted"};
}

void ImportRun::BeginProgress(uint64_t whole) {
  progress_.reset();
  progress_.emplace(tools_);
  progress_->SetWhole(whole);
}

// Calls `take` with the media records, some at a time.
Status ImportRun::ForEachMediaBatch(
    const std::function<Status(const std::vector<Media>& batch)>& take) {
  std::vector<Media> batch;
  const auto flush = [&] {
    Status taken = take(batch);
    batch.clear();
    return taken;
  };
  SMILE_TRY(folder_.ForEachRow(UserPart::kMedia, user_, [&](UserRow row) {
    batch.push_back(std::get<Media>(std::move(row.content)));
    progress_->AddDone(row.bytes);
    return batch.size() < kMediaPerBatch ? Status() : flush();
  }));
  return flush();
}

Status ImportRun::Verify() {
  for (const UserPartInfo& info : kUserParts) {
    SMILE_TRY(folder_.Verify(info.part, [&](const UserRow& row) {
      if (info.part != UserPart::kMedia) progress_->AddDone(row.bytes);
      progress_->Update();
      return Interrupted();
    }));
  }
  return ForEachMediaBatch([this](const std::vector<Media>& batch) {
    std::vector<Status> verified(batch.size());
    const auto verify = [&](size_t i) {
      if (tools_.interrupt->Raised()) return;
      verified[i] = folder_.VerifyContent(batch[i]);
      progress_->AddDone(batch[i].size);
    };
    InParallel(batch.size(), kTransfers, verify, [this] { progress_->Update(); });
    for (const Status& status : verified) SMILE_TRY(status);
    return Interrupted();
  });
}

void ImportRun::Reject(const std::string& what, const Status& status) {
  progress_->Complain(fmt::format("{}: {}", what, Complaint(status)));
  const std::lock_guard lock(mutex_);
  ++counts_.rejected;
}

void ImportRun::TakeReports(UserPart part, LoadWriter* writer, Status* failure) {
  const LoadWriter::State state = writer->TakeState();
  for (const std::string& report : state.reports) {
    progress_->Complain(fmt::format("{}: {}", folder_.PathOf(FileOf(part)), report));
  }
  *failure = state.failure;
  progress_->Update();
  if (tools_.interrupt->Raised()) writer->Stop();
}

Status ImportRun::ImportRecords(UserPart part) {
  Status failure;
  std::optional<LoadWriter> writer;
  LoadWriterOptions load{.deadline_millis = options_.server.deadline_millis,
                         .waiting = [&] { TakeReports(part, &*writer, &failure); }};
  writer.emplace(tools_.client, load, LoadTracker({}, {}));
  Status read = folder_.ForEachRow(part, user_, [&](UserRow row) {
    writer->WriteRow(row.lines, row.next, {std::get<LoadedRecord>(std::move(row.content))});
    progress_->AddDone(row.bytes);
    TakeReports(part, &*writer, &failure);
    return failure.ok() ? Interrupted() : failure;
  });
  writer->WaitForAll();
  TakeReports(part, &*writer, &failure);
  const LoadCounts counts = writer->TakeState().counts;
  counts_.written[part] += counts.written;
  counts_.expired += counts.expired;
  counts_.rejected += counts.refused;
  SMILE_TRY(failure);
  file_failed_ = read.code() == Code::kInvalid;
  return read;
}

// Whether the server has it. A media record with the same content gets its other fields.
Result<bool> ImportRun::IsThere(const Media& media) {
  BlockingClient client(tools_.client);
  const CallOptions call{.deadline_millis = options_.server.deadline_millis};
  const auto stat = client.Call<op::MediaStat>({.owner = media.owner, .media = media.media}, call);
  if (stat.status().code() == Code::kNotFound) return false;
  if (!stat.ok()) return stat.status();
  const op::MediaInfo& info = stat->info;
  if (info.sha256 != media.sha256) {
    return Status(Code::kConditionFailed, "there is other content with this id: delete it first");
  }
  if (info.content_type != media.content_type || info.name != media.name ||
      info.custom != media.custom) {
    const auto set = client.Call<op::MediaSet>({.owner = media.owner,
                                                .media = media.media,
                                                .content_type = media.content_type,
                                                .name = media.name,
                                                .custom = media.custom},
                                               call);
    if (!set.ok()) return set.status();
  }
  return true;
}

Status ImportRun::Upload(const Media& media) {
  SMILE_ASSIGN(const std::unique_ptr<MediaInput> input,
               MediaInput::Open(folder_.PathOf(MediaFileOf(media.media)),
                                [this] { return stop_.stop_requested(); }));
  uint64_t done = 0;
  UploadOptions upload{.deadline_millis = options_.server.deadline_millis,
                       .progress =
                           [&](uint64_t bytes) {
                             progress_->AddDone(bytes - done);
                             done = bytes;
                           },
                       .stop = stop_.get_token()};
  UploadRequest request{.owner = media.owner,
                        .media = media.media,
                        .content_type = media.content_type,
                        .name = media.name,
                        .custom = media.custom,
                        .size = media.size};
  return smile::Upload(tools_.client, input->source(), std::move(request), std::move(upload))
      .Wait()
      .status();
}

// A failure: the import cannot go on.
Status ImportRun::ImportOne(const Media& media) {
  Result<bool> there = false;
  if (options_.merge) there = IsThere(media);
  Status status = there.status();
  if (there.ok() && *there) {
    progress_->AddDone(media.size);
    const std::lock_guard lock(mutex_);
    ++counts_.present;
    return {};
  }
  if (status.ok()) status = Upload(media);
  if (status.ok()) {
    const std::lock_guard lock(mutex_);
    ++counts_.written[UserPart::kMedia];
    counts_.written.media_bytes += media.size;
    return {};
  }
  if (!IsOfOneItem(status)) return status;
  Reject(FormatMediaName({media.owner, media.media}), status);
  return {};
}

Status ImportRun::ImportMedia() {
  return ForEachMediaBatch([this](const std::vector<Media>& batch) {
    Status failure;  // guarded by mutex_
    const auto import = [&](size_t i) {
      if (stop_.stop_requested()) return;
      const Status status = ImportOne(batch[i]);
      if (status.ok()) return;
      stop_.request_stop();
      const std::lock_guard lock(mutex_);
      if (failure.ok()) failure = status;
    };
    InParallel(batch.size(), kTransfers, import, [this] {
      progress_->Update();
      if (tools_.interrupt->Raised()) stop_.request_stop();
    });
    SMILE_TRY(Interrupted());
    return failure;
  });
}

Status ImportRun::ImportLogins() {
  if (!folder_.manifest().credentials) return {};
  return folder_.ForEachRow(UserPart::kLogins, user_, [this](const UserRow& row) {
    const auto& login = std::get<UserLogin>(row.content);
    const Result<bool> imported =
        ImportLogin(tools_.client, user_, login, options_.server.deadline_millis);
    progress_->AddDone(row.bytes);
    progress_->Update();
    if (imported.ok()) {
      ++(*imported ? counts_.written[UserPart::kLogins] : counts_.present);
    } else if (IsOfOneItem(imported.status())) {
      Reject(FormatKey(LoginKey(login.login).view()), imported.status());
    } else {
      return imported.status();
    }
    return Interrupted();
  });
}

Status ImportRun::ImportPart(UserPart part) {
  switch (part) {
    case UserPart::kRecords:
    case UserPart::kPosts:
    case UserPart::kLinks:
      return ImportRecords(part);
    case UserPart::kMedia:
      return ImportMedia();
    case UserPart::kLogins:
      break;
  }
  return ImportLogins();
}

ExitStatus ImportRun::Explain(const Status& status, bool has_written) {
  const std::string_view next =
      has_written ? "repeat the import with --merge to finish it" : "nothing was written";
  if (tools_.interrupt->Raised()) {
    progress_->Complain(fmt::format("interrupted; {}", next));
    return ExitStatus::kInterrupted;
  }
  progress_->Complain(
      fmt::format("{}; {}", file_failed_ ? status.message() : Complaint(status), next));
  return file_failed_ ? ExitStatus::kFile : ExitStatusOf(status);
}

void ImportRun::PrintSummary() {
  if (options_.json) {
    using Json = nlohmann::ordered_json;
    Json object;
    object["user"] = user_;
    object["folder"] = options_.folder;
    for (const UserPartInfo& info : kUserParts) {
      object[std::string(info.name)] = counts_.written[info.part];
    }
    object["media_bytes"] = counts_.written.media_bytes;
    object["present"] = counts_.present;
    object["logins_left_out"] = LoginsLeftOut();
    object["expired"] = counts_.expired;
    object["rejected"] = counts_.rejected;
    progress_->Print(EscapeUnsafeJson(object.dump(-1, ' ', false, Json::error_handler_t::replace)) +
                     "\n");
    return;
  }
  std::string others;
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) others += fmt::format("; {} {}", WithCommas(count), what);
  };
  add(counts_.present, "already there");
  add(counts_.expired, "expired");
  add(counts_.rejected, "rejected");
  if (LoginsLeftOut() > 0) {
    others += fmt::format("; {} without credentials left out", Counted(LoginsLeftOut(), "login"));
  }
  progress_->Print(fmt::format("{}: {} imported from {}{}; {:.1f} s\n", user_,
                               counts_.written.ToString(), Printable(options_.folder), others,
                               progress_->seconds()));
}

uint64_t ImportRun::LoginsLeftOut() const {
  const UserManifest& manifest = folder_.manifest();
  return manifest.credentials ? 0 : manifest.counts[UserPart::kLogins];
}

ExitStatus ImportRun::Run() {
  const Result<uint64_t> bytes = folder_.Bytes();
  if (!bytes.ok()) return Complain(bytes.status().message(), ExitStatus::kFile);
  BeginProgress(*bytes);
  file_failed_ = true;
  if (const Status status = Verify(); !status.ok()) return Explain(status, /*has_written=*/false);
  file_failed_ = false;
  const Result<std::vector<UserPart>> there =
      FindParts(tools_.client, user_, options_.server.deadline_millis);
  if (!there.ok()) return Explain(there.status(), /*has_written=*/false);
  if (!there->empty() && !options_.merge) {
    progress_->Complain(
        fmt::format("user {} has {} already, nothing was written: delete them first, import with "
                    "--as another id, or give --merge",
                    user_, NamesOf(*there)));
    return ExitStatus::kConditionFailed;
  }
  BeginProgress(*bytes);
  for (const UserPartInfo& info : kUserParts) {
    const Status status = ImportPart(info.part);
    if (!status.ok()) return Explain(status, /*has_written=*/true);
  }
  PrintSummary();
  return counts_.rejected == 0 ? ExitStatus::kOk : ExitStatus::kIncomplete;
}

}  // namespace

ExitStatus RunUserImport(const UserOptions& options) {
  const Interrupt interrupt;
  const SystemClock clock;
  const Result<UserReader> folder = UserReader::Open(options.folder, &clock);
  if (!folder.ok()) return Complain(folder.status().message(), ExitStatus::kFile);
  ServerWatch watch(&clock);
  const Result<std::unique_ptr<Client>> client = Connect(options.server, &watch);
  if (!client.ok()) return Complain(client.status().message(), ExitStatus::kConnection);
  const Status reached = Probe(client->get(), options.server.deadline_millis);
  if (!reached.ok()) return Complain(Complaint(reached), ExitStatusOf(reached));
  const MediaTools tools{
      .client = client->get(), .watch = &watch, .clock = &clock, .interrupt = &interrupt};
  return ImportRun(options, tools, &*folder).Run();
}

}  // namespace smile::cat
