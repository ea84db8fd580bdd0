// How the calls for an upload wait, and run one after the other.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/content/content_files.h"

namespace smile {

namespace {

// A step is a turn of its source; one that reads much is several.
size_t WorkOf(uint64_t read_bytes) {
  constexpr uint64_t kBytesPerTurn = uint64_t{1} << 20;
  return limits::kReadTurnWork * std::max<size_t>(1, read_bytes / kBytesPerTurn);
}

}  // namespace

ContentFiles::Upload::Upload(const ContentId& upload_id) : id(upload_id) {
  std::memcpy(&source, id.bytes.data(), sizeof(source));
}

// Beside the file: the object, its queue, and its places in maps.
size_t ContentFiles::Upload::MemoryBytes() const {
  constexpr size_t kQueueAndMapBytes = 1024;
  return sizeof(*this) + kQueueAndMapBytes + (file != nullptr ? file->MemoryBytes() : 0);
}

// Runs the steps of an upload, one after the other.
class ContentFiles::UploadJob final : public ReaderPool::Job {
 public:
  UploadJob(ContentFiles* store, std::shared_ptr<Upload> upload, uint64_t source)
      : Job({.source = source}), store_(store), upload_(std::move(upload)) {}

  Progress Run() override {
    uint64_t read_bytes = 0;
    const bool more = store_->RunSlice(upload_, &read_bytes);
    set_work(WorkOf(read_bytes));
    return more ? Progress::kMore : Progress::kDone;
  }
  void Refuse(Status why) override { store_->RefuseSteps(upload_, why); }
  void End() override {
    store_->RefuseSteps(upload_, {Code::kShuttingDown, "the server is stopping"});
  }

 private:
  ContentFiles* const store_;
  const std::shared_ptr<Upload> upload_;
};

bool ContentFiles::TryWait(size_t bytes) {
  uint64_t waiting = waiting_bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > 0 && waiting + bytes > limits::kMaxContentWaitingBytes) return false;
  } while (!waiting_bytes_.compare_exchange_weak(waiting, waiting + bytes));
  return true;
}

void ContentFiles::EndWait(size_t bytes) {
  const uint64_t before = waiting_bytes_.fetch_sub(bytes);
  CHECK(before >= bytes);
}

void ContentFiles::Enqueue(const ContentId& id, const StepNeeds& needs, Step step) {
  std::shared_ptr<Upload> upload;
  uint64_t source = 0;
  bool start = false;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Upload>& entry = known_[id];
    if (entry == nullptr) entry = std::make_shared<Upload>(id);
    upload = entry;
    start = !upload->running;
    if (start) BeginWork(upload.get());
    upload->last_use = ++uses_;
    if (needs.call.source != 0) upload->source = needs.call.source;
    source = upload->source;
    const bool fits = upload->steps.size() < limits::kMaxUploadSteps &&
                      upload->waiting_bytes + needs.bytes <= limits::kMaxUploadWaitingBytes;
    if (fits && TryWait(needs.bytes)) {
      upload->steps.push_back({std::exchange(step, nullptr), needs});
      upload->waiting_bytes += needs.bytes;
    } else if (start) {
      EndWork(upload.get());
    }
  }
  if (step != nullptr) {
    return step(*upload, {Code::kOverloaded, "too many pieces of this upload are in flight",
                          limits::kFullQueueRetryMillis});
  }
  if (start) pool_.Submit(std::make_unique<UploadJob>(this, std::move(upload), source));
}

bool ContentFiles::RunSlice(const std::shared_ptr<Upload>& upload, uint64_t* read_bytes) {
  WaitingStep step;
  {
    const std::lock_guard lock(mutex_);
    CHECK(upload->running && !upload->steps.empty());
    step = std::move(upload->steps.front());
    upload->steps.pop_front();
  }
  const Result<bool> ready = MakeReady(upload.get(), step.needs, read_bytes);
  counts_.reread_bytes += *read_bytes;
  if (ready.ok() && !*ready) {
    const std::lock_guard lock(mutex_);
    upload->steps.push_front(std::move(step));
    return true;
  }
  step.step(*upload, ready.status());
  step.step = nullptr;  // and the bytes of the piece
  const std::lock_guard lock(mutex_);
  CHECK(upload->waiting_bytes >= step.needs.bytes);
  upload->waiting_bytes -= step.needs.bytes;
  EndWait(step.needs.bytes);
  if (!upload->steps.empty()) return true;
  EndWork(upload.get());
  return false;
}

Result<bool> ContentFiles::MakeReady(Upload* upload, const StepNeeds& needs,
                                     uint64_t* read_bytes) const {
  SMILE_TRY(MayBegin(needs.call, clock_));
  if (needs.need == Need::kNothing) return true;
  SMILE_TRY(OpenFile(upload));
  if (upload->file == nullptr) return true;
  UploadFile& file = *upload->file;
  uint64_t budget = kUploadSliceBytes;
  Status read = file.RecoverOn(&budget);
  const bool hashes = needs.need == Need::kHashed && file.recovered() && file.complete();
  if (read.ok() && hashes) read = file.HashOn(&budget);
  *read_bytes = kUploadSliceBytes - budget;
  SMILE_TRY(std::move(read));
  return file.recovered() && (!hashes || file.hashed());
}

void ContentFiles::RefuseSteps(const std::shared_ptr<Upload>& upload, const Status& why) {
  std::deque<WaitingStep> steps;
  {
    const std::lock_guard lock(mutex_);
    CHECK(upload->running);
    steps.swap(upload->steps);
    for (const WaitingStep& step : steps) EndWait(step.needs.bytes);
    upload->waiting_bytes = 0;
    EndWork(upload.get());
  }
  for (const WaitingStep& step : steps) step.step(*upload, why);
}

void ContentFiles::BeginWork(Upload* upload) {
  CHECK(!upload->running);
  upload->running = true;
  ++running_;
  idle_.erase(upload->last_use);
  if (closed_.erase(upload->last_use) > 0) closed_bytes_ -= upload->MemoryBytes();
}

// One that is gone is forgotten.
void ContentFiles::EndWork(Upload* upload) {
  CHECK(upload->running && running_ > 0);
  upload->running = false;
  --running_;
  if (upload->file == nullptr) {
    known_.erase(upload->id);
  } else {
    idle_.emplace(upload->last_use, upload);
  }
  CloseIdleUploads();
}

// Those that were not used for the longest time. Their files stay.
void ContentFiles::CloseIdleUploads() {
  while (!idle_.empty() && idle_.size() + running_ > limits::kMaxOpenUploads) {
    Upload* const upload = idle_.begin()->second;
    upload->file->CloseFiles();
    closed_.insert(idle_.extract(idle_.begin()));
    closed_bytes_ += upload->MemoryBytes();
  }
  while (closed_bytes_ > max_closed_bytes_) {
    const auto oldest = closed_.begin();
    CHECK(oldest != closed_.end());
    closed_bytes_ -= oldest->second->MemoryBytes();
    const ContentId id = oldest->second->id;
    closed_.erase(oldest);
    known_.erase(id);
  }
}

// One that was forgotten is read again, one that is remembered is not.
Status ContentFiles::OpenFile(Upload* upload) const {
  if (upload->file != nullptr) {
    Status reopened = upload->file->ReopenFiles(uploads_);
    if (reopened.code() != Code::kNotFound) return reopened;
    upload->file.reset();
    return {};
  }
  auto file = UploadFile::Open(uploads_, upload->id);
  if (file.status().code() == Code::kNotFound) return {};
  if (!file.ok()) return file.status();
  upload->file = std::move(file).value();
  return {};
}

}  // namespace smile
