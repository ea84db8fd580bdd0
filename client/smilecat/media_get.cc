#include "client/smilecat/media_get.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "client/media/download.h"
#include "client/media/own_thread.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/transfer_progress.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

constexpr auto kUpdate = std::chrono::milliseconds(100);

// A file that becomes visible when it is complete. It is created when its name is known.
class OutputSink final : public ByteSink {
 public:
  Status Create(const std::string& path) {
    SMILE_ASSIGN(file_, OutputFile::Create(path));
    return {};
  }
  Task<Status> Write(ByteView bytes) override {
    return thread_.Run<Status>([this, bytes] { return file_->Write(bytes); });
  }
  Status Commit() { return file_->Commit(); }
  void Remove() const {
    if (file_ != nullptr) file_->Remove();
  }

 private:
  std::unique_ptr<OutputFile> file_;
  OwnThread thread_;
};

// The name of a media record as a path in a directory; its id if the name is not one.
fs::path FileNameOf(const Media& media) {
  const fs::path name(media.name);
  bool is_safe = !media.name.empty() && name.is_relative() && name.has_filename() &&
                 Printable(media.name) == media.name;
  for (const fs::path& part : name) is_safe = is_safe && part != ".." && part != ".";
  return is_safe ? name : fs::path(std::to_string(media.media));
}

class GetRun {
 public:
  GetRun(const MediaOptions& options, const MediaTools& tools)
      : options_(options), tools_(tools), progress_(tools) {
    std::error_code ignored;
    to_folder_ = options.output.ends_with('/') || fs::is_directory(options.output, ignored);
  }

  bool to_folder() const { return to_folder_; }
  ExitStatus Get(const MediaName& name);

 private:
  Result<Media> Download(const MediaName& name, ByteSink* sink);
  ExitStatus GetToFile(const MediaName& name);
  ExitStatus GetToOutput(const MediaName& name);
  Result<std::string> PathFor(const MediaName& name);
  ExitStatus Fail(const MediaName& name, const Status& status);

  const MediaOptions& options_;
  const MediaTools& tools_;
  TransferProgress progress_;
  bool to_folder_ = false;
  std::set<std::string> paths_;  // that this run has written
};

ExitStatus GetRun::Fail(const MediaName& name, const Status& status) {
  if (tools_.interrupt->Raised()) {
    progress_.Complain("interrupted");
    return ExitStatus::kInterrupted;
  }
  progress_.Complain(fmt::format("{}: {}", FormatMediaName(name), Complaint(status)));
  return ExitStatusOf(status);
}

Result<Media> GetRun::Download(const MediaName& name, ByteSink* sink) {
  std::stop_source stop;
  uint64_t done = 0;
  DownloadRequest request{.owner = name.owner, .media = name.media};
  if (options_.range.has_value()) request.ranges = {*options_.range};
  DownloadOptions download{.deadline_millis = options_.server.deadline_millis,
                           .progress =
                               [&](uint64_t bytes) {
                                 progress_.AddDone(bytes - done);
                                 done = bytes;
                               },
                           .stop = stop.get_token()};
  std::future<Result<Media>> got = std::async(std::launch::async, [&] {
    return smile::Download(tools_.client, sink, std::move(request), std::move(download)).Wait();
  });
  while (got.wait_for(kUpdate) != std::future_status::ready) {
    progress_.Update();
    if (tools_.interrupt->Raised()) stop.request_stop();
  }
  return got.get();
}

Result<std::string> GetRun::PathFor(const MediaName& name) {
  if (!to_folder_) return options_.output;
  std::promise<Answer<op::MediaStat>> promise;
  tools_.client->Call<op::MediaStat>(
      {.owner = name.owner, .media = name.media},
      {.deadline_millis = options_.server.deadline_millis},
      [&](Answer<op::MediaStat> answer) { promise.set_value(std::move(answer)); });
  const Answer<op::MediaStat> answer = promise.get_future().get();
  if (!answer.ok()) return answer.status();
  const Media media(name.owner, answer->info);
  fs::path path = fs::path(options_.output) / FileNameOf(media);
  if (paths_.contains(path.string())) path += fmt::format(".{}", media.media);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  paths_.insert(path.string());
  return path.string();
}

ExitStatus GetRun::GetToFile(const MediaName& name) {
  const Result<std::string> path = PathFor(name);
  if (!path.ok()) return Fail(name, path.status());
  OutputSink sink;
  const auto file_failed = [&](const Status& status) {
    progress_.Complain(status.message());
    return ExitStatus::kFile;
  };
  if (const Status created = sink.Create(*path); !created.ok()) return file_failed(created);
  const Result<Media> media = Download(name, &sink);
  if (!media.ok()) return Fail(name, media.status());
  if (const Status committed = sink.Commit(); !committed.ok()) return file_failed(committed);
  progress_.Print(ShowMedia(*media, *path, options_.json));
  return ExitStatus::kOk;
}

ExitStatus GetRun::GetToOutput(const MediaName& name) {
  std::fflush(stdout);
  FileSink sink(STDOUT_FILENO);
  const Result<Media> media = Download(name, &sink);
  return media.ok() ? ExitStatus::kOk : Fail(name, media.status());
}

ExitStatus GetRun::Get(const MediaName& name) {
  return options_.output.empty() ? GetToOutput(name) : GetToFile(name);
}

}  // namespace

ExitStatus RunMediaGet(const MediaOptions& options, const MediaTools& tools) {
  GetRun run(options, tools);
  if (options.items.size() > 1 && !run.to_folder()) {
    return Complain("several items need a folder: -o DIR/", ExitStatus::kUsage);
  }
  if (options.output.empty() && ::isatty(STDOUT_FILENO) == 1) {
    return Complain("the bytes are not for a terminal: give -o FILE, or send them to a pipe",
                    ExitStatus::kUsage);
  }
  ExitStatus status = ExitStatus::kOk;
  for (const std::string& item : options.items) {
    const Result<MediaName> name = ReadMediaName(item);
    status = WorseOf(status, run.Get(*name));
    if (tools.interrupt->Raised()) break;
  }
  return status;
}

}  // namespace smile::cat
