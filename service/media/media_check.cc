#include "service/media/media_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "model/path.h"
#include "service/byte_strings.h"

namespace smile {
namespace {

Status InvalidContinuation() {
  return {Code::kInvalid, "invalid continuation token: pass one from a reply to the same check"};
}

}  // namespace

// --- Places --------------------------------------------------------------------------------------

Bytes MediaCheck::Encode(const Place& place) {
  Bytes out;
  AppendLittle(&out, static_cast<uint8_t>(place.phase));
  AppendString(&out, place.partition);
  AppendString(&out, place.sort);
  AppendLittle(&out, static_cast<uint8_t>(place.inclusive));
  AppendLittle(&out, place.offset);
  return out;
}

std::optional<MediaCheck::Place> MediaCheck::Decode(ByteView bytes) {
  Place place;
  uint8_t phase = 0;
  uint8_t inclusive = 0;
  ByteReader reader(bytes);
  const bool whole = reader.ReadLittle(&phase) && ReadString(&reader, &place.partition) &&
                     ReadString(&reader, &place.sort) && reader.ReadLittle(&inclusive) &&
                     reader.ReadLittle(&place.offset) && reader.empty();
  if (!whole || inclusive > 1) return std::nullopt;
  place.phase = Phase{phase};
  place.inclusive = inclusive == 1;
  switch (place.phase) {
    case Phase::kMediaRecords:
    case Phase::kContents: {
      const Table table = TableOf(place.phase);
      const bool starts = place.partition.empty() && place.sort.empty();
      if (!starts && !ValidatePartition({table, place.partition}).ok()) return std::nullopt;
      if (!place.sort.empty() && !ValidateSort(table, place.sort).ok()) return std::nullopt;
      return place;
    }
    case Phase::kFiles:
      if (!place.partition.empty() && place.partition.size() != ContentId().bytes.size()) break;
      return place;
  }
  return std::nullopt;
}

Table MediaCheck::TableOf(Phase phase) {
  CHECK(phase != Phase::kFiles);
  return phase == Phase::kMediaRecords ? Table::kMedia : Table::kContents;
}

// --- Walks ---------------------------------------------------------------------------------------

Task<Result<MediaCheckPage>> MediaCheck::Run() {
  Place place;
  if (!request_.continuation.empty()) {
    std::optional<Place> decoded = Decode(request_.continuation);
    if (!decoded) co_return InvalidContinuation();
    place = std::move(*decoded);
  }
  bool ends = false;  // this phase
  Status walked;
  if (place.phase == Phase::kFiles) {
    walked = co_await WalkFiles(&place, &ends);
  } else {
    walked = co_await WalkTable(TableOf(place.phase), &place, &ends);
  }
  if (!walked.ok()) co_return walked;
  if (ends && place.phase == Phase::kFiles) co_return std::move(page_);
  if (ends) {
    Place next;
    next.phase = place.phase == Phase::kMediaRecords ? Phase::kContents : Phase::kFiles;
    place = std::move(next);
  }
  page_.continuation = Encode(place);
  co_return std::move(page_);
}

// Checks the next records of one partition.
Task<Status> MediaCheck::WalkTable(Table table, Place* place, bool* ends) {
  ListRequest list{.table = table, .limit = 1, .call = request_.call};
  if (place->sort.empty()) {
    list.after = place->partition;
  } else {
    list.from = ListPlace{place->partition, place->sort};
  }
  const Result<ListPage> listed = co_await engine_.List(std::move(list));
  if (!listed.ok()) co_return listed.status();
  if (listed->partitions.empty()) {
    *ends = !listed->more;
    if (!listed->more) co_return Status();
    place->partition = listed->resume_from->partition;
    place->sort = listed->resume_from->sort;
    place->inclusive = true;
    co_return Status();
  }
  const Bytes& partition = listed->partitions.front();
  ScanRequest scan{.table = table,
                   .partition = partition,
                   .limit = limits::kCheckedMediaRecords,
                   .max_value_bytes = limits::kMaxReplyValueBytes,
                   .call = request_.call};
  if (partition == place->partition && !place->sort.empty()) {
    (place->inclusive ? scan.from : scan.after) = place->sort;
  } else {
    place->offset = 0;
  }
  place->partition = partition;
  const Result<ScanPage> page = co_await engine_.Scan(std::move(scan));
  if (!page.ok()) co_return page.status();
  for (size_t i = 0; i < page->size(); ++i) {
    const ScanPage::Entry found = (*page)[i];
    Entry entry{.key = Key(table, partition, Bytes(found.sort)),
                .outcome = found.outcome,
                .record = Record(found.record)};
    if (Status checked = co_await CheckEntry(std::move(entry), place); !checked.ok()) {
      co_return checked;
    }
    if (place->offset > 0) co_return Status();  // in the bytes of this content
  }
  place->inclusive = page->resume_from.has_value();
  if (page->resume_from.has_value()) {
    place->sort = *page->resume_from;
  } else if (!page->more) {
    place->sort.clear();
  }
  co_return Status();
}

Task<Status> MediaCheck::CheckEntry(Entry entry, Place* place) {
  if (entry.outcome != ScanPage::Outcome::kFound) {
    Report(MediaFault::kDamagedRecord, FormatKey(entry.key.view()));
    co_return Status();
  }
  place->sort = entry.key.sort;
  place->inclusive = false;
  if (entry.key.table == Table::kMedia) co_return co_await CheckMediaRecord(std::move(entry));
  if (entry.key.sort == HeadSort()) co_return co_await CheckHead(std::move(entry), place);
  co_return co_await CheckReference(std::move(entry));
}

Task<Status> MediaCheck::WalkFiles(Place* place, bool* ends) {
  ContentId after;
  std::copy(place->partition.begin(), place->partition.end(), after.bytes.begin());
  const auto ids = co_await FromCallback<Result<std::vector<ContentId>>>(
      [&](auto done) { store_.List(after, limits::kCheckedMediaRecords, std::move(done)); });
  if (!ids.ok()) co_return ids.status();
  for (const ContentId& id : *ids) {
    if (Status checked = co_await CheckFile(id); !checked.ok()) co_return checked;
    place->partition = BytesOf(id);
  }
  *ends = ids->size() < limits::kCheckedMediaRecords;
  co_return Status();
}

void MediaCheck::Report(MediaFault fault, Bytes what, bool repaired) {
  CHECK(what.size() <= kMaxFindingNameBytes && page_.findings.size() < kMaxMediaFindings);
  page_.findings.push_back({.fault = fault, .what = std::move(what), .repaired = repaired});
}

// --- Media records -------------------------------------------------------------------------------

Task<Status> MediaCheck::CheckMediaRecord(Entry entry) {
  ++page_.media_records;
  const auto manifest = DecodeMediaManifest(entry.record.value);
  if (!manifest) {
    Report(MediaFault::kDamagedRecord, FormatKey(entry.key.view()));
    co_return Status();
  }
  const Result<MediaFault> fault = co_await FaultOf(*manifest);
  if (fault.status().code() == Code::kNotFound) co_return Status();
  if (!fault.ok()) co_return fault.status();
  // It may have been deleted while its content was looked up.
  const auto held = co_await locks_.Lock(manifest->upload);
  const Result<Record> again = co_await engine_.Read(entry.key);
  if (again.status().code() == Code::kNotFound) co_return Status();
  if (!again.ok()) co_return again.status();
  if (again->version == entry.record.version) Report(*fault, FormatKey(entry.key.view()));
  co_return Status();
}

// kNotFound: none.
Task<Result<MediaFault>> MediaCheck::FaultOf(MediaManifest manifest) {
  ReadRequest read;
  read.keys.push_back(HeadKey(manifest.sha256));
  read.keys.push_back(ReferenceKey(manifest.sha256, manifest.upload));
  const Result<ReadReply> found = co_await engine_.Read(std::move(read));
  if (!found.ok()) co_return found.status();
  for (const Result<Record>& record : *found) {
    const Code code = record.status().code();
    if (code == Code::kNotFound) co_return MediaFault::kNoReference;
    if (code == Code::kCorrupt) co_return MediaFault::kDamagedRecord;
    if (!record.ok()) co_return record.status();
  }
  const auto head = DecodeContentHead((*found)[0]->value);
  if (!head) co_return MediaFault::kDamagedRecord;
  if (head->dying) co_return MediaFault::kNoReference;
  if (head->content != manifest.content || head->size != manifest.size) {
    co_return MediaFault::kOtherContent;
  }
  co_return Status(Code::kNotFound, "");
}

}  // namespace smile
