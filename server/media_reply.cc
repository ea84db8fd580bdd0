#include "server/media_reply.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/continuation.h"
#include "server/page_room.h"

namespace smile {
namespace {

// Of an entry without its fields and their lengths.
constexpr size_t kMediaEntryBytes = 1 + 3 * sizeof(uint64_t) + kSha256Bytes;
constexpr size_t kMediaLengths = 4;  // of the SHA-256 and the fields

static_assert(kMediaEntryBytes + limits::kMaxMediaFieldBytes +
                      kMediaLengths * PageRoom::kLengthBytes <
                  limits::kLeastReplyFrameBytes - 1024,
              "every entry fits into every reply");

op::MediaEntry EntryOf(const MediaPage::Entry& entry) {
  switch (entry.outcome) {
    case ScanPage::Outcome::kFound:
      return {EntryOutcome::kFound, InfoOf(entry.media, entry.manifest)};
    case ScanPage::Outcome::kCorrupt:
      return {EntryOutcome::kCorrupt, {.media = entry.media}};
    case ScanPage::Outcome::kGap:
      break;
  }
  return {EntryOutcome::kGap, {}};
}

Bytes SortOf(const MediaPage::Entry& entry) {
  return MediaKey(/*owner=*/0, entry.media).sort;
}

Bytes ContinuationOf(const MediaPage& page) {
  if (!page.more) return {};
  if (page.resume_from.has_value()) return ContinuationFrom(*page.resume_from);
  CHECK(!page.entries.empty(), "a page that is not complete says where it ends");
  return ContinuationAfter(SortOf(page.entries.back()));
}

}  // namespace

op::MediaInfo InfoOf(uint64_t media, const MediaManifest& manifest) {
  return {.media = media,
          .size = manifest.size,
          .sha256 = manifest.sha256.view(),
          .created_ms = manifest.created_ms,
          .content_type = manifest.fields.content_type,
          .name = manifest.fields.name,
          .custom = manifest.fields.custom};
}

void ReplyWithMedia(const MediaPage& page, Reply* reply) {
  op::MediaList::Response response;
  response.entries.reserve(page.entries.size());
  Bytes continuation = ContinuationOf(page);
  PageRoom room(*reply, kMediaLengths);
  const MediaPage::Entry* last = nullptr;
  for (const MediaPage::Entry& entry : page.entries) {
    if (!room.Take(kMediaEntryBytes + entry.manifest.fields.size())) {
      CHECK(last != nullptr, "one entry fits");
      continuation = last->outcome == ScanPage::Outcome::kGap ? ContinuationFrom(SortOf(entry))
                                                              : ContinuationAfter(SortOf(*last));
      break;
    }
    response.entries.push_back(EntryOf(entry));
    last = &entry;
  }
  response.continuation = continuation;
  reply->Ok<op::MediaList>(response);
}

}  // namespace smile
