// Uploads and deletes when only deletes are accepted, or a single call is refused.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/service/faulty_backends.h"
#include "tests/service/media_fixture.h"

namespace smile::testing {
namespace {

constexpr int64_t kCallsAtMost = 100;

class MediaFullDiskTest : public MediaTest {
 protected:
  void RestartOnFaulty() {
    process_ = std::make_unique<MediaProcess>(&faulty_engine_, &faulty_store_, clock_, &random_,
                                              kNoLimit, /*writes_together=*/true);
  }
  Faults faults_;
  FaultyEngine faulty_engine_{&engine_, &faults_};
  FaultyContentStore faulty_store_{&store_, &faults_};
};

TEST_F(MediaFullDiskTest, NothingIsBegun) {
  RestartOnFaulty();
  faults_.SetFull(true);
  EXPECT_EQ(process_->Begin(kCat, 5).status().code(), Code::kNoSpace);
  EXPECT_EQ(process_->Put(kCat, "photo").status().code(), Code::kNoSpace);
  EXPECT_EQ(store_.upload_count(), 0u);
  EXPECT_EQ(Records(Table::kWork), 0u) << "what cannot be begun takes no space of deletes";
}

TEST_F(MediaFullDiskTest, ExpiredUploadGoes) {
  RestartOnFaulty();
  const Result<ContentId> upload = process_->Begin(kCat);
  ASSERT_TRUE(upload.ok() && process_->Append(*upload, 0, "photo").ok());
  faults_.SetFull(true);
  ExpectNothingElse(0, 0);
}

// The space that it would have reserved is free at once, and not after a day.
TEST_F(MediaFullDiskTest, BeginThatFailsLeavesNothing) {
  for (const auto fate : {Faults::Fate::kFails, Faults::Fate::kDoneButFails}) {
    int64_t calls = 0;
    for (;; ++calls) {
      SCOPED_TRACE("call " + std::to_string(calls) + " fails");
      RestartOnFaulty();
      const int64_t before = faults_.count();
      faults_.Plan(calls, 1, fate);
      const Result<ContentId> upload = process_->Begin({.owner = 42}, 5);
      const bool failed = faults_.count() > before;
      ASSERT_EQ(upload.ok(), !failed);
      if (!failed) break;
      EXPECT_EQ(store_.upload_count(), 0u);
      EXPECT_EQ(Records(Table::kUploads), 0u);
    }
    EXPECT_GE(calls, 3);
    Restart();
    ExpectNothingElse(0, 0);
  }
}

// An upload that can be read can be deleted, however far its commit came.
TEST_F(MediaFullDiskTest, WhatACommitLeftIsDeleted) {
  bool some_left = false;
  for (int64_t calls = 0; calls < kCallsAtMost; ++calls) {
    SCOPED_TRACE("the commit stopped after " + std::to_string(calls) + " calls");
    Restart();
    const Result<ContentId> upload = process_->Begin(kCat, 5);
    ASSERT_TRUE(upload.ok() && process_->Append(*upload, 0, "photo").ok());
    Restart(calls);
    const bool whole = process_->media.Commit(kCat.owner, *upload).Wait().ok();
    RestartOnFaulty();
    faults_.SetFull(true);
    if (process_->Read(kCat).ok()) {
      some_left = some_left || !whole;
      EXPECT_TRUE(process_->media.Delete(kCat).Wait().ok());
    } else {
      const Status cancelled = process_->media.Cancel(kCat.owner, *upload).Wait();
      // Complete but for its media record: that is made, and then deleted.
      if (cancelled.code() == Code::kConditionFailed) {
        SweepAfter(limits::kWorkGraceMillis + 1);
        EXPECT_TRUE(process_->media.Delete(kCat).Wait().ok());
      }
    }
    EXPECT_EQ(Contents(), 0u);
    EXPECT_EQ(store_.upload_count(), 0u);
    faults_.SetFull(false);
    ExpectNothingElse(0, 0);
    if (HasFailure()) return;
    if (whole) break;
  }
  EXPECT_TRUE(some_left);
}

}  // namespace
}  // namespace smile::testing
