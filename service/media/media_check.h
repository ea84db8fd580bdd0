// Proves that media records, references, heads and content agree, and names what does not. Online:
// others use the service meanwhile.
//
// A check is a sequence of requests, each with bounded work, that walk in turn: media records;
// content, its references, and on request its bytes; the files of the content store. What a request
// finds suspicious it reads again with the upload locked, so that work in progress is no finding.
// What a crash left is one until the sweeper has finished it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/task.h"
#include "model/media_fault.h"
#include "service/engine_calls.h"
#include "service/keyed_lock.h"
#include "service/media/media_records.h"
#include "service/media/shared_content.h"
#include "storage/content_store.h"

namespace smile {

// What a request can find: one fault of each record or file that it looks at, and of each piece of
// content that it reads.
inline constexpr size_t kMaxMediaFindings =
    limits::kCheckedMediaRecords + limits::kCheckedContentBytes / limits::kMaxContentReadBytes;
inline constexpr size_t kMaxFindingNameBytes = 136;

struct MediaFinding {
  MediaFault fault = MediaFault::kDamagedRecord;
  // A path, in which the tables are internal ones, or "file ID"; at most kMaxFindingNameBytes.
  Bytes what;
  bool repaired = false;
};

struct MediaCheckRequest {
  Bytes continuation;       // empty: from the beginning; else MediaCheckPage::continuation
  bool read_bytes = false;  // of all content
  bool repair = false;
  CallContext call;
};

struct MediaCheckPage {
  uint64_t media_records = 0;
  uint64_t references = 0;
  uint64_t contents = 0;
  uint64_t files = 0;
  uint64_t read_bytes = 0;
  std::vector<MediaFinding> findings;
  Bytes continuation;  // empty if complete
};

// Any thread; for one request.
class MediaCheck {
 public:
  // All outlive the object, which outlives its task.
  MediaCheck(const EngineCalls& engine, ContentStore& store, const SharedContent& contents,
             KeyedLock<ContentId>& locks, MediaCheckRequest request)
      : engine_(engine),
        store_(store),
        contents_(contents),
        locks_(locks),
        request_(std::move(request)) {}

  // kInvalid if the continuation is not one.
  Task<Result<MediaCheckPage>> Run();

 private:
  enum class Phase : uint8_t { kMediaRecords = 1, kContents = 2, kFiles = 3 };

  // Where a request goes on.
  struct Place {
    Phase phase = Phase::kMediaRecords;
    Bytes partition;  // of the phase's table; in kFiles the id of a file to go on after
    Bytes sort;       // after this one, or at it if `inclusive`; empty: after the partition
    bool inclusive = false;
    uint64_t offset = 0;  // in the bytes of the content whose head is at `sort`
  };
  struct Entry {
    Key key;
    ScanPage::Outcome outcome = ScanPage::Outcome::kFound;
    Record record;
  };

  static Table TableOf(Phase phase);
  static Bytes Encode(const Place& place);
  static std::optional<Place> Decode(ByteView bytes);

  // `ends`: nothing is left in this phase.
  Task<Status> WalkTable(Table table, Place* place, bool* ends);
  Task<Status> WalkFiles(Place* place, bool* ends);
  Task<Status> CheckEntry(Entry entry, Place* place);
  Task<Status> CheckMediaRecord(Entry entry);
  Task<Result<MediaFault>> FaultOf(MediaManifest manifest);
  Task<Status> CheckHead(Entry entry, Place* place);
  Task<Status> CheckReference(Entry entry);
  Task<Status> CheckFile(ContentId id);
  Task<Result<bool>> IsReferred(ContentId upload, MediaId id);
  Task<bool> IsStill(Entry entry);
  Task<Status> CheckBytes(Entry entry, ContentHead head, Place* place);
  Task<Status> CheckSmallBytes(Entry entry, ContentHead head);
  void Report(MediaFault fault, Bytes what, bool repaired = false);

  const EngineCalls& engine_;
  ContentStore& store_;
  const SharedContent& contents_;
  KeyedLock<ContentId>& locks_;
  const MediaCheckRequest request_;
  MediaCheckPage page_;
};

}  // namespace smile
