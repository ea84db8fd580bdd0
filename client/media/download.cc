#include "client/media/download.h"

#include <algorithm>
#include <coroutine>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/sha256.h"
#include "client/await.h"

namespace smile {
namespace {

// Pieces that are requested ahead, in order. One coroutine requests and takes them; their answers
// come on the client's thread. It takes all of them before it destroys the object.
class ReadAhead {
 public:
  ReadAhead(Client* client, const DownloadRequest& request, const CallOptions& call)
      : client_(client), owner_(request.owner), media_(request.media), call_(call) {}

  bool empty() const { return pieces_.empty(); }
  size_t bytes() const { return bytes_; }
  // Of the first piece.
  uint32_t next_bytes() const { return pieces_.front().size; }

  void Request(uint64_t offset, uint32_t size) {
    Piece* piece;
    {
      const std::lock_guard lock(mutex_);
      piece = &pieces_.emplace_back();
      piece->size = size;
    }
    bytes_ += size;
    client_->Call<op::MediaRead>(
        {.owner = owner_, .media = media_, .offset = offset, .size = size}, call_,
        [this, piece](Answer<op::MediaRead> answer) { OnAnswer(piece, std::move(answer)); });
  }

  // `co_await Next()`: the answer of the first piece, which is removed.
  auto Next() { return NextAwait{this}; }

 private:
  struct Piece {
    uint32_t size = 0;
    std::optional<Answer<op::MediaRead>> answer;
  };

  struct NextAwait {
    ReadAhead* const ahead;

    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) const {
      const std::lock_guard lock(ahead->mutex_);
      CHECK(!ahead->pieces_.empty(), "a piece was requested");
      if (ahead->pieces_.front().answer.has_value()) return false;
      ahead->waiter_ = waiter;
      return true;
    }
    Answer<op::MediaRead> await_resume() const {
      const std::lock_guard lock(ahead->mutex_);
      Piece& first = ahead->pieces_.front();
      Answer<op::MediaRead> answer = std::move(*first.answer);
      ahead->bytes_ -= first.size;
      ahead->pieces_.pop_front();
      return answer;
    }
  };

  void OnAnswer(Piece* piece, Answer<op::MediaRead> answer) {
    std::coroutine_handle<> waiter;
    {
      const std::lock_guard lock(mutex_);
      piece->answer.emplace(std::move(answer));
      if (piece == &pieces_.front()) waiter = std::exchange(waiter_, nullptr);
    }
    if (waiter) waiter.resume();
  }

  Client* const client_;
  const uint64_t owner_;
  const uint64_t media_;
  const CallOptions call_;
  size_t bytes_ = 0;  // of requested pieces
  std::mutex mutex_;
  std::deque<Piece> pieces_;        // guarded by mutex_; elements do not move
  std::coroutine_handle<> waiter_;  // likewise
};

class Downloader {
 public:
  Downloader(Client* client, ByteSink* sink, DownloadRequest request, DownloadOptions options)
      : client_(client),
        sink_(sink),
        request_(std::move(request)),
        options_(std::move(options)),
        call_{.deadline_millis = options_.deadline_millis},
        ahead_(client, request_, call_) {}

  Task<Result<Media>> Run();

 private:
  Status CheckRanges();
  void RequestAhead();
  Task<Status> Copy();
  Task<Status> WriteNext();

  Client* const client_;
  ByteSink* const sink_;
  const DownloadRequest request_;
  const DownloadOptions options_;
  const CallOptions call_;
  Media media_;
  std::deque<op::MediaRange> to_request_;
  ReadAhead ahead_;
  uint64_t done_bytes_ = 0;
  Sha256 hash_;
};

// Leaves out what is past the end.
Status Downloader::CheckRanges() {
  if (request_.ranges.empty()) to_request_.push_back({.offset = 0, .size = media_.size});
  for (const op::MediaRange& range : request_.ranges) {
    if (range.offset > media_.size) {
      return {Code::kInvalid, "a range begins at " + std::to_string(range.offset) +
                                  ", past the end of the content at " +
                                  std::to_string(media_.size)};
    }
    to_request_.push_back(
        {.offset = range.offset, .size = std::min(range.size, media_.size - range.offset)});
  }
  return {};
}

void Downloader::RequestAhead() {
  while (!to_request_.empty()) {
    op::MediaRange& range = to_request_.front();
    const auto size = static_cast<uint32_t>(std::min<uint64_t>(range.size, options_.piece_bytes));
    if (!ahead_.empty() && ahead_.bytes() + size > options_.max_in_flight_bytes) return;
    if (size > 0) ahead_.Request(range.offset, size);
    range.offset += size;
    range.size -= size;
    if (range.size == 0) to_request_.pop_front();
  }
}

Task<Status> Downloader::WriteNext() {
  const uint32_t size = ahead_.next_bytes();
  const Answer<op::MediaRead> answer = co_await ahead_.Next();
  if (!answer.ok()) co_return answer.status();
  if (answer->bytes.size() != size || answer->content_bytes != media_.size) {
    co_return Status(Code::kDamagedInTransit, "the content was replaced during the download");
  }
  if (Status written = co_await sink_->Write(answer->bytes); !written.ok()) co_return written;
  if (request_.ranges.empty()) hash_.Update(answer->bytes);
  done_bytes_ += size;
  if (options_.progress) options_.progress(done_bytes_);
  co_return Status();
}

Task<Status> Downloader::Copy() {
  for (RequestAhead(); !ahead_.empty(); RequestAhead()) {
    if (options_.stop.stop_requested()) co_return Status(Code::kUnavailable, "stopped");
    if (Status written = co_await WriteNext(); !written.ok()) co_return written;
  }
  co_return Status();
}

Task<Result<Media>> Downloader::Run() {
  const op::MediaStat::Request stat{.owner = request_.owner, .media = request_.media};
  {
    const auto answer = co_await Await<op::MediaStat>(client_, stat, call_);
    if (!answer.ok()) co_return answer.status();
    media_ = Media(request_.owner, answer->info);
  }
  if (Status ranges = CheckRanges(); !ranges.ok()) co_return ranges;
  if (options_.begun) options_.begun(media_);
  const Status copied = co_await Copy();
  while (!ahead_.empty()) (void)co_await ahead_.Next();
  if (!copied.ok()) co_return copied;
  if (request_.ranges.empty() && hash_.Digest().view() != media_.sha256) {
    co_return Status(Code::kDamagedInTransit, "the content does not match its SHA-256");
  }
  co_return media_;
}

}  // namespace

Task<Result<Media>> Download(Client* client, ByteSink* sink, DownloadRequest request,
                             DownloadOptions options) {
  if (options.piece_bytes == 0 || options.piece_bytes > kMaxPieceBytes) {
    co_return Status(Code::kInvalid, "piece_bytes is " + std::to_string(options.piece_bytes) +
                                         "; it must be from 1 to 1,048,576");
  }
  Downloader downloader(client, sink, std::move(request), std::move(options));
  co_return co_await downloader.Run();
}

// Not a default argument: GCC 12 destroys one twice within co_await.
Task<Result<Media>> Download(Client* client, ByteSink* sink, DownloadRequest request) {
  return Download(client, sink, std::move(request), DownloadOptions());
}

}  // namespace smile
