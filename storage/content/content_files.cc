#include "storage/content/content_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

Status NoSpaceToStart(const std::string& directory) {
  const Result<DiskSize> disk = SizeOfDisk(std::filesystem::path(directory).parent_path());
  return {Code::kNoSpace,
          fmt::format("{} cannot be prepared: the disk is full ({} bytes are free, a start needs "
                      "at least {}); free some space",
                      directory, disk.ok() ? disk->free_bytes : 0, limits::kStartFreeDiskBytes)};
}

}  // namespace

// `steps`, `waiting_bytes`, `running` and `last_use` are guarded by mutex_; the rest belongs to the
// running step.
struct ContentFiles::Upload {
  explicit Upload(const ContentId& upload_id) : id(upload_id) {}

  const ContentId id;
  std::unique_ptr<UploadFile> file;  // null: not opened yet, or there is no such upload
  std::deque<WaitingStep> steps;
  size_t waiting_bytes = 0;  // of the steps, and of the one that runs
  bool running = false;      // a job runs the steps
  uint64_t last_use = 0;
};

// Runs the steps of an upload, one after the other.
class ContentFiles::UploadJob final : public ReaderPool::Job {
 public:
  UploadJob(ContentFiles* store, std::shared_ptr<Upload> upload, uint64_t source)
      : Job(0, source), store_(store), upload_(std::move(upload)) {}

  Progress Run() override { return store_->RunStep(upload_) ? Progress::kMore : Progress::kDone; }
  void Refuse(Status why) override { store_->RefuseSteps(upload_, why); }
  void End() override {
    store_->RefuseSteps(upload_, {Code::kShuttingDown, "the server is stopping"});
  }

 private:
  ContentFiles* const store_;
  const std::shared_ptr<Upload> upload_;
};

// Work that concerns no upload.
class ContentFiles::ContentJob final : public ReaderPool::Job {
 public:
  ContentJob(uint64_t source, std::function<void(const Status&)> work)
      : Job(0, source), work_(std::move(work)) {}
  ContentJob(const ContentRange& range, std::function<void(const Status&)> work)
      : Job(range.deadline_nanos, range.source, Kind::kWalk, range.caller),
        work_(std::move(work)) {}

  Progress Run() override {
    work_({});
    return Progress::kDone;
  }
  void Refuse(Status why) override { work_(why); }

 private:
  const std::function<void(const Status& refused)> work_;
};

Result<std::unique_ptr<ContentFiles>> ContentFiles::Open(const Options& options,
                                                         const Clock* clock) {
  std::unique_ptr<ContentFiles> store(new ContentFiles(options, clock));
  Status status = MakeDirectory(options.directory);
  if (status.ok()) status = store->Prepare();
  if (status.code() == Code::kNoSpace) return NoSpaceToStart(options.directory);
  SMILE_TRY(status);
  return store;
}

ContentFiles::ContentFiles(const Options& options, const Clock* clock)
    : uploads_(options.directory + "/uploads"),
      contents_(options.directory),
      space_([path = uploads_] { return SizeOfDisk(path); }),
      pool_(clock, options.threads) {}

ContentFiles::~ContentFiles() {
  Close();
}

// Removes what a crash left of an upload that was being created, sealed or cancelled, one of its
// two files, and reserves the space that the others still need.
Status ContentFiles::Prepare() {
  SMILE_TRY(MakeDirectory(uploads_));
  SMILE_ASSIGN(const std::vector<std::string> names, NamesIn(uploads_));
  for (const std::string& name : names) {
    constexpr std::string_view kChunks = ".chunks";
    const bool is_chunks = name.ends_with(kChunks);
    const std::string twin =
        is_chunks ? name.substr(0, name.size() - kChunks.size()) : name + std::string(kChunks);
    if (!FileExists(uploads_ + "/" + twin)) {
      SMILE_TRY(RemoveFile(uploads_ + "/" + name));
    } else if (const auto id = is_chunks ? ContentId::FromHex(twin) : std::nullopt) {
      space_.Set(*id, UploadFile::OutstandingBytes(uploads_, *id));
    }
  }
  return {};
}

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

void ContentFiles::Enqueue(const ContentId& id, uint64_t source, size_t bytes, Step step) {
  std::shared_ptr<Upload> upload;
  bool start = false;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Upload>& entry = open_[id];
    if (entry == nullptr) entry = std::make_shared<Upload>(id);
    upload = entry;
    upload->last_use = ++uses_;
    const bool fits = upload->steps.size() < limits::kMaxUploadSteps &&
                      upload->waiting_bytes + bytes <= limits::kMaxUploadWaitingBytes;
    if (fits && TryWait(bytes)) {
      upload->steps.push_back({std::exchange(step, nullptr), bytes});
      upload->waiting_bytes += bytes;
      start = !std::exchange(upload->running, true);
    }
  }
  if (step != nullptr) {
    return step(*upload, {Code::kOverloaded, "too many pieces of this upload are in flight",
                          limits::kFullQueueRetryMillis});
  }
  if (start) pool_.Submit(std::make_unique<UploadJob>(this, std::move(upload), source));
}

