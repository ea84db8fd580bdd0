// The calls of the model for media records.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "tests/service/media_model_internal.h"

namespace smile::testing {

void MediaModel::CheckMedia(const MediaId& id, const Media& media) {
  const auto manifest = process_->media.Stat(id).Wait();
  ExpectCode(manifest.status(), Code::kOk, "stat");
  if (manifest.ok()) Expect(*manifest == media.manifest, "stat: another manifest");
  Expect(media.manifest.size == media.content.size() &&
             media.manifest.sha256 == Sha256::Of(media.content),
         "the manifest does not fit the content");
  const auto piece = process_->media.Read(id, 0, limits::kMaxContentReadBytes, {}).Wait();
  ExpectCode(piece.status(), Code::kOk, "read");
  if (piece.ok()) Expect(piece->bytes == media.content, "read: other bytes");
}

void MediaModel::Read() {
  const MediaId id = AnyId();
  static constexpr uint64_t kOffsets[] = {
      0, 1, kModelChunk - 1, kModelChunk, kModelChunk + 3, UINT64_MAX};
  const uint64_t offset = kOffsets[below_(std::size(kOffsets))];
  const auto size = static_cast<uint32_t>(below_(2) == 0 ? limits::kMaxContentReadBytes : 2);
  bool interrupted = false;
  const auto piece =
      WithFaults([&] { return process_->media.Read(id, offset, size, {}).Wait(); }, &interrupted);
  const auto media = media_.find(id);
  if (media == media_.end()) return ExpectCode(piece.status(), Code::kNotFound, "read");
  const Bytes& content = media->second.content;
  ExpectCode(piece.status(), offset > content.size() ? Code::kInvalid : Code::kOk, "read");
  if (!piece.ok()) return;
  Expect(piece->bytes == content.substr(offset, size), "read: other bytes");
  Expect(piece->checksum == Hash64(piece->bytes), "read: another checksum");
  Expect(piece->content_size == content.size(), "read: another size");
}

void MediaModel::List() {
  const uint64_t owner = below_(kOwners) + 1;
  MediaListRequest request{.owner = owner, .limit = static_cast<uint32_t>(below_(3) + 1)};
  std::vector<std::pair<uint64_t, MediaManifest>> listed;
  for (bool more = true; more && failure_.empty();) {
    bool interrupted = false;
    const auto page =
        WithFaults([&] { return process_->media.List(request).Wait(); }, &interrupted);
    ExpectCode(page.status(), Code::kOk, "list");
    if (!page.ok()) return;
    for (const MediaPage::Entry& entry : page->entries) {
      Expect(entry.outcome == ScanPage::Outcome::kFound, "list: a record cannot be read");
      listed.emplace_back(entry.media, entry.manifest);
    }
    more = page->more;
    request.from = page->resume_from.value_or(Bytes());
    if (more && request.from.empty()) request.after = MediaKey(owner, listed.back().first).sort;
  }
  std::vector<std::pair<uint64_t, MediaManifest>> expected;
  for (const auto& [id, media] : media_) {
    if (id.owner == owner) expected.emplace_back(id.media, media.manifest);
  }
  std::reverse(expected.begin(), expected.end());
  Expect(listed == expected, "list: other records");
}

void MediaModel::Set() {
  const MediaId id = AnyId();
  const MediaFields fields = AnyFields();
  bool interrupted = false;
  const Status status =
      WithFaults([&] { return process_->media.SetFields(id, fields).Wait(); }, &interrupted);
  const auto media = media_.find(id);
  Code expected = media == media_.end() ? Code::kNotFound : Code::kOk;
  if (fields.size() > limits::kMaxMediaFieldBytes) expected = Code::kTooLarge;
  ExpectCode(status, expected, "set");
  if (status.ok()) media->second.manifest.fields = fields;
}

void MediaModel::Delete() {
  const MediaId id = AnyId();
  bool interrupted = false;
  const Status status = WithFaults([&] { return process_->media.Delete(id).Wait(); }, &interrupted);
  const bool was_there = media_.erase(id) > 0;
  if (was_there && interrupted && status.code() == Code::kNotFound) return;  // the first did it
  ExpectCode(status, was_there ? Code::kOk : Code::kNotFound, "delete");
}

void MediaModel::Put() {
  const Bytes& content = contents_[below_(contents_.size())];
  const MediaId id = AnyId();
  PutMedia put{.id = id, .fields = AnyFields(), .bytes = content, .checksum = Hash64(content)};
  if (below_(4) == 0) put.sha256 = Sha256::Of(below_(4) == 0 ? "something else" : content);
  const MediaFields fields = put.fields;
  const auto there = media_.find(id);
  Code expected = Code::kOk;
  if (there != media_.end() && there->second.content != content) expected = Code::kConditionFailed;
  if (put.sha256 && *put.sha256 != Sha256::Of(content)) expected = Code::kConditionFailed;
  if (fields.size() > limits::kMaxMediaFieldBytes) expected = Code::kTooLarge;
  PlanFaults();
  const auto stored = process_->media.Put(std::move(put)).Wait();
  process_->faults.Clear();
  if (IsTransient(stored.status())) {
    Settle();
    const auto manifest = process_->media.Stat(id).Wait();
    if (there != media_.end()) return;
    if (manifest.ok()) {
      Expect(expected == Code::kOk, "a put that must fail took effect");
      media_[id] = {.manifest = *manifest, .content = content};
      CheckMedia(id, media_[id]);
    }
    return;
  }
  const bool is_repeated = there != media_.end() && expected == Code::kOk;
  if (is_repeated && stored.status().code() == Code::kConditionFailed) return;
  ExpectCode(stored.status(), expected, "put");
  if (!stored.ok()) return;
  Expect(stored->id == id, "put answers another media id");
  if (there != media_.end()) {
    return Expect(stored->manifest == there->second.manifest, "a repeated put answers otherwise");
  }
  Expect(stored->manifest.fields == fields, "put: other fields");
  media_[id] = {.manifest = stored->manifest, .content = content};
}

}  // namespace smile::testing
