// MediaCheck, continued: content, its references and files.
#include <algorithm>
#include <string>
#include <utility>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/limits.h"
#include "model/path.h"
#include "service/media/media_check.h"

namespace smile {
namespace {

// Of content, from the key of one of its records.
Sha256Digest DigestOf(const Key& key) {
  Sha256Digest sha256;
  CHECK(key.table == Table::kContents && key.partition.size() == sha256.bytes.size());
  std::copy(key.partition.begin(), key.partition.end(), sha256.bytes.begin());
  return sha256;
}

}  // namespace

// --- Content -------------------------------------------------------------------------------------

Task<Status> MediaCheck::CheckReference(Entry entry) {
  ++page_.references;
  const auto upload = DecodeReferenceSort(entry.key.sort);
  const auto id = DecodeMediaId(entry.record.value);
  if (!upload || !id) {
    Report(MediaFault::kDamagedRecord, FormatKey(entry.key.view()));
    co_return Status();
  }
  const Result<bool> there = co_await IsReferred(*upload, *id);
  if (!there.ok()) co_return there.status();
  if (*there) co_return Status();
  bool repaired = false;
  {
    const auto held = co_await locks_.Lock(*upload);
    const Result<Record> again = co_await engine_.Read(entry.key);
    if (again.status().code() == Code::kNotFound) co_return Status();
    if (!again.ok()) co_return again.status();
    const Result<bool> now = co_await IsReferred(*upload, *id);
    if (!now.ok()) co_return now.status();
    if (*now) co_return Status();
    if (request_.repair) {
      if (Status released = co_await contents_.Release(DigestOf(entry.key), *upload);
          !released.ok()) {
        co_return released;
      }
      repaired = true;
    }
  }
  Report(MediaFault::kNoMediaRecord, FormatKey(entry.key.view()), repaired);
  co_return Status();
}

// Whether the media record of a reference is there, or is being committed.
Task<Result<bool>> MediaCheck::IsReferred(ContentId upload, MediaId id) {
  const Result<Record> media = co_await engine_.Read(MediaKey(id.owner, id.media));
  if (media.ok()) {
    const auto manifest = DecodeMediaManifest(media->value);
    // A damaged one is found by itself, and may be of this reference.
    if (!manifest || manifest->upload == upload) co_return true;
  } else if (media.status().code() == Code::kCorrupt) {
    co_return true;
  } else if (media.status().code() != Code::kNotFound) {
    co_return media.status();
  }
  const Result<Record> record = co_await engine_.Read(UploadKey(upload));
  if (record.status().code() == Code::kNotFound) co_return false;
  if (!record.ok()) co_return record.status();
  const auto decoded = DecodeUploadRecord(record->value);
  co_return decoded && decoded->state == UploadState::kCommitting;
}

Task<Status> MediaCheck::CheckHead(Entry entry, Place* place) {
  if (place->offset == 0) ++page_.contents;
  const auto head = DecodeContentHead(entry.record.value);
  if (!head) {
    Report(MediaFault::kDamagedRecord, FormatKey(entry.key.view()));
    co_return Status();
  }
  ScanRequest references{.table = Table::kContents,
                         .partition = entry.key.partition,
                         .from = FirstReferenceSort(),
                         .limit = 1,
                         .keys_only = true};
  const Result<ScanPage> referred = co_await engine_.Scan(std::move(references));
  if (!referred.ok()) co_return referred.status();
  if (referred->size() == 0 && !referred->more && co_await IsStill(entry)) {
    if (request_.repair) {
      if (Status done = co_await contents_.Release(DigestOf(entry.key), ContentId()); !done.ok())
        co_return done;
    }
    Report(MediaFault::kUnusedContent, FormatKey(entry.key.view()), request_.repair);
    co_return Status();
  }
  if (head->dying) co_return Status();
  if (head->content.place == ContentPlace::kRecord) {
    co_return co_await CheckSmallBytes(std::move(entry), *head);
  }
  co_return co_await CheckBytes(std::move(entry), *head, place);
}

// Whether a record is as it was read.
Task<bool> MediaCheck::IsStill(Entry entry) {
  const Result<Record> again = co_await engine_.Read(entry.key);
  co_return again.ok() && again->version == entry.record.version;
}

Task<Status> MediaCheck::CheckSmallBytes(Entry entry, ContentHead head) {
  const Result<Record> bytes = co_await engine_.Read(SmallContentKey(head.content.id));
  const Code code = bytes.status().code();
  std::optional<MediaFault> fault;
  if (code == Code::kCorrupt) {
    fault = MediaFault::kDamagedBytes;
  } else if (code == Code::kNotFound || (bytes.ok() && bytes->value.size() != head.size)) {
    fault = MediaFault::kNoBytes;
  } else if (!bytes.ok()) {
    co_return bytes.status();
  } else if (request_.read_bytes) {
    page_.read_bytes += head.size;
    const ByteView view = bytes->value;
    const auto sha256 = co_await FromCallback<Result<Sha256Digest>>(
        [&](auto done) { store_.Hash(view, request_.call.source, std::move(done)); });
    if (!sha256.ok()) co_return sha256.status();
    if (ContentPartition(*sha256) != entry.key.partition) fault = MediaFault::kDamagedBytes;
  }
  if (fault && co_await IsStill(entry)) Report(*fault, FormatKey(entry.key.view()));
  co_return Status();
}

// Goes on at place->offset, which is greater than 0 afterwards if there is more to read.
Task<Status> MediaCheck::CheckBytes(Entry entry, ContentHead head, Place* place) {
  const ContentId id = head.content.id;
  const uint64_t begin = std::exchange(place->offset, 0);
  const auto info = co_await FromCallback<Result<ContentInfo>>(
      [&](auto done) { store_.Stat(id, std::move(done)); });
  const bool other = info.ok() && (info->size != head.size ||
                                   ContentPartition(info->sha256) != entry.key.partition);
  if (info.status().code() == Code::kNotFound || info.status().code() == Code::kCorrupt || other) {
    if (co_await IsStill(entry)) Report(MediaFault::kNoBytes, FormatKey(entry.key.view()));
    co_return Status();
  }
  if (!info.ok()) co_return info.status();
  if (!request_.read_bytes) co_return Status();
  const uint64_t end = std::min(head.size, begin + limits::kCheckedContentBytes);
  for (uint64_t offset = begin; offset < end; offset += limits::kMaxContentReadBytes) {
    const ContentRange range{.id = id,
                             .offset = offset,
                             .size = limits::kMaxContentReadBytes,
                             .call = {.source = request_.call.source}};
    const auto piece = co_await FromCallback<Result<ContentPiece>>(
        [&](auto done) { store_.Read(range, std::move(done)); });
    if (piece.status().code() == Code::kCorrupt || piece.status().code() == Code::kNotFound) {
      if (co_await IsStill(entry)) {
        Report(MediaFault::kDamagedBytes,
               FormatKey(entry.key.view()) + " at " + std::to_string(offset));
      }
      continue;
    }
    if (!piece.ok()) co_return piece.status();
    page_.read_bytes += piece->bytes.size();
  }
  if (end < head.size) {
    place->offset = end;
    place->inclusive = true;
  }
  co_return Status();
}

// --- Files ---------------------------------------------------------------------------------------

Task<Status> MediaCheck::CheckFile(ContentId id) {
  ++page_.files;
  // The upload that made it, of the same id, may be committing it.
  const auto held = co_await locks_.Lock(id);
  const Result<Record> upload = co_await engine_.Read(UploadKey(id));
  if (upload.ok()) co_return Status();
  if (upload.status().code() != Code::kNotFound) co_return upload.status();
  const auto info = co_await FromCallback<Result<ContentInfo>>(
      [&](auto done) { store_.Stat(id, std::move(done)); });
  if (info.status().code() == Code::kNotFound) co_return Status();
  if (info.status().code() == Code::kCorrupt) {
    // It does not say whose it is. If it is content, that was found by its head.
    co_return Status();
  }
  if (!info.ok()) co_return info.status();
  const Result<Record> record = co_await engine_.Read(HeadKey(info->sha256));
  if (record.ok()) {
    const auto head = DecodeContentHead(record->value);
    if (!head || head->content.id == id) co_return Status();
  } else if (record.status().code() == Code::kCorrupt) {
    co_return Status();
  } else if (record.status().code() != Code::kNotFound) {
    co_return record.status();
  }
  if (request_.repair) {
    Status deleted =
        co_await FromCallback<Status>([&](auto done) { store_.Delete(id, std::move(done)); });
    if (!deleted.ok()) co_return deleted;
  }
  Report(MediaFault::kUnknownFile, "file " + id.ToHex(), request_.repair);
  co_return Status();
}

}  // namespace smile
