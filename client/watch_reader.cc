#include "client/watch_reader.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace smile {
namespace {

// Events that wait to be read, until the watch is paused.
constexpr size_t kMaxWaiting = 4'096;
constexpr size_t kMaxWaitingBytes = size_t{16} << 20;

}  // namespace

// Filled by the client's thread, emptied by the reader's.
class WatchReader::Queue {
 public:
  // What is left out has to be asked for again.
  void Push(Answer<op::Watch> event) {
    const std::lock_guard lock(mutex_);
    if (is_full_) return;
    bytes_ += event->value.size();
    events_.push_back(std::move(event));
    is_full_ = events_.size() >= kMaxWaiting || bytes_ >= kMaxWaitingBytes;
    changed_.notify_one();
  }
  void End(const Status& why) {
    const std::lock_guard lock(mutex_);
    end_ = why;
    changed_.notify_one();
  }

  // Ready when there is an event, or an end, or a time has passed.
  void Wait(int64_t millis) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(millis),
                      [this] { return !events_.empty() || !end_.ok(); });
  }
  std::optional<Answer<op::Watch>> Take() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return {};
    Answer<op::Watch> event = std::move(events_.front());
    events_.pop_front();
    bytes_ -= event->value.size();
    return event;
  }
  Status end() {
    const std::lock_guard lock(mutex_);
    return end_;
  }
  // Whether events were left out, all others were taken, and the watch may start again.
  bool Restarts() {
    const std::lock_guard lock(mutex_);
    return is_full_ && events_.empty();
  }
  void Clear() {
    const std::lock_guard lock(mutex_);
    CHECK(events_.empty() && bytes_ == 0);
    is_full_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Answer<op::Watch>> events_;
  size_t bytes_ = 0;
  bool is_full_ = false;
  Status end_;
};

WatchReader::WatchReader(Client* client, const op::Watch::Request& request)
    : client_(client), request_(request), queue_(std::make_shared<Queue>()) {
  ids_.reserve(request.partitions.size());
  for (PartitionView& partition : request_.partitions) {
    partition.id = ids_.emplace_back(partition.id);
  }
  Start();
}

WatchReader::~WatchReader() = default;

void WatchReader::Start() {
  watch_ = client_->Watch(request_,
                          {.event = [queue = queue_](auto event) { queue->Push(std::move(event)); },
                           .ended = [queue = queue_](const Status& why) { queue->End(why); }});
}

Result<std::optional<Answer<op::Watch>>> WatchReader::Next(int64_t millis) {
  if (queue_->Restarts()) {
    watch_.reset();  // then nothing is pushed
    queue_->Clear();
    Start();
  }
  queue_->Wait(millis);
  std::optional<Answer<op::Watch>> event = queue_->Take();
  if (event.has_value()) {
    request_.after = (*event)->version;
  } else if (const Status end = queue_->end(); !end.ok()) {
    return end;
  }
  return event;
}

}  // namespace smile
