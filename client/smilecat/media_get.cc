#include "client/smilecat/media_get.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "client/blocking.h"
#include "client/media/download.h"
#include "client/media/own_thread.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/transfers.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

class OutputSink final : public ByteSink {
 public:
  explicit OutputSink(OutputFile* file) : file_(file) {}
  Task<Status> Write(ByteView bytes) override {
    return thread_.Run<Status>([this, bytes] { return file_->Write(bytes); });
  }

 private:
  OutputFile* const file_;
  OwnThread thread_;
};

// Knows whether it was the sink that failed, and not the server.
class CheckedSink final : public ByteSink {
 public:
  explicit CheckedSink(ByteSink* sink) : sink_(sink) {}
  Task<Status> Write(ByteView bytes) override {
    Status written = co_await sink_->Write(bytes);
    failed_ = !written.ok();
    co_return written;
  }
  bool failed() const { return failed_; }

 private:
  ByteSink* const sink_;
  bool failed_ = false;
};

// The name of a media record as a path in a directory; its id if the name is not one.
fs::path FileNameOf(const Media& media) {
  const fs::path name(media.name);
  bool is_safe = !media.name.empty() && name.is_relative() && name.has_filename() &&
                 Printable(media.name) == media.name;
  for (const fs::path& part : name) is_safe = is_safe && part != ".." && part != ".";
  return is_safe ? name.lexically_normal() : fs::path(std::to_string(media.media));
}

struct Destination {
  MediaName name;
  std::string path;
};

class GetRun {
 public:
  GetRun(const MediaOptions& options, const MediaTools& tools)
      : options_(options), client_(tools.client), transfers_(tools) {}

  // In the folder that the options name. Those that do not exist are told, and left out.
  std::vector<Destination> FindDestinations(const std::vector<MediaName>& names);

  ExitStatus GetToFiles(const std::vector<Destination>& files);
  ExitStatus GetToOutput(const MediaName& name);

 private:
  // Without a value if it failed, which was told.
  std::optional<Media> Find(const MediaName& name);
  std::optional<Media> Get(const MediaName& name, ByteSink* to);
  void GetToFile(const Destination& file);
  void Fail(const MediaName& name, const Status& status);
  ExitStatus Finish();

  const MediaOptions& options_;
  Client* const client_;
  Transfers transfers_;
  std::atomic<size_t> got_{0};
};

void GetRun::Fail(const MediaName& name, const Status& status) {
  if (transfers_.stopped()) return;
  transfers_.Fail(fmt::format("{}: {}", FormatMediaName(name), Complaint(status)),
                  ExitStatusOf(status));
}

std::optional<Media> GetRun::Find(const MediaName& name) {
  const auto answer = BlockingClient(client_).Call<op::MediaStat>(
      {.owner = name.owner, .media = name.media},
      {.deadline_millis = options_.server.deadline_millis});
  if (answer.ok()) return Media(name.owner, answer->info);
  Fail(name, answer.status());
  return std::nullopt;
}

// All are looked up before the first is read, so that their order alone, and not the time, says
// which of several with the same name gets it.
std::vector<Destination> GetRun::FindDestinations(const std::vector<MediaName>& names) {
  std::vector<std::optional<Media>> found(names.size());
  transfers_.Run(names.size(), options_.jobs, [&](size_t i) { found[i] = Find(names[i]); });
  std::vector<Destination> destinations;
  std::set<fs::path> paths;
  uint64_t whole = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i].has_value()) continue;
    fs::path path = fs::path(options_.output) / FileNameOf(*found[i]);
    while (!paths.insert(path).second) path += fmt::format(".{}", names[i].media);
    std::error_code shows_later;
    fs::create_directories(path.parent_path(), shows_later);
    destinations.push_back({.name = names[i], .path = path.string()});
    whole += found[i]->size;
  }
  if (!options_.range.has_value()) transfers_.progress().SetWhole(whole);
  return destinations;
}

std::optional<Media> GetRun::Get(const MediaName& name, ByteSink* to) {
  CheckedSink sink(to);
  DownloadRequest request{.owner = name.owner, .media = name.media};
  if (options_.range.has_value()) request.ranges = {*options_.range};
  DownloadOptions download{.deadline_millis = options_.server.deadline_millis,
                           .progress = transfers_.ProgressOfOne(),
                           .stop = transfers_.stop()};
  Result<Media> media = Download(client_, &sink, std::move(request), std::move(download)).Wait();
  if (media.ok()) return std::move(*media);
  if (sink.failed()) {
    transfers_.Fail(media.status().message(), ExitStatus::kFile);
  } else {
    Fail(name, media.status());
  }
  return std::nullopt;
}

void GetRun::GetToFile(const Destination& destination) {
  const auto file = OutputFile::Create(destination.path, FileAccess::kUsual);
  if (!file.ok()) return transfers_.Fail(file.status().message(), ExitStatus::kFile);
  OutputSink sink(file->get());
  const std::optional<Media> media = Get(destination.name, &sink);
  if (!media.has_value()) return;
  if (const Status committed = (*file)->Commit(); !committed.ok()) {
    return transfers_.Fail(committed.message(), ExitStatus::kFile);
  }
  transfers_.progress().Print(ShowMedia(*media, destination.path, options_.json));
  ++got_;
}

ExitStatus GetRun::GetToFiles(const std::vector<Destination>& files) {
  transfers_.Run(files.size(), options_.jobs, [&](size_t i) { GetToFile(files[i]); });
  return Finish();
}

ExitStatus GetRun::GetToOutput(const MediaName& name) {
  std::fflush(stdout);
  transfers_.Run(1, 1, [&](size_t) {
    FileSink sink(STDOUT_FILENO);
    if (Get(name, &sink).has_value()) ++got_;
  });
  return Finish();
}

ExitStatus GetRun::Finish() {
  if (transfers_.stopped() && got_ < options_.items.size()) {
    transfers_.Fail("interrupted", ExitStatus::kInterrupted);
  }
  return transfers_.status();
}

}  // namespace

ExitStatus RunMediaGet(const MediaOptions& options, const MediaTools& tools) {
  std::error_code ignored;
  const bool to_folder = options.output.ends_with('/') || fs::is_directory(options.output, ignored);
  if (options.items.size() > 1 && !to_folder) {
    return Complain("several items need a folder: -o DIR/", ExitStatus::kUsage);
  }
  if (options.output.empty() && ::isatty(STDOUT_FILENO) == 1) {
    return Complain("the bytes are not for a terminal: give -o FILE, or send them to a pipe",
                    ExitStatus::kUsage);
  }
  std::vector<MediaName> names;
  for (const std::string& item : options.items) names.push_back(*ReadMediaName(item));
  GetRun run(options, tools);
  if (options.output.empty()) return run.GetToOutput(names.front());
  return run.GetToFiles(to_folder ? run.FindDestinations(names)
                                  : std::vector{Destination{names.front(), options.output}});
}

}  // namespace smile::cat
