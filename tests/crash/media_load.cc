#include "tests/crash/media_load.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "client/client.h"
#include "tests/crash/calls.h"

namespace smile {
namespace {

constexpr uint32_t kChunk = uint32_t{64} << 10;
constexpr size_t kMostMedia = 20;
constexpr uint64_t kSharedContents = 5;

Sha256Digest DigestFrom(ByteView bytes) {
  Sha256Digest digest;
  if (bytes.size() == digest.bytes.size())
    std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

Bytes BytesOf(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

}  // namespace

void MediaCounts::Add(const MediaCounts& other) {
  puts += other.puts;
  uploads += other.uploads;
  resumed += other.resumed;
  deletes += other.deletes;
  reads += other.reads;
}

// --- Content -------------------------------------------------------------------------------------

// Some content is shared with other users.
uint64_t MediaUser::NewNumber() {
  return random_() % 3 == 0 ? random_() % kSharedContents : owner_ << 32 | random_() % (1u << 31);
}

Bytes MediaUser::ContentOf(uint64_t number) const {
  std::mt19937_64 random(number);
  const size_t size = random() % 4 == 0 ? kChunk * (random() % 4) : random() % (5 * kChunk);
  Bytes bytes(size, '\0');
  for (size_t i = 0; i < size; i += 16) bytes[i] = static_cast<char>(random());
  return bytes;
}

void MediaUser::AddContents(std::set<Sha256Digest>* contents) const {
  for (const auto& [media, number] : media_) contents->insert(Sha256::Of(ContentOf(number)));
}

// --- Before the crash ----------------------------------------------------------------------------

void MediaUser::Violation(const std::string& what) {
  violations_.push_back(fmt::format("user {}: {}", owner_, what));
}

bool MediaUser::IsLost(const Status& status, const std::string& what) {
  if (status.ok()) return false;
  if (status.code() != Code::kUnavailable && status.code() != Code::kOutcomeUnknown) {
    Violation(what + ": " + status.ToString());
  }
  return true;
}

void MediaUser::RunUntilCrash(uint16_t port) {
  const std::unique_ptr<Client> client = Connect(port);
  BlockingClient blocking(client.get());
  is_after_restart_ = false;
  while (Step(&blocking)) {
  }
}

bool MediaUser::Step(BlockingClient* client) {
  if (media_.size() > kMostMedia) return Delete(client);
  switch (random_() % 10) {
    case 0:
    case 1:
    case 2:
      return Put(client);
    case 3:
      return media_.empty() || Delete(client);
    case 4:
    case 5:
      if (media_.empty()) return true;
      return Read(
          client,
          std::next(media_.begin(), static_cast<int64_t>(random_() % media_.size()))->first);
    default:
      return UploadInPieces(client);
  }
}

bool MediaUser::Put(BlockingClient* client) {
  if (!put_) put_ = {next_media_++, NewNumber()};
  const auto [media, number] = *put_;
  const Bytes content = ContentOf(number);
  const auto answer = client->Call<op::MediaPut>(
      {.owner = owner_, .media = media, .checksum = Hash64(content), .bytes = content}, kOnce);
  media_[media] = number;
  const bool is_repeated =
      is_after_restart_ && answer.status().code() == Code::kConditionFailed && Read(client, media);
  if (!is_repeated && IsLost(answer.status(), "put")) {
    media_.erase(media);
    return false;
  }
  put_.reset();
  ++counts_.puts;
  return true;
}

bool MediaUser::UploadInPieces(BlockingClient* client) {
  Upload upload{.media = next_media_++, .number = NewNumber()};
  const Bytes content = ContentOf(upload.number);
  op::MediaBegin::Request begin{.owner = owner_, .media = upload.media, .chunk_bytes = kChunk};
  const Bytes sha256 = BytesOf(Sha256::Of(content));
  begin.sha256 = ByteView(sha256);
  if (random_() % 2 == 0) begin.size = content.size();
  const auto started = client->Call<op::MediaBegin>(begin, kOnce);
  if (IsLost(started.status(), "begin")) return false;
  upload.id = Bytes(started->upload);
  upload_ = std::move(upload);
  if (!AppendAll(client, {{.offset = 0, .size = content.size()}})) return false;
  return random_() % 8 == 0 ? Cancel(client) : Commit(client);
}

bool MediaUser::AppendAll(BlockingClient* client, const std::vector<op::MediaRange>& ranges) {
  const Bytes content = ContentOf(upload_->number);
  for (const op::MediaRange& range : ranges) {
    for (uint64_t at = range.offset; at < range.offset + range.size; at += kChunk) {
      const ByteView piece = ByteView(content).substr(at, kChunk);
      const auto answer = client->Call<op::MediaAppend>(
          {.upload = upload_->id, .offset = at, .checksum = Hash64(piece), .bytes = piece}, kOnce);
      if (IsLost(answer.status(), "append")) return false;
    }
  }
  return true;
}

bool MediaUser::Commit(BlockingClient* client) {
  const auto answer =
      client->Call<op::MediaCommit>({.owner = owner_, .upload = upload_->id}, kOnce);
  if (IsLost(answer.status(), "commit")) return false;
  if (DigestFrom(answer->info.sha256) != Sha256::Of(ContentOf(upload_->number))) {
    Violation("a commit answers another SHA-256");
  }
  media_[upload_->media] = upload_->number;
  upload_.reset();
  ++counts_.uploads;
  if (is_after_restart_) ++counts_.resumed;
  return true;
}

bool MediaUser::Cancel(BlockingClient* client) {
  upload_->is_cancelled = true;
  const auto answer =
      client->Call<op::MediaCancel>({.owner = owner_, .upload = upload_->id}, kOnce);
  if (IsLost(answer.status(), "cancel")) return false;
  upload_.reset();
  return true;
}

bool MediaUser::Delete(BlockingClient* client) {
  if (!delete_) {
    const auto victim = std::next(media_.begin(), static_cast<int64_t>(random_() % media_.size()));
    delete_ = victim->first;
    media_.erase(victim);
  }
  const auto answer = client->Call<op::MediaDelete>({.owner = owner_, .media = *delete_}, kOnce);
  const bool is_repeated = is_after_restart_ && answer.status().code() == Code::kNotFound;
  if (!is_repeated && IsLost(answer.status(), "delete")) return false;
  delete_.reset();
  ++counts_.deletes;
  return true;
}

bool MediaUser::Read(BlockingClient* client, uint64_t media) {
  const Bytes content = ContentOf(media_.at(media));
  const auto answer = client->Call<op::MediaRead>({.owner = owner_, .media = media}, kOnce);
  if (IsLost(answer.status(), fmt::format("read of {}", media))) return false;
  if (answer->bytes != content || answer->content_bytes != content.size()) {
    Violation(fmt::format("media {} has other bytes", media));
  }
  ++counts_.reads;
  return true;
}

// --- After the restart ---------------------------------------------------------------------------

void MediaUser::CheckAfterRestart(uint16_t port) {
  const std::unique_ptr<Client> client = Connect(port);
  BlockingClient blocking(client.get());
  is_after_restart_ = true;
  Resume(&blocking);
  CompareList(&blocking);
  for (const auto& [media, number] : media_) {
    if (!Read(&blocking, media)) Violation(fmt::format("media {} cannot be read", media));
  }
}

void MediaUser::Resume(BlockingClient* client) {
  bool done = true;
  if (put_) done = Put(client) && done;
  if (delete_) done = Delete(client) && done;
  if (upload_ && upload_->is_cancelled) {
    done = Cancel(client) && done;
  } else if (upload_) {
    const auto progress =
        client->Call<op::MediaProgress>({.owner = owner_, .upload = upload_->id}, kOnce);
    if (!progress.ok()) return Violation("progress: " + progress.status().ToString());
    std::vector<op::MediaRange> missing = progress->missing;
    // Without a size, what follows the last piece is missing too. What is there may be repeated.
    if (!progress->size) missing = {{.offset = 0, .size = ContentOf(upload_->number).size()}};
    done = AppendAll(client, missing) && Commit(client) && done;
  }
  if (!done) Violation("what was interrupted cannot be ended");
}

void MediaUser::CompareList(BlockingClient* client) {
  std::map<uint64_t, Sha256Digest> listed;
  Bytes continuation;
  do {
    const auto page = client->Call<op::MediaList>(
        {.owner = owner_, .limit = 7, .continuation = ByteView(continuation)}, kOnce);
    if (!page.ok()) return Violation("list: " + page.status().ToString());
    for (const op::MediaEntry& entry : page->entries) {
      if (entry.outcome != EntryOutcome::kFound) Violation("a listed record cannot be read");
      listed[entry.info.media] = DigestFrom(entry.info.sha256);
    }
    continuation = Bytes(page->continuation);
  } while (!continuation.empty());
  for (const auto& [media, number] : media_) {
    const auto found = listed.find(media);
    if (found == listed.end()) {
      Violation(fmt::format("media {} was acknowledged and is lost", media));
    } else if (found->second != Sha256::Of(ContentOf(number))) {
      Violation(fmt::format("media {} has another SHA-256", media));
    }
  }
  for (const auto& [media, digest] : listed) {
    if (media_.count(media) == 0) Violation(fmt::format("media {} should not be there", media));
  }
}

}  // namespace smile