// False: that was the last one.
bool ContentFiles::RunStep(const std::shared_ptr<Upload>& upload) {
  WaitingStep step;
  {
    const std::lock_guard lock(mutex_);
    CHECK(upload->running && !upload->steps.empty());
    step = std::move(upload->steps.front());
    upload->steps.pop_front();
  }
  step.step(*upload, {});
  step.step = nullptr;  // and the bytes of the piece
  const std::lock_guard lock(mutex_);
  CHECK(upload->waiting_bytes >= step.bytes);
  upload->waiting_bytes -= step.bytes;
  EndWait(step.bytes);
  if (!upload->steps.empty()) return true;
  upload->running = false;
  DropIdleUploads();
  return false;
}

void ContentFiles::RefuseSteps(const std::shared_ptr<Upload>& upload, const Status& why) {
  std::deque<WaitingStep> steps;
  {
    const std::lock_guard lock(mutex_);
    CHECK(upload->running);
    steps.swap(upload->steps);
    for (const WaitingStep& step : steps) EndWait(step.bytes);
    upload->waiting_bytes = 0;
    upload->running = false;
  }
  for (const WaitingStep& step : steps) step.step(*upload, why);
}

// Those that are gone, and the least recently used ones over the limit. Their files stay.
void ContentFiles::DropIdleUploads() {
  std::erase_if(open_, [](const auto& entry) {
    return !entry.second->running && entry.second->file == nullptr;
  });
  while (open_.size() > limits::kMaxOpenUploads) {
    auto oldest = open_.end();
    for (auto i = open_.begin(); i != open_.end(); ++i) {
      if (i->second->running) continue;
      if (oldest == open_.end() || i->second->last_use < oldest->second->last_use) oldest = i;
    }
    if (oldest == open_.end()) return;
    open_.erase(oldest);
  }
}

Status ContentFiles::OpenFile(Upload* upload) const {
  if (upload->file != nullptr) return {};
  auto file = UploadFile::Open(uploads_, upload->id);
  if (!file.ok()) return file.status();
  upload->file = std::move(file).value();
  return {};
}

void ContentFiles::Begin(UploadSpec spec, Done<Status> done) {
  CHECK(spec.chunk_bytes >= limits::kMinChunkBytes && spec.chunk_bytes <= limits::kMaxChunkBytes);
  Enqueue(spec.id, 0, 0,
          [this, spec, done = std::move(done)](Upload& upload, const Status& refused) {
            done(Count(refused.ok() ? BeginOn(&upload, spec) : refused));
          });
}

Status ContentFiles::BeginOn(Upload* upload, const UploadSpec& spec) {
  const uint64_t size = spec.size.value_or(0);
  if (size > limits::kMaxContentBytes ||
      ChunksOf(size, spec.chunk_bytes) > limits::kMaxContentChunks) {
    return {Code::kTooLarge, "content has at most " + std::to_string(limits::kMaxContentBytes) +
                                 " bytes in " + std::to_string(limits::kMaxContentChunks) +
                                 " chunks"};
  }
  Status opened = OpenFile(upload);
  if (opened.ok()) {
    const UploadSpec& there = upload->file->spec();
    if (there.chunk_bytes == spec.chunk_bytes && (!spec.size || there.size == spec.size)) return {};
    return {Code::kConditionFailed, "there is such an upload with another size or chunk size"};
  }
  if (opened.code() != Code::kNotFound) return opened;
  SMILE_TRY(space_.Reserve(spec.id, size));
  auto file = UploadFile::Create(uploads_, spec);
  if (!file.ok()) {
    SMILE_TRY(CancelOn(upload));
    return file.status();
  }
  upload->file = std::move(file).value();
  return {};
}

void ContentFiles::Append(UploadPiece piece, Done<Status> done) {
  const ContentId id = piece.id;
  const uint64_t source = piece.source;
  const size_t bytes = piece.bytes.size();
  Enqueue(id, source, bytes,
          [this, piece = std::move(piece), done = std::move(done)](Upload& upload,
                                                                   const Status& refused) {
            done(Count(refused.ok() ? AppendOn(&upload, piece) : refused));
          });
}

Status ContentFiles::AppendOn(Upload* upload, const UploadPiece& piece) {
  SMILE_TRY(OpenFile(upload));
  // A piece that is sent again needs no space.
  if (!upload->file->Has(piece.offset)) {
    SMILE_TRY(space_.Claim(upload->id, piece.bytes.size()));
  }
  const Status appended = upload->file->Append(piece.offset, piece.bytes, piece.checksum);
  space_.Set(upload->id, upload->file->outstanding_bytes());
  SMILE_TRY(appended);
  counts_.appended_bytes += piece.bytes.size();
  return {};
}

