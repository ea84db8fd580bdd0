#include "storage/content/content_files.h"

#include <dirent.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"

namespace smile {

// `steps`, `running` and `last_use` are guarded by mutex_; the rest belongs to the running step.
struct ContentFiles::Upload {
  explicit Upload(const ContentId& upload_id) : id(upload_id) {}

  const ContentId id;
  std::unique_ptr<UploadFile> file;  // null: not opened yet, or there is no such upload
  std::deque<Step> steps;
  bool running = false;  // a job runs the steps
  uint64_t last_use = 0;
  std::atomic<uint64_t> outstanding_bytes{0};
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
  SMILE_TRY(MakeDirectory(options.directory));
  SMILE_TRY(store->Prepare());
  return store;
}

ContentFiles::ContentFiles(const Options& options, const Clock* clock)
    : uploads_(options.directory + "/uploads"),
      contents_(options.directory),
      pool_(clock, options.threads) {}

ContentFiles::~ContentFiles() {
  Close();
}

// Removes what a crash left of an upload that was being created, sealed or cancelled: one of its
// two files.
Status ContentFiles::Prepare() const {
  SMILE_TRY(MakeDirectory(uploads_));
  DIR* const directory = opendir(uploads_.c_str());
  if (directory == nullptr) return {Code::kStorageFailed, "cannot read the folder of uploads"};
  std::vector<std::string> names;
  for (const dirent* entry = readdir(directory); entry != nullptr; entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  for (const std::string& name : names) {
    constexpr std::string_view kChunks = ".chunks";
    const bool is_chunks = name.ends_with(kChunks);
    const std::string twin =
        is_chunks ? name.substr(0, name.size() - kChunks.size()) : name + std::string(kChunks);
    if (!FileExists(uploads_ + "/" + twin)) SMILE_TRY(RemoveFile(uploads_ + "/" + name));
  }
  return {};
}

void ContentFiles::Enqueue(const ContentId& id, uint64_t source, Step step) {
  std::shared_ptr<Upload> upload;
  bool start = false;
  {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Upload>& entry = open_[id];
    if (entry == nullptr) entry = std::make_shared<Upload>(id);
    upload = entry;
    upload->last_use = ++uses_;
    if (upload->steps.size() < limits::kMaxUploadSteps) {
      upload->steps.push_back(std::exchange(step, nullptr));
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
  Step step;
  {
    const std::lock_guard lock(mutex_);
    CHECK(upload->running && !upload->steps.empty());
    step = std::move(upload->steps.front());
    upload->steps.pop_front();
  }
  step(*upload, {});
  upload->outstanding_bytes = upload->file == nullptr ? 0 : upload->file->outstanding_bytes();
  const std::lock_guard lock(mutex_);
  if (!upload->steps.empty()) return true;
  upload->running = false;
  DropIdleUploads();
  return false;
}

void ContentFiles::RefuseSteps(const std::shared_ptr<Upload>& upload, const Status& why) {
  std::deque<Step> steps;
  {
    const std::lock_guard lock(mutex_);
    CHECK(upload->running);
    steps.swap(upload->steps);
    upload->running = false;
  }
  for (const Step& step : steps) step(*upload, why);
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
  Enqueue(spec.id, 0, [this, spec, done = std::move(done)](Upload& upload, const Status& refused) {
    done(refused.ok() ? BeginOn(&upload, spec) : refused);
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
  SMILE_TRY(CheckSpace(spec));
  auto file = UploadFile::Create(uploads_, spec);
  if (!file.ok()) {
    SMILE_TRY(UploadFile::Remove(uploads_, spec.id));
    return file.status();
  }
  upload->file = std::move(file).value();
  return {};
}

Status ContentFiles::CheckSpace(const UploadSpec& spec) {
  const auto free = FreeDiskBytes(uploads_);
  if (!free.ok()) return free.status();
  uint64_t needed = limits::kContentFreeDiskBytes + spec.size.value_or(0);
  const std::lock_guard lock(mutex_);
  for (const auto& [id, upload] : open_) needed += upload->outstanding_bytes;
  if (needed <= *free) return {};
  return {Code::kNoSpace, "the content does not fit on the server's disk",
          limits::kNoSpaceRetryMillis};
}

void ContentFiles::Append(UploadPiece piece, Done<Status> done) {
  const ContentId id = piece.id;
  const uint64_t source = piece.source;
  Enqueue(
      id, source,
      [this, piece = std::move(piece), done = std::move(done)](Upload& upload,
                                                               const Status& refused) {
        if (!refused.ok()) return done(refused);
        Status opened = OpenFile(&upload);
        done(opened.ok() ? upload.file->Append(piece.offset, piece.bytes, piece.checksum) : opened);
      });
}

void ContentFiles::Progress(ContentId id, Done<Result<UploadProgress>> done) {
  Enqueue(id, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    if (!refused.ok()) return done(refused);
    Status opened = OpenFile(&upload);
    if (!opened.ok()) return done(opened);
    done(upload.file->Progress());
  });
}

void ContentFiles::Digest(ContentId id, Done<Result<ContentInfo>> done) {
  Enqueue(id, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    if (!refused.ok()) return done(refused);
    Status opened = OpenFile(&upload);
    if (!opened.ok()) return done(opened);
    done(upload.file->Digest());
  });
}

void ContentFiles::Seal(ContentId id, Done<Status> done) {
  Enqueue(id, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    done(refused.ok() ? SealOn(&upload) : refused);
  });
}

Status ContentFiles::SealOn(Upload* upload) {
  if (!contents_.Has(upload->id)) {
    SMILE_TRY(OpenFile(upload));
    SMILE_TRY(upload->file->Finish());
    SMILE_TRY(contents_.Take(UploadFile::DataPath(uploads_, upload->id), upload->id));
  }
  return CancelOn(upload);
}

void ContentFiles::Cancel(ContentId id, Done<Status> done) {
  Enqueue(id, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    done(refused.ok() ? CancelOn(&upload) : refused);
  });
}

Status ContentFiles::CancelOn(Upload* upload) const {
  upload->file.reset();
  return UploadFile::Remove(uploads_, upload->id);
}

void ContentFiles::Delete(ContentId id, Done<Status> done) {
  Enqueue(id, 0, [this, done = std::move(done)](Upload& upload, const Status& refused) {
    if (!refused.ok()) return done(refused);
    Status cancelled = CancelOn(&upload);
    done(cancelled.ok() ? contents_.Delete(upload.id) : cancelled);
  });
}

void ContentFiles::Submit(uint64_t source, std::function<void(const Status& refused)> work) {
  pool_.Submit(std::make_unique<ContentJob>(source, std::move(work)));
}

void ContentFiles::Read(ContentRange range, Done<Result<ContentPiece>> done) {
  CHECK(range.size > 0 && range.size <= limits::kMaxContentReadBytes);
  Submit(range.source, [this, range, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    done(contents_.Read(range));
  });
}

void ContentFiles::Stat(ContentId id, Done<Result<ContentInfo>> done) {
  Submit(0, [this, id, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    done(contents_.Stat(id));
  });
}

void ContentFiles::Close() {
  pool_.Close();
}

}  // namespace smile
