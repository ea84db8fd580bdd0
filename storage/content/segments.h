// Contents that were put at once, in segments (segment_format.h). New ones are appended to one
// segment; when that is full, the next is created. A deleted one becomes a hole, so its space is
// free at once, and nothing is ever moved. A segment in which nothing is left is removed, unless it
// has the highest number: numbers are not used again.
//
// The file of a segment that may have contents to which nobody refers is named NUMBER.open: of the
// one that is appended to, of one whose contents are not all settled, and of those that a crash
// left so. It is renamed to NUMBER when all are settled.
//
// Any thread. Calls block, unless they have a callback or say that they do not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/content/group_sync.h"
#include "storage/content/recently_used.h"
#include "storage/content/segment.h"
#include "storage/content_store.h"

namespace smile {

class Segments {
 public:
  // `directory` is created by Prepare() if it is missing. A new segment follows one that has this
  // many bytes.
  Segments(std::string directory, uint64_t segment_bytes);

  // Before anything else.
  Status Prepare();

  // As ContentStore's. `done` is called on another thread, or before this returns.
  void Put(const ContentToPut& content, ContentStore::Done<Result<ContentId>> done);
  void Delete(const ExtentAddress& address, ContentStore::Done<Status> done);
  Result<ContentPiece> Read(const ExtentAddress& address, uint64_t offset, uint32_t size);
  Result<ContentInfo> Stat(const ExtentAddress& address);
  // Of the whole extent. Does not block.
  std::optional<ContentPiece> Peek(const ExtentAddress& address);
  // Those that follow `after`, which may be the id of an extent or any other.
  Result<std::vector<ContentId>> List(const ContentId& after, size_t limit);

  // Does not block. The number of a segment for which Finish() is to be called, if there is one.
  std::optional<uint32_t> Settle(const ExtentAddress& address, bool kept);
  // Renames or removes the file of a segment, if it is complete and settled.
  Status Finish(uint32_t number);

  Result<std::optional<DoubtfulContents>> FindDoubtful();
  Status SettleDoubtful(uint32_t number);

  // Ends what waits for the disk. No call of Put or Delete may follow.
  void Close();

  uint64_t segment_count() const;

 private:
  struct Entry {
    bool is_open = false;  // by its name
    bool doubtful = false;
    uint32_t unsettled = 0;  // contents of this process
  };
  struct Place {
    std::shared_ptr<Segment> segment;
    ExtentAddress address;
  };

  std::string PathOf(uint32_t number, bool is_open) const;
  // With mutex_ held:
  Result<Place> Allocate(const ContentToPut& content);
  Status StartSegment();
  Result<std::shared_ptr<Segment>> OpenLocked(uint32_t number);
  // Nothing is appended to it, and all of its contents are settled.
  bool IsComplete(uint32_t number, const Entry& entry) const;
  Status FinishLocked(uint32_t number);

  Result<std::shared_ptr<Segment>> OpenSegment(uint32_t number);

  const std::string directory_;
  const uint64_t segment_bytes_;
  mutable std::mutex mutex_;
  std::map<uint32_t, Entry> entries_;
  RecentlyUsed<uint32_t, std::shared_ptr<Segment>> recent_;  // open files
  std::shared_ptr<Segment> active_;                          // that is appended to; or null
  uint32_t active_number_ = 0;
  uint64_t end_ = 0;               // of the active one
  std::set<ContentId> unsettled_;  // put by this process
  GroupSync syncs_;
};

}  // namespace smile
