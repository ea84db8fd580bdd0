#include "client/smilecat/media_put.h"

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/print.h"
#include "base/text.h"
#include "client/media/upload.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/media_files.h"
#include "client/smilecat/media_state.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/transfers.h"

namespace smile::cat {
namespace {

// How a file was sent.
struct Sent {
  Result<Media> media;
  bool file_failed = false;   // not the server
  bool can_continue = false;  // the upload is kept
};

// Files and what is known of them, sent by several threads.
class PutRun {
 public:
  PutRun(const MediaOptions& options, const MediaTools& tools)
      : options_(options), client_(tools.client), transfers_(tools) {}

  ExitStatus Run();

 private:
  std::vector<MediaFile> FindFiles();
  void Fail(const std::string& words, ExitStatus status) { transfers_.Fail(words, status); }
  void SendFile(const MediaFile& file);
  Sent Send(const MediaFile& file);
  Result<Media> SendFrom(MediaInput* input, const MediaFile& file, InterruptedUpload* state);

  const MediaOptions& options_;
  Client* const client_;
  Transfers transfers_;
  std::atomic<size_t> stored_{0};
  std::atomic<bool> unreachable_{false};  // the server: what is left is not tried
  std::atomic<size_t> untried_{0};
};

// The state names the upload of an earlier run, and then that of this one.
Result<Media> PutRun::SendFrom(MediaInput* input, const MediaFile& file, InterruptedUpload* state) {
  UploadRequest request{.owner = options_.owner,
                        .content_type = options_.content_type,
                        .name = options_.name.empty() ? file.name : options_.name,
                        .custom = options_.custom,
                        .size = input->size()};
  if (request.content_type.empty()) request.content_type = ContentTypeOf(file.name);
  const bool keeps_state = input->size().has_value();
  UploadOptions upload{
      .deadline_millis = options_.server.deadline_millis,
      .begun =
          [&](ByteView id) {
            state->upload = Bytes(id);
            if (!keeps_state) return;
            if (const Status saved = SaveInterrupted(*state); !saved.ok()) {
              transfers_.progress().Complain(fmt::format(
                  "{}: cannot be resumed if it is interrupted: {}", file.path, saved.message()));
            }
          },
      .progress = transfers_.ProgressOfOne(),
      .resume = state->upload,
      .stop = transfers_.stop()};
  return Upload(client_, input->source(), std::move(request), std::move(upload)).Wait();
}

// An upload that is gone, or was begun with other content, begins again.
Sent PutRun::Send(const MediaFile& file) {
  const auto stopped = [this] { return transfers_.stopped(); };
  for (bool again = false;; again = true) {
    const Result<std::unique_ptr<MediaInput>> input = MediaInput::Open(file.path, stopped);
    if (!input.ok()) return {.media = input.status(), .file_failed = true};
    std::error_code ignored;
    InterruptedUpload state{
        .server = options_.server.server.ToString(),
        .owner = options_.owner,
        .path = std::filesystem::absolute(file.path, ignored).lexically_normal().string(),
        .size = (*input)->size().value_or(0),
        .mtime_ns = (*input)->mtime_ns()};
    const bool may_resume = (*input)->size().has_value();
    if (may_resume && !again) FindInterrupted(&state);
    const bool resumed = !state.upload.empty();
    Result<Media> media = SendFrom(input->get(), file, &state);
    const Code code = media.status().code();
    const bool over = media.ok() || code == Code::kNotFound || code == Code::kDamagedInTransit ||
                      code == Code::kInvalid || code == Code::kConditionFailed;
    if (over && may_resume && !state.upload.empty()) ForgetInterrupted(state);
    if (media.ok() || !over || !resumed) {
      const bool can_continue = !over && may_resume && !state.upload.empty();
      return {.media = std::move(media), .can_continue = can_continue};
    }
  }
}

// A server that cannot be reached for the deadline of one file is not waited for with each of the
// others.
void PutRun::SendFile(const MediaFile& file) {
  if (unreachable_) {
    ++untried_;
    return;
  }
  const Sent sent = Send(file);
  if (sent.media.ok()) {
    transfers_.progress().Print(ShowMedia(*sent.media, file.path, options_.json));
    ++stored_;
    return;
  }
  if (transfers_.stopped()) return;
  const Status& status = sent.media.status();
  if (status.code() == Code::kUnavailable) unreachable_ = true;
  if (sent.file_failed) {
    Fail(fmt::format("{}: {}", file.path, status.message()), ExitStatus::kFile);
  } else {
    Fail(fmt::format("{}: {}{}", file.path, Complaint(status),
                     sent.can_continue ? "; repeat the command to continue" : ""),
         ExitStatusOf(status));
  }
}

std::vector<MediaFile> PutRun::FindFiles() {
  return FindMediaFiles(
      options_.items,
      {.complain = [this](const std::string& words) { Fail(words, ExitStatus::kFile); },
       .note = [this](const std::string& words) { transfers_.progress().Complain(words); }});
}

ExitStatus PutRun::Run() {
  const std::vector<MediaFile> files = FindFiles();
  if (files.size() > 1 && !options_.name.empty()) {
    Fail(fmt::format("--name is for one file, and there are {}", files.size()), ExitStatus::kUsage);
    return transfers_.status();
  }
  uint64_t whole = 0;
  bool is_known = true;
  for (const MediaFile& file : files) {
    whole += file.size.value_or(0);
    is_known = is_known && file.size.has_value();
  }
  if (is_known) transfers_.progress().SetWhole(whole);
  transfers_.Run(files.size(), options_.jobs, [&](size_t i) { SendFile(files[i]); });
  if (untried_ > 0) {
    Fail(fmt::format("{} more files were not sent, as the server cannot be reached; repeat the "
                     "command to continue",
                     untried_.load()),
         ExitStatus::kConnection);
  }
  if (transfers_.stopped() && stored_ < files.size()) {
    Fail("interrupted; repeat the command, or `smilecat media resume`, to continue",
         ExitStatus::kInterrupted);
  }
  return transfers_.status();
}

}  // namespace

ExitStatus RunMediaPut(const MediaOptions& options, const MediaTools& tools) {
  RemoveUnfinishedStates();
  return PutRun(options, tools).Run();
}

ExitStatus RunMediaResume(const MediaOptions& options, const MediaTools& tools) {
  RemoveUnfinishedStates();
  ExitStatus status = ExitStatus::kOk;
  for (const InterruptedUpload& upload : AllInterrupted()) {
    if (upload.server != options.server.server.ToString()) continue;
    if (options.list_only) {
      PrintTo(stdout, "{}  {}  {}\n", upload.owner, upload.size, Printable(upload.path));
      continue;
    }
    std::error_code error;
    if (!std::filesystem::exists(upload.path, error)) {
      ForgetInterrupted(upload);
      status = WorseOf(status, Complain(fmt::format("{}: is gone; its upload was forgotten, the "
                                                    "server drops it within a day",
                                                    upload.path),
                                        ExitStatus::kFile));
      continue;
    }
    MediaOptions one = options;
    one.owner = upload.owner;
    one.items = {upload.path};
    status = WorseOf(status, PutRun(one, tools).Run());
    if (tools.interrupt->Raised()) break;
  }
  return status;
}

}  // namespace smile::cat
