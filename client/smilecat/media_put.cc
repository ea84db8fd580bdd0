#include "client/smilecat/media_put.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
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
#include "client/smilecat/transfer_progress.h"

namespace smile::cat {
namespace {

constexpr auto kUpdate = std::chrono::milliseconds(100);

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
      : options_(options), tools_(tools), progress_(tools) {}

  void Fail(const std::string& words, ExitStatus status) {
    progress_.Complain(words);
    const std::lock_guard lock(mutex_);
    status_ = WorseOf(status_, status);
  }

  ExitStatus Run(std::vector<MediaFile> files);

 private:
  void SendFiles();
  void SendFile(const MediaFile& file);
  Sent Send(const MediaFile& file);
  Result<Media> SendFrom(MediaInput* input, const MediaFile& file, InterruptedUpload* state);

  const MediaOptions& options_;
  const MediaTools& tools_;
  TransferProgress progress_;
  std::stop_source stop_;
  std::vector<MediaFile> files_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  size_t running_ = 0;                   // guarded by mutex_
  size_t stored_ = 0;                    // likewise
  ExitStatus status_ = ExitStatus::kOk;  // likewise
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
  uint64_t done = 0;
  UploadOptions upload{
      .deadline_millis = options_.server.deadline_millis,
      .begun =
          [&](ByteView id) {
            state->upload = Bytes(id);
            if (!keeps_state) return;
            if (const Status saved = SaveInterrupted(*state); !saved.ok()) {
              progress_.Complain(fmt::format("{}: cannot be resumed if it is interrupted: {}",
                                             file.path, saved.message()));
            }
          },
      .progress =
          [&](uint64_t bytes) {
            progress_.AddDone(bytes - done);
            done = bytes;
          },
      .resume = state->upload,
      .stop = stop_.get_token()};
  return Upload(tools_.client, input->source(), std::move(request), std::move(upload)).Wait();
}

// An upload that is gone, or was begun with other content, begins again.
Sent PutRun::Send(const MediaFile& file) {
  const auto stopped = [this] { return stop_.stop_requested(); };
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

void PutRun::SendFile(const MediaFile& file) {
  const Sent sent = Send(file);
  if (sent.media.ok()) {
    progress_.Print(ShowMedia(*sent.media, file.path, options_.json));
    const std::lock_guard lock(mutex_);
    ++stored_;
    return;
  }
  if (stop_.stop_requested()) return;
  const Status& status = sent.media.status();
  if (sent.file_failed) {
    Fail(fmt::format("{}: {}", file.path, status.message()), ExitStatus::kFile);
  } else {
    Fail(fmt::format("{}: {}{}", file.path, Complaint(status),
                     sent.can_continue ? "; repeat the command to continue" : ""),
         ExitStatusOf(status));
  }
}

void PutRun::SendFiles() {
  for (;;) {
    const size_t number = next_++;
    if (number >= files_.size() || stop_.stop_requested()) break;
    SendFile(files_[number]);
  }
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_one();
}

ExitStatus PutRun::Run(std::vector<MediaFile> files) {
  files_ = std::move(files);
  uint64_t whole = 0;
  bool is_known = true;
  for (const MediaFile& file : files_) {
    whole += file.size.value_or(0);
    is_known = is_known && file.size.has_value();
  }
  if (is_known) progress_.SetWhole(whole);
  std::vector<std::thread> threads;
  running_ = std::min<size_t>(options_.jobs, files_.size());
  for (size_t i = running_; i > 0; --i) threads.emplace_back([this] { SendFiles(); });
  {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kUpdate, [this] { return running_ == 0; })) {
      lock.unlock();
      progress_.Update();
      if (tools_.interrupt->Raised()) stop_.request_stop();
      lock.lock();
    }
  }
  for (std::thread& thread : threads) thread.join();
  if (stop_.stop_requested() && stored_ < files_.size()) {
    Fail("interrupted; repeat the command, or `smilecat media resume`, to continue",
         ExitStatus::kInterrupted);
  }
  return status_;
}

}  // namespace

ExitStatus RunMediaPut(const MediaOptions& options, const MediaTools& tools) {
  PutRun run(options, tools);
  std::vector<MediaFile> files = FindMediaFiles(
      options.items, [&](const std::string& words) { run.Fail(words, ExitStatus::kFile); });
  return run.Run(std::move(files));
}

ExitStatus RunMediaResume(const MediaOptions& options, const MediaTools& tools) {
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
    status = WorseOf(status, RunMediaPut(one, tools));
    if (tools.interrupt->Raised()) break;
  }
  return status;
}

}  // namespace smile::cat
