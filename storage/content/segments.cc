#include "storage/content/segments.h"

#include <sys/random.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/content/disk_file.h"
#include "storage/content_errors.h"

namespace smile {
namespace {

constexpr std::string_view kOpenSuffix = ".open";
// More than a segment has.
constexpr size_t kAllExtents = size_t{1} << 24;

uint16_t RandomTag() {
  uint16_t tag = 0;
  CHECK(getrandom(&tag, sizeof(tag), 0) == static_cast<ssize_t>(sizeof(tag)));
  return tag;
}

}  // namespace

Segments::Segments(std::string directory, uint64_t segment_bytes)
    : directory_(std::move(directory)),
      segment_bytes_(segment_bytes),
      recent_(limits::kMaxOpenSegments) {
  CHECK(segment_bytes > 0 && segment_bytes <= limits::kSegmentBytes);
}

std::string Segments::PathOf(uint32_t number, bool is_open) const {
  return directory_ + "/" + SegmentName(number) + std::string(is_open ? kOpenSuffix : "");
}

Status Segments::Prepare() {
  SMILE_TRY(MakeDirectory(directory_));
  SMILE_ASSIGN(const std::vector<std::string> names, NamesIn(directory_));
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    const bool is_open = name.ends_with(kOpenSuffix);
    const auto number =
        SegmentNumber(is_open ? name.substr(0, name.size() - kOpenSuffix.size()) : name);
    if (number) entries_[*number] = {.is_open = is_open, .doubtful = is_open};
  }
  return {};
}

// --- Put and Delete ------------------------------------------------------------------------------

Status Segments::StartSegment() {
  const uint32_t number = entries_.empty() ? 0 : entries_.rbegin()->first + 1;
  auto segment = Segment::Create(PathOf(number, true), number);
  if (segment.ok()) {
    Status durable = SyncDirectory(directory_);
    if (!durable.ok()) segment = std::move(durable);
  }
  if (!segment.ok()) {
    (void)RemoveFile(PathOf(number, true));
    return segment.status();
  }
  entries_[number] = {.is_open = true};
  recent_.Add(number, *segment);
  const uint32_t before = std::exchange(active_number_, number);
  if (std::exchange(active_, *segment) != nullptr) (void)FinishLocked(before);
  end_ = kExtentBlockBytes;
  return {};
}

Result<Segments::Place> Segments::Allocate(const ContentToPut& content) {
  if (active_ == nullptr || end_ >= segment_bytes_) {
    SMILE_TRY(StartSegment());
  }
  const ExtentAddress address{.segment = active_number_,
                              .block = static_cast<uint32_t>(end_ / kExtentBlockBytes),
                              .size = static_cast<uint32_t>(content.bytes.size()),
                              .tag = RandomTag()};
  end_ += uint64_t{address.blocks()} * kExtentBlockBytes;
  ++entries_.at(active_number_).unsettled;
  unsettled_.insert(IdOf(address));
  return Place{.segment = active_, .address = address};
}

void Segments::Put(const ContentToPut& content, ContentStore::Done<Result<ContentId>> done) {
  CHECK(!content.bytes.empty() && content.bytes.size() <= limits::kMaxChunkBytes);
  Result<Place> allocated = [&] {
    const std::lock_guard lock(mutex_);
    return Allocate(content);
  }();
  if (!allocated.ok()) return done(allocated.status());
  Place place = std::move(allocated).value();
  const Status written = place.segment->Write(place.address, content);
  if (!written.ok()) {
    const Status punched = place.segment->Punch(place.address);
    (void)Settle(place.address, punched.ok());
    return done(written);
  }
  syncs_.Add(place.segment, [this, place, done = std::move(done)](const Status& synced) {
    if (synced.ok()) return done(IdOf(place.address));
    // The kernel may have dropped what it shows as written: no more is written to this segment.
    (void)Settle(place.address, false);
    done(synced);
  });
}

void Segments::Delete(const ExtentAddress& address, ContentStore::Done<Status> done) {
  auto segment = OpenSegment(address.segment);
  if (segment.status().code() == Code::kNotFound) return done({});
  if (!segment.ok()) return done(segment.status());
  if (Status punched = (*segment)->Punch(address); !punched.ok()) return done(punched);
  syncs_.Add(*segment, [this, address, done = std::move(done)](const Status& synced) {
    if (!synced.ok()) return done(synced);
    (void)Settle(address, true);
    // A failure shows up when it is tried again, with the next one or at the next start.
    (void)Finish(address.segment);
    done({});
  });
}

// --- Settled and doubtful contents ---------------------------------------------------------------

bool Segments::IsComplete(uint32_t number, const Entry& entry) const {
  return (number != active_number_ || active_ == nullptr) && entry.unsettled == 0;
}

std::optional<uint32_t> Segments::Settle(const ExtentAddress& address, bool kept) {
  const std::lock_guard lock(mutex_);
  if (unsettled_.erase(IdOf(address)) == 0) return std::nullopt;  // of an earlier process
  Entry& entry = entries_.at(address.segment);
  CHECK(entry.unsettled > 0);
  --entry.unsettled;
  if (!kept) {
    entry.doubtful = true;
    if (address.segment == active_number_) active_ = nullptr;
  }
  const bool finishes = IsComplete(address.segment, entry) && entry.is_open && !entry.doubtful;
  return finishes ? std::optional(address.segment) : std::nullopt;
}

