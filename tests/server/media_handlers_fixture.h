// For tests: the operations on media through a session, and a check that nothing is left after
// them.
#pragma once

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/media_reply.h"
#include "service/sweeper.h"
#include "tests/server/operations_fixture.h"
#include "tests/support/count_records.h"

namespace smile {

inline constexpr uint64_t kOwner = 42;
inline constexpr uint64_t kCat = 5;
inline constexpr uint32_t kChunk = limits::kMinChunkBytes;

inline Bytes DigestOf(ByteView bytes) {
  const Sha256Digest digest = Sha256::Of(bytes);
  return Bytes(ViewOf(digest.bytes));
}

class MediaHandlersTest : public OperationsTest {
 protected:
  Bytes Begin(std::optional<uint64_t> size = {}, std::optional<ByteView> sha256 = {},
              uint64_t media = kCat) {
    const ReceivedReply reply = Do<op::MediaBegin>({.owner = kOwner,
                                                    .media = media,
                                                    .chunk_bytes = kChunk,
                                                    .content_type = "image/jpeg",
                                                    .name = "cat.jpg",
                                                    .custom = "{}",
                                                    .size = size,
                                                    .sha256 = sha256});
    return Bytes(reply.As<op::MediaBegin>().upload);
  }
  static op::MediaAppend::Request Piece(ByteView upload, uint64_t offset, ByteView bytes) {
    return {.upload = upload, .offset = offset, .checksum = Hash64(bytes), .bytes = bytes};
  }
  void Append(ByteView upload, uint64_t offset, ByteView bytes) {
    Do<op::MediaAppend>(Piece(upload, offset, bytes));
  }
  void Put(uint64_t media, ByteView bytes, uint64_t owner = kOwner) {
    Do<op::MediaPut>({.owner = owner, .media = media, .checksum = Hash64(bytes), .bytes = bytes});
  }
  Bytes Read(uint64_t media, uint64_t offset = 0, uint32_t size = kMaxPieceBytes) {
    const ReceivedReply reply =
        Do<op::MediaRead>({.owner = kOwner, .media = media, .offset = offset, .size = size});
    const auto read = reply.As<op::MediaRead>();
    EXPECT_EQ(read.checksum, Hash64(read.bytes));
    return Bytes(read.bytes);
  }
  void ReleaseAll() {
    while (engine_.held() > 0) Release();
    engine_.hold = false;
  }

  // After all time limits: this many media records and contents, and nothing that only uploads or
  // deletes need.
  void ExpectLeft(size_t media, size_t contents) {
    Sweeper sweeper(engine_, clock_, [this](WorkItem item) {
      return services_.media.service.Finish(std::move(item));
    });
    for (const uint64_t millis :
         {limits::kWorkGraceMillis, limits::kUploadExpiryMillis, limits::kWorkGraceMillis}) {
      clock_.AdvanceMillis(static_cast<int64_t>(millis) + 1);
      ASSERT_TRUE(sweeper.Sweep().ok());
    }
    EXPECT_EQ(CountRecords(&engine_, Table::kMedia), media);
    EXPECT_EQ(CountRecords(&engine_, Table::kContents), media + contents) << "references and heads";
    EXPECT_EQ(services_.media.store.content_count() + CountRecords(&engine_, Table::kBlobs),
              contents);
    ExpectNoUploads();
    EXPECT_EQ(CountRecords(&engine_, Table::kWork), 0u);
  }
  void ExpectNoUploads() {
    EXPECT_EQ(services_.media.store.upload_count(), 0u);
    EXPECT_EQ(CountRecords(&engine_, Table::kUploads), 0u);
  }
};

}  // namespace smile