void ContentFiles::Progress(ContentId id, Done<Result<UploadProgress>> done) {
  Enqueue(id, 0, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    if (!refused.ok()) return done(refused);
    Status opened = OpenFile(&upload);
    if (!opened.ok()) return done(opened);
    done(upload.file->Progress());
  });
}

void ContentFiles::Digest(ContentId id, Done<Result<ContentInfo>> done) {
  Enqueue(id, 0, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    if (!refused.ok()) return done(refused);
    Status opened = OpenFile(&upload);
    if (!opened.ok()) return done(opened);
    done(upload.file->Digest());
  });
}

void ContentFiles::Seal(ContentId id, Done<Status> done) {
  Enqueue(id, 0, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    done(Count(refused.ok() ? SealOn(&upload) : refused));
  });
}

Status ContentFiles::SealOn(Upload* upload) {
  if (contents_.Has(upload->id)) {
    SMILE_TRY(contents_.Sync(upload->id));  // a process that was killed may have moved it only
  } else {
    SMILE_TRY(OpenFile(upload));
    if (Status finished = upload->file->Finish(); !finished.ok()) {
      if (upload->file->failed()) (void)CancelOn(upload);
      return finished;
    }
    SMILE_TRY(contents_.Take(UploadFile::DataPath(uploads_, upload->id), upload->id));
    ++counts_.sealed;
  }
  return CancelOn(upload);
}

void ContentFiles::Cancel(ContentId id, Done<Status> done) {
  Enqueue(id, 0, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    done(Count(refused.ok() ? CancelOn(&upload) : refused));
  });
}

Status ContentFiles::CancelOn(Upload* upload) {
  upload->file.reset();
  space_.Set(upload->id, 0);
  return UploadFile::Remove(uploads_, upload->id);
}

void ContentFiles::List(ContentId after, uint32_t limit,
                        Done<Result<std::vector<ContentId>>> done) {
  Submit(0, [this, after, limit, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    done(contents_.List(after, limit));
  });
}

void ContentFiles::Delete(ContentId id, Done<Status> done) {
  Enqueue(id, 0, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    if (!refused.ok()) return done(refused);
    Status deleted = CancelOn(&upload);
    if (deleted.ok()) deleted = contents_.Delete(upload.id);
    if (deleted.ok()) ++counts_.deleted;
    done(Count(deleted));
  });
}

void ContentFiles::Submit(uint64_t source, std::function<void(const Status& refused)> work) {
  pool_.Submit(std::make_unique<ContentJob>(source, std::move(work)));
}

void ContentFiles::Hash(ByteView bytes, uint64_t source, Done<Result<Sha256Digest>> done) {
  Submit(source, [this, bytes, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(Count(refused));
    const Sha256Digest digest = Sha256::Of(bytes);
    counts_.hashed_bytes += bytes.size();
    done(digest);
  });
}

void ContentFiles::Read(ContentRange range, Done<Result<ContentPiece>> done) {
  CHECK(range.size > 0 && range.size <= limits::kMaxContentReadBytes);
  auto work = [this, range, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(Count(refused));
    auto piece = contents_.Read(range);
    (void)Count(piece.status());
    if (piece.ok()) counts_.read_bytes += piece->bytes.size();
    done(std::move(piece));
  };
  pool_.Submit(std::make_unique<ContentJob>(range, std::move(work)));
}

void ContentFiles::Stat(ContentId id, Done<Result<ContentInfo>> done) {
  Submit(0, [this, id, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    done(contents_.Stat(id));
  });
}

const Status& ContentFiles::Count(const Status& outcome) {
  const Code code = outcome.code();
  if (code == Code::kOverloaded || code == Code::kNoSpace) ++counts_.rejected;
  if (code == Code::kStorageFailed || code == Code::kCorrupt) ++counts_.failed;
  return outcome;
}

std::vector<std::pair<std::string, uint64_t>> ContentFiles::Stats() const {
  const std::lock_guard lock(mutex_);
  return {{"storage.content.appended_bytes", counts_.appended_bytes},
          {"storage.content.deleted_count", counts_.deleted},
          {"storage.content.failed_count", counts_.failed},
          {"storage.content.hashed_bytes", counts_.hashed_bytes},
          {"storage.content.open_uploads_count", open_.size()},
          {"storage.content.read_bytes", counts_.read_bytes},
          {"storage.content.rejected_count", counts_.rejected},
          {"storage.content.reserved_bytes", space_.reserved_bytes()},
          {"storage.content.sealed_count", counts_.sealed},
          {"storage.content.waiting_bytes", waiting_bytes_},
          {"storage.content.waiting_count", pool_.waiting_jobs()}};
}

void ContentFiles::Close() {
  pool_.Close();
}

}  // namespace smile