Status Segments::Finish(uint32_t number) {
  const std::lock_guard lock(mutex_);
  return FinishLocked(number);
}

Status Segments::FinishLocked(uint32_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return {};
  Entry& entry = found->second;
  if (!IsComplete(number, entry) || entry.doubtful) return {};
  if (entry.is_open) {
    // If a crash undoes it, all contents are looked at once more.
    SMILE_TRY(RenameFile(PathOf(number, true), PathOf(number, false)));
    entry.is_open = false;
  }
  if (number == entries_.rbegin()->first) return {};
  SMILE_ASSIGN(const std::shared_ptr<Segment> segment, OpenLocked(number));
  SMILE_ASSIGN(const bool is_empty, segment->IsEmpty());
  if (!is_empty) return {};
  SMILE_TRY(RemoveFile(PathOf(number, false)));
  recent_.Remove(number);
  entries_.erase(found);
  return SyncDirectory(directory_);
}

Result<std::optional<DoubtfulContents>> Segments::FindDoubtful() {
  std::shared_ptr<Segment> segment;
  DoubtfulContents found;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = std::find_if(entries_.begin(), entries_.end(), [this](const auto& each) {
      return each.second.doubtful && IsComplete(each.first, each.second);
    });
    if (entry == entries_.end()) return std::optional<DoubtfulContents>();
    found.group = entry->first;
    auto opened = OpenLocked(found.group);
    // Somebody has removed the file: nothing is left of it.
    if (opened.status().code() == Code::kNotFound) return std::optional(std::move(found));
    if (!opened.ok()) return opened.status();
    segment = std::move(opened).value();
  }
  SMILE_ASSIGN(const std::vector<ExtentAddress> extents, segment->List(0, kAllExtents));
  for (const ExtentAddress& address : extents) found.contents.push_back(IdOf(address));
  return std::optional(std::move(found));
}

Status Segments::SettleDoubtful(uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  if (found == entries_.end()) return {};
  found->second.doubtful = false;
  Status finished = FinishLocked(number);
  return finished.code() == Code::kNotFound ? Status() : finished;  // the file was removed
}

// --- Reads ---------------------------------------------------------------------------------------

Result<std::shared_ptr<Segment>> Segments::OpenLocked(uint32_t number) {
  if (std::shared_ptr<Segment>* const open = recent_.Find(number)) return *open;
  const auto entry = entries_.find(number);
  if (entry == entries_.end()) return NoSuchContent();
  auto segment = Segment::Open(PathOf(number, entry->second.is_open), number);
  if (segment.ok()) recent_.Add(number, *segment);
  return segment;
}

Result<std::shared_ptr<Segment>> Segments::OpenSegment(uint32_t number) {
  const std::lock_guard lock(mutex_);
  return OpenLocked(number);
}

Result<ContentPiece> Segments::Read(const ExtentAddress& address, uint64_t offset, uint32_t size) {
  SMILE_ASSIGN(const std::shared_ptr<Segment> segment, OpenSegment(address.segment));
  return segment->Read(address, offset, size);
}

std::optional<ContentPiece> Segments::Peek(const ExtentAddress& address) {
  // Somebody may hold it while a file is created.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return std::nullopt;
  const std::shared_ptr<Segment>* const open = recent_.Find(address.segment);
  return open == nullptr ? std::nullopt : (*open)->Peek(address);
}

Result<ContentInfo> Segments::Stat(const ExtentAddress& address) {
  SMILE_ASSIGN(const std::shared_ptr<Segment> segment, OpenSegment(address.segment));
  return segment->Stat(address);
}

Result<std::vector<ContentId>> Segments::List(const ContentId& after, size_t limit) {
  const auto start = AddressOf(after).value_or(ExtentAddress());
  uint32_t block = start.block + (start.block > 0 ? start.blocks() : 0);
  std::optional<uint32_t> number = start.segment;
  std::vector<ContentId> ids;
  while (ids.size() < limit) {
    std::shared_ptr<Segment> segment;
    {
      const std::lock_guard lock(mutex_);
      const auto entry = entries_.lower_bound(*number);
      if (entry == entries_.end()) break;
      if (entry->first != *number) block = 0;
      number = entry->first;
      SMILE_ASSIGN(segment, OpenLocked(*number));
    }
    SMILE_ASSIGN(const std::vector<ExtentAddress> extents,
                 segment->List(block, limit - ids.size()));
    const std::lock_guard lock(mutex_);
    for (const ExtentAddress& address : extents) {
      const ContentId id = IdOf(address);
      if (unsettled_.count(id) == 0) ids.push_back(id);
      block = address.block + address.blocks();
    }
    if (extents.empty()) {
      if (*number == UINT32_MAX) break;
      number = *number + 1;
      block = 0;
    }
  }
  return ids;
}

void Segments::Close() {
  syncs_.Close();
  const std::lock_guard lock(mutex_);
  if (active_ == nullptr) return;
  active_ = nullptr;
  // If it fails, its contents are looked at when the next process starts.
  (void)FinishLocked(active_number_);
}

uint64_t Segments::segment_count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace smile
