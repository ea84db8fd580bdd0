// One segment on the disk (segment_format.h): a file to which extents are appended, and in which
// holes replace those that are deleted. All calls block; any thread. Whoever writes an extent chose
// its place: no two extents overlap.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "storage/content/disk_file.h"
#include "storage/content/segment_format.h"
#include "storage/content/verified_parts.h"
#include "storage/content_store.h"

namespace smile {

class Segment : public std::enable_shared_from_this<Segment> {
 public:
  // Durable when it returns, but for the entry in its directory. There is none of this name.
  static Result<std::shared_ptr<Segment>> Create(const std::string& path, uint32_t number);
  // kNotFound.
  static Result<std::shared_ptr<Segment>> Open(const std::string& path, uint32_t number);

  // Durable after the next Sync().
  Status Write(const ExtentAddress& address, const ContentToPut& content) const;
  Status Sync() const { return file_.Sync(); }

  // As ContentStore's. kNotFound: it was deleted.
  Result<ContentPiece> Read(const ExtentAddress& address, uint64_t offset, uint32_t size) const;
  Result<ContentInfo> Stat(const ExtentAddress& address) const;
  // As ContentStore's, of the whole extent. Does not block.
  std::optional<ContentPiece> Peek(const ExtentAddress& address) const;

  // Gives back the space of an extent; durable after the next Sync(). Ok if it was deleted.
  Status Punch(const ExtentAddress& address) const;
  // No extent is left, nor anything else beside the header.
  Result<bool> IsEmpty() const;

  // The extents from this block on, in order, at most `limit`. None if the segment's header is
  // damaged. What has no valid header is no extent.
  Result<std::vector<ExtentAddress>> List(uint32_t from_block, size_t limit) const;

 private:
  Segment(uint32_t number, DiskFile file);

  Status ReadKey();
  // `coded` is what is at the place of an extent.
  Result<ExtentHeader> HeaderOf(const ExtentAddress& address, ByteView coded) const;

  const uint32_t number_;
  const DiskFile file_;
  mutable VerifiedParts verified_;  // extents, by their first block
  SegmentKey key_{};
  bool has_key_ = false;  // its header is not damaged
};

}  // namespace smile
