#include "storage/content/content_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "storage/content/turns.h"

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

// Work that concerns no upload.
class ContentFiles::ContentJob final : public ReaderPool::Job {
 public:
  ContentJob(uint64_t source, std::function<void(const Status&)> work)
      : Job({.source = source}), work_(std::move(work)) {}
  ContentJob(const ContentRange& range, std::function<void(const Status&)> work)
      : Job(range.call), work_(std::move(work)) {}

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
    : clock_(*clock),
      uploads_(options.directory + "/uploads"),
      contents_(options.directory),
      segments_(options.directory + "/segments", options.segment_bytes),
      space_([path = uploads_] { return SizeOfDisk(path); }),
      max_closed_bytes_(options.closed_upload_bytes),
      pool_(clock, {options.threads, "smile-content", ReaderPool::Priority::kLow}) {}

ContentFiles::~ContentFiles() {
  Close();
}

// Removes what a crash left of an upload that was being created, sealed or cancelled, one of its
// two files, and reserves the space that the others still need.
Status ContentFiles::Prepare() {
  SMILE_TRY(segments_.Prepare());
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

void ContentFiles::Begin(UploadSpec spec, Done<Status> done) {
  CHECK(spec.chunk_bytes >= limits::kMinChunkBytes && spec.chunk_bytes <= limits::kMaxChunkBytes);
  CHECK(!IsIdOfStore(spec.id));
  Enqueue(spec.id, {.need = Need::kFile},
          [this, spec, done = std::move(done)](Upload& upload, const Status& why) {
            done(Count(why.ok() ? BeginOn(&upload, spec) : why));
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
  if (upload->file != nullptr) {
    const UploadSpec& there = upload->file->spec();
    if (there.chunk_bytes == spec.chunk_bytes && (!spec.size || there.size == spec.size)) return {};
    return {Code::kConditionFailed, "there is such an upload with another size or chunk size"};
  }
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
  const StepNeeds needs{.need = Need::kFile, .bytes = piece.bytes.size(), .call = piece.call};
  Enqueue(
      id, needs,
      [this, piece = std::move(piece), done = std::move(done)](Upload& upload, const Status& why) {
        done(Count(why.ok() ? AppendOn(&upload, piece) : why));
      });
}

Status ContentFiles::AppendOn(Upload* upload, const UploadPiece& piece) {
  if (upload->file == nullptr) return NoSuchUpload();
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
  Enqueue(id, {.need = Need::kFile}, [done = std::move(done)](Upload& upload, const Status& why) {
    if (!why.ok()) return done(why);
    if (upload.file == nullptr) return done(NoSuchUpload());
    done(upload.file->Progress());
  });
}

void ContentFiles::Digest(ContentId id, Done<Result<ContentInfo>> done) {
  Enqueue(id, {.need = Need::kHashed}, [done = std::move(done)](Upload& upload, const Status& why) {
    if (!why.ok()) return done(why);
    if (upload.file == nullptr) return done(NoSuchUpload());
    done(upload.file->Digest());
  });
}

void ContentFiles::Seal(ContentId id, Done<Status> done) {
  Enqueue(id, {.need = Need::kHashed},
          [this, done = std::move(done)](Upload& upload, const Status& why) {
            done(Count(why.ok() ? SealOn(&upload) : why));
          });
}

Status ContentFiles::SealOn(Upload* upload) {
  if (contents_.Has(upload->id)) {
    SMILE_TRY(contents_.Sync(upload->id));  // a process that was killed may have moved it only
  } else {
    if (upload->file == nullptr) return NoSuchUpload();
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
  Enqueue(id, {}, [this, done = std::move(done)](Upload& upload, const Status& why) {
    done(Count(why.ok() ? CancelOn(&upload) : why));
  });
}

Status ContentFiles::CancelOn(Upload* upload) {
  upload->file.reset();
  space_.Set(upload->id, 0);
  return UploadFile::Remove(uploads_, upload->id);
}

void ContentFiles::Delete(ContentId id, Done<Status> done) {
  if (const auto address = AddressOf(id)) return DeleteExtent(*address, std::move(done));
  Enqueue(id, {}, [this, done = std::move(done)](Upload& upload, const Status& why) {
    if (!why.ok()) return done(why);
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
    Sha256 hash;
    HashInTurns(kPutTurn, bytes, &hash);
    counts_.hashed_bytes += bytes.size();
    done(hash.Digest());
  });
}

// --- Content that is there -----------------------------------------------------------------------

void ContentFiles::Read(ContentRange range, Done<Result<ContentPiece>> done) {
  CHECK(range.size > 0 && range.size <= limits::kMaxContentReadBytes);
  auto work = [this, range, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(Count(refused));
    auto piece = ReadNow(range);
    (void)Count(piece.status());
    if (piece.ok()) counts_.read_bytes += piece->bytes.size();
    done(std::move(piece));
  };
  pool_.Submit(std::make_unique<ContentJob>(range, std::move(work)));
}

std::optional<ContentPiece> ContentFiles::Peek(const ContentRange& range) {
  const auto address = AddressOf(range.id);
  const bool is_whole = address && range.offset == 0 && range.size >= address->size;
  if (address && !is_whole) return std::nullopt;
  auto found = address ? segments_.Peek(*address) : contents_.Peek(range);
  if (found) counts_.read_bytes += found->file.size;
  return found;
}

Result<ContentPiece> ContentFiles::ReadNow(const ContentRange& range) {
  const auto address = AddressOf(range.id);
  return address ? segments_.Read(*address, range.offset, range.size) : contents_.Read(range);
}

void ContentFiles::Stat(ContentId id, Done<Result<ContentInfo>> done) {
  Submit(0, [this, id, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    const auto address = AddressOf(id);
    done(address ? segments_.Stat(*address) : contents_.Stat(id));
  });
}

void ContentFiles::List(ContentId after, uint32_t limit,
                        Done<Result<std::vector<ContentId>>> done) {
  Submit(0, [this, after, limit, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    done(ListNow(after, limit));
  });
}

// The ids of extents follow all others.
Result<std::vector<ContentId>> ContentFiles::ListNow(const ContentId& after, uint32_t limit) {
  std::vector<ContentId> ids;
  if (!IsIdOfStore(after)) {
    SMILE_ASSIGN(ids, contents_.List(after, limit));
  }
  SMILE_ASSIGN(const std::vector<ContentId> extents, segments_.List(after, limit - ids.size()));
  ids.insert(ids.end(), extents.begin(), extents.end());
  return ids;
}

// --- Content that is put at once -----------------------------------------------------------------

// What was just hashed is written by the same thread: the bytes are in its processor's cache.
void ContentFiles::Put(ContentToPut content, Done<Result<ContentId>> done) {
  if (pool_.IsThisThread()) return PutNow(content, std::move(done));
  Submit(content.source, [this, content, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(Count(refused));
    PutNow(content, done);
  });
}

void ContentFiles::PutNow(const ContentToPut& content, Done<Result<ContentId>> done) {
  if (Status fits = space_.CheckFits(content.bytes.size()); !fits.ok()) return done(Count(fits));
  segments_.Put(content, [this, done = std::move(done)](Result<ContentId> id) {
    (void)Count(id.status());
    if (id.ok()) ++counts_.put;
    done(std::move(id));
  });
}

void ContentFiles::Settle(const ContentId& id, bool kept) {
  const auto address = AddressOf(id);
  CHECK(address.has_value());
  const auto complete = segments_.Settle(*address, kept);
  if (!complete) return;
  Submit(0, [this, segment = *complete](const Status& refused) {
    if (refused.ok()) (void)segments_.Finish(segment);
  });
}

void ContentFiles::DeleteExtent(const ExtentAddress& address, Done<Status> done) {
  Submit(address.segment, [this, address, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(Count(refused));
    segments_.Delete(address, [this, done](const Status& deleted) {
      if (deleted.ok()) ++counts_.deleted;
      done(Count(deleted));
    });
  });
}

void ContentFiles::FindDoubtful(Done<Result<std::optional<DoubtfulContents>>> done) {
  Submit(0, [this, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(refused);
    done(segments_.FindDoubtful());
  });
}

void ContentFiles::SettleDoubtful(uint32_t group, Done<Status> done) {
  Submit(0, [this, group, done = std::move(done)](const Status& refused) {
    if (!refused.ok()) return done(Count(refused));
    done(Count(segments_.SettleDoubtful(group)));
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
          {"storage.content.closed_uploads_count", closed_.size()},
          {"storage.content.deleted_count", counts_.deleted},
          {"storage.content.failed_count", counts_.failed},
          {"storage.content.hashed_bytes", counts_.hashed_bytes},
          {"storage.content.open_uploads_count", idle_.size() + running_},
          {"storage.content.put_count", counts_.put},
          {"storage.content.read_bytes", counts_.read_bytes},
          {"storage.content.rejected_count", counts_.rejected},
          {"storage.content.reread_bytes", counts_.reread_bytes},
          {"storage.content.reserved_bytes", space_.reserved_bytes()},
          {"storage.content.sealed_count", counts_.sealed},
          {"storage.content.segments_count", segments_.segment_count()},
          {"storage.content.waiting_bytes", waiting_bytes_},
          {"storage.content.waiting_count", pool_.waiting_jobs()}};
}

void ContentFiles::Close() {
  pool_.Close();
  segments_.Close();
}

}  // namespace smile
