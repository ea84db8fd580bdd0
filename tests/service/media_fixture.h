// For tests: a media service on memory backends, which survive its restarts; short forms of its
// calls; and a check that nothing is left behind.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "base/callback_await.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "service/media/media_service.h"
#include "service/sweeper.h"
#include "storage/memory_content_store.h"
#include "storage/memory_engine.h"
#include "tests/service/stopping_backends.h"

namespace smile::testing {

inline constexpr MediaId kCat{.owner = 42, .media = 7};
inline constexpr MediaId kDog{.owner = 42, .media = 8};
inline constexpr MediaId kSameCat{.owner = 43, .media = 1};  // what kCat is, with another owner

inline constexpr uint32_t kChunk = limits::kMinChunkBytes;

// Put at once, the one is a record, the other is in the content store.
inline const Bytes kSmallPhoto = "photo";
inline const Bytes kLargerPhoto(limits::kMaxRecordContentBytes + 1, 'p');

// A process: a service and its sweeper, which stop after some calls of their backends.
struct MediaProcess {
  MediaProcess(Engine* engine_below, ContentStore* store_below, const Clock& clock,
               std::mt19937_64* random, int64_t calls, bool writes_together)
      : budget(calls),
        engine(engine_below, &budget, writes_together),
        store(store_below, &budget),
        media(engine, store, clock,
              [random] {
                ContentId id;
                for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>((*random)());
                return id;
              }),
        sweeper(
            engine, clock, [this](WorkItem item) { return media.Finish(std::move(item)); },
            [this] { return media.ReleaseDoubtful(); }) {}

  Result<ContentId> Begin(MediaId id, std::optional<uint64_t> size = {},
                          std::optional<Sha256Digest> sha256 = {}) {
    const auto start =
        media
            .Begin({.id = id,
                    .fields = {.content_type = "image/png", .name = "cat.png", .custom = "{}"},
                    .chunk_bytes = kChunk,
                    .size = size,
                    .sha256 = sha256})
            .Wait();
    if (!start.ok()) return start.status();
    return start->upload;
  }
  Status Append(const ContentId& upload, uint64_t offset, const Bytes& bytes) {
    return FromCall([&](auto done) {
             media.Append(
                 {.id = upload, .offset = offset, .bytes = bytes, .checksum = Hash64(bytes)},
                 std::move(done));
           })
        .Wait();
  }
  // All steps of an upload.
  Result<MediaManifest> Upload(MediaId id, const Bytes& bytes) {
    const Result<ContentId> upload = Begin(id, bytes.size());
    if (!upload.ok()) return upload.status();
    for (size_t offset = 0; offset < bytes.size(); offset += kChunk) {
      SMILE_TRY(Append(*upload, offset, bytes.substr(offset, kChunk)));
    }
    auto stored = media.Commit(id.owner, *upload).Wait();
    if (!stored.ok()) return stored.status();
    return std::move(stored->manifest);
  }
  // All in one call.
  Result<MediaManifest> Put(MediaId id, const Bytes& bytes) {
    auto stored = media
                      .Put({.id = id,
                            .fields = {.content_type = "image/png", .name = "cat.png"},
                            .bytes = bytes,
                            .checksum = Hash64(bytes)})
                      .Wait();
    if (!stored.ok()) return stored.status();
    return std::move(stored->manifest);
  }
  Result<Bytes> Read(MediaId id) {
    auto piece = media.Read(id, 0, limits::kMaxContentReadBytes, {}).Wait();
    if (!piece.ok()) return piece.status();
    return std::move(piece->bytes);
  }

  template <class Call>
  static Task<Status> FromCall(Call call) {
    co_return co_await FromCallback<Status>(std::move(call));
  }

  CallBudget budget;
  StoppingEngine engine;
  StoppingContentStore store;
  MediaService media;
  Sweeper sweeper;
};

class MediaTest : public ::testing::Test {
 protected:
  static constexpr int64_t kNoLimit = INT64_MAX;

  explicit MediaTest(bool writes_together = true) : writes_together_(writes_together) { Restart(); }

  // Ends the process, and starts one that stops after `calls`.
  void Restart(int64_t calls = kNoLimit) {
    store_.ForgetCallers();
    process_ = std::make_unique<MediaProcess>(&engine_, &store_, clock_, &random_, calls,
                                              writes_together_);
  }
  void SweepAfter(uint64_t millis) {
    clock_.AdvanceMillis(static_cast<int64_t>(millis));
    const auto swept = process_->sweeper.Sweep();
    ASSERT_TRUE(swept.ok()) << swept.status().ToString();
  }
  size_t Records(Table table) {
    size_t count = 0;
    engine_.List({.table = table, .limit = 1000}, [&](Result<ListPage> partitions) {
      for (const Bytes& partition : partitions->partitions) {
        engine_.Scan(
            {.table = table, .partition = partition, .limit = 10'000, .max_value_bytes = SIZE_MAX},
            [&](Result<ScanPage> page) { count += page->size(); });
      }
    });
    return count;
  }
  // In files and in records.
  size_t Contents() { return store_.content_count() + Records(Table::kBlobs); }
  // After all time limits: exactly `contents` contents, `media` media records, and nothing that
  // only uploads or deletes need.
  void ExpectNothingElse(size_t contents, size_t media) {
    SweepAfter(limits::kWorkGraceMillis + 1);
    SweepAfter(limits::kUploadExpiryMillis + 1);
    SweepAfter(limits::kWorkGraceMillis + 1);
    EXPECT_EQ(Contents(), contents);
    EXPECT_EQ(store_.upload_count(), 0u);
    EXPECT_EQ(Records(Table::kMedia), media);
    EXPECT_EQ(Records(Table::kContents), contents + media);  // a head each, and references
    EXPECT_EQ(Records(Table::kUploads), 0u);
    EXPECT_EQ(Records(Table::kWork), 0u);
  }

  ManualClock clock_;
  std::mt19937_64 random_{3};
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kInline};
  MemoryContentStore store_;
  const bool writes_together_;  // what the engine can do
  std::unique_ptr<MediaProcess> process_;
};

}  // namespace smile::testing
