// A process that stops after any of its steps loses nothing that it acknowledged, and leaves
// nothing that the next process does not finish or undo.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/service/media_fixture.h"

namespace smile::testing {
namespace {

constexpr int64_t kManyCalls = 1000;

// With an engine that can write together, and with one that cannot.
class MediaStopTest : public MediaTest, public ::testing::WithParamInterface<bool> {
 protected:
  MediaStopTest() : MediaTest(GetParam()) {}

  // Runs `steps` in processes that stop after 0, 1, 2 … calls, until one completes; each is
  // followed by one that does not stop and that sweeps, and then by `check`.
  void StopAfterEachCall(const std::function<void()>& prepare, const std::function<Status()>& steps,
                         const std::function<void(const Status&)>& check) {
    for (int64_t calls = 0; calls < kManyCalls; ++calls) {
      SCOPED_TRACE("stopped after " + std::to_string(calls) + " calls");
      Restart();
      prepare();
      Restart(calls);
      const Status status = steps();
      const bool stopped = process_->budget.stopped();
      Restart();
      SweepAfter(limits::kWorkGraceMillis + 1);
      check(status);
      if (::testing::Test::HasFailure()) return;
      if (!stopped) return;
    }
    FAIL() << "the steps never completed";
  }
  void DeleteAll() {
    for (const MediaId& id : {kCat, kSameCat}) (void)process_->media.Delete(id).Wait();
    ExpectNothingElse(0, 0);
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, MediaStopTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return info.param ? "together" : "in_steps";
                         });

TEST_P(MediaStopTest, UploadIsWholeOrNotThere) {
  StopAfterEachCall([] {}, [&] { return process_->Upload(kCat, "photo").status(); },
                    [&](const Status& status) {
                      const auto bytes = process_->Read(kCat);
                      ASSERT_TRUE(bytes.ok() || !status.ok()) << bytes.status().ToString();
                      if (bytes.ok()) {
                        EXPECT_EQ(*bytes, "photo");
                      } else {
                        EXPECT_EQ(bytes.status().code(), Code::kNotFound);
                      }
                      DeleteAll();
                    });
}

TEST_P(MediaStopTest, PutIsWholeOrNotThere) {
  for (const Bytes& photo : {kSmallPhoto, kLargerPhoto}) {
    SCOPED_TRACE(photo.size());
    StopAfterEachCall([] {}, [&] { return process_->Put(kCat, photo).status(); },
                      [&](const Status& status) {
                        const auto bytes = process_->Read(kCat);
                        ASSERT_TRUE(bytes.ok() || !status.ok()) << bytes.status().ToString();
                        // In steps, an upload that is sealed but not noted as complete waits.
                        EXPECT_LE(Contents(), bytes.ok() || !GetParam() ? 1u : 0u);
                        EXPECT_EQ(bytes.ok() ? *bytes : photo, photo);
                        ASSERT_TRUE(process_->Put(kCat, photo).ok());  // the client repeats it
                        EXPECT_EQ(*process_->Read(kCat), photo);
                        DeleteAll();
                      });
    if (HasFailure()) return;
  }
}

// Each of the two uploads may be of either kind.
TEST_P(MediaStopTest, ContentOfAllKindsIsSharedAndReleased) {
  for (const int kind : {0, 1, 2, 3, 4, 5, 6, 7}) {
    SCOPED_TRACE(kind);
    const bool put_first = (kind & 1) != 0;
    const bool put_second = (kind & 2) != 0;
    const Bytes& photo = (kind & 4) != 0 ? kLargerPhoto : kSmallPhoto;
    const auto store = [&](bool put, MediaId id) {
      return put ? process_->Put(id, photo).status() : process_->Upload(id, photo).status();
    };
    StopAfterEachCall([&] { ASSERT_TRUE(store(put_first, kSameCat).ok()); },
                      [&] { return store(put_second, kCat); },
                      [&](const Status& status) {
                        const auto bytes = process_->Read(kCat);
                        ASSERT_TRUE(bytes.ok() || !status.ok()) << bytes.status().ToString();
                        EXPECT_EQ(*process_->Read(kSameCat), photo);
                        EXPECT_LE(Contents(), status.ok() ? 1u : 2u);
                        ASSERT_TRUE(process_->media.Delete(kSameCat).Wait().ok());
                        if (bytes.ok()) {
                          EXPECT_EQ(*process_->Read(kCat), photo);
                        }
                        DeleteAll();
                      });
    if (HasFailure()) return;
  }
}

TEST_P(MediaStopTest, DeleteOfPutMediaIsDoneOrNotBegun) {
  for (const int kind : {0, 1, 2, 3}) {
    SCOPED_TRACE(kind);
    const bool shared = (kind & 1) != 0;
    const Bytes& photo = (kind & 2) != 0 ? kLargerPhoto : kSmallPhoto;
    StopAfterEachCall(
        [&] {
          ASSERT_TRUE(process_->Put(kCat, photo).ok());
          if (shared) {
            ASSERT_TRUE(process_->Put(kSameCat, photo).ok());
          }
        },
        [&] { return process_->media.Delete(kCat).Wait(); },
        [&](const Status& status) {
          const auto bytes = process_->Read(kCat);
          EXPECT_FALSE(status.ok() && bytes.ok());
          EXPECT_EQ(Contents(), bytes.ok() || shared ? 1u : 0u);
          if (shared) {
            EXPECT_EQ(*process_->Read(kSameCat), photo);
          }
          DeleteAll();
        });
    if (HasFailure()) return;
  }
}

TEST_P(MediaStopTest, SecondUploadOfTheSameContentIsWholeOrNotThere) {
  StopAfterEachCall([&] { ASSERT_TRUE(process_->Upload(kSameCat, "photo").ok()); },
                    [&] { return process_->Upload(kCat, "photo").status(); },
                    [&](const Status& status) {
                      EXPECT_EQ(*process_->Read(kSameCat), "photo");
                      const auto bytes = process_->Read(kCat);
                      EXPECT_TRUE(bytes.ok() || !status.ok());
                      // An upload that was sealed but not noted as complete waits for another
                      // commit.
                      EXPECT_LE(store_.content_count(), status.ok() ? 1u : 2u);
                      DeleteAll();
                    });
}

TEST_P(MediaStopTest, DeleteIsDoneOrNotBegun) {
  StopAfterEachCall([&] { ASSERT_TRUE(process_->Upload(kCat, "photo").ok()); },
                    [&] { return process_->media.Delete(kCat).Wait(); },
                    [&](const Status& status) {
                      const auto bytes = process_->Read(kCat);
                      EXPECT_FALSE(status.ok() && bytes.ok());
                      EXPECT_EQ(store_.content_count(), bytes.ok() ? 1u : 0u);
                      DeleteAll();
                    });
}

TEST_P(MediaStopTest, DeleteOfSharedContentKeepsIt) {
  StopAfterEachCall(
      [&] {
        ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
        ASSERT_TRUE(process_->Upload(kSameCat, "photo").ok());
      },
      [&] { return process_->media.Delete(kCat).Wait(); },
      [&](const Status&) {
        EXPECT_EQ(*process_->Read(kSameCat), "photo");
        DeleteAll();
      });
}

TEST_P(MediaStopTest, CancelLeavesNothing) {
  StopAfterEachCall([] {},
                    [&] {
                      const auto upload = process_->Begin(kCat);
                      if (!upload.ok()) return upload.status();
                      SMILE_TRY(process_->Append(*upload, 0, "photo"));
                      return process_->media.Cancel(kCat.owner, *upload).Wait();
                    },
                    [&](const Status&) {
                      EXPECT_EQ(process_->Read(kCat).status().code(), Code::kNotFound);
                      ExpectNothingElse(0, 0);
                    });
}

TEST_P(MediaStopTest, InterruptedCancelDoesNotWaitForTheExpiry) {
  bool stopped = true;
  for (int64_t calls = 0; stopped; ++calls) {
    Restart();
    const auto upload = process_->Begin(kCat);
    ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
    Restart(calls);
    (void)process_->media.Cancel(kCat.owner, *upload).Wait();
    stopped = process_->budget.stopped();
    Restart();
    SweepAfter(limits::kWorkGraceMillis + 1);
    const auto progress = process_->media.Progress(kCat.owner, *upload).Wait();
    EXPECT_EQ(store_.upload_count(), progress.ok() ? 1u : 0u) << "after " << calls << " calls";
    ASSERT_TRUE(process_->media.Cancel(kCat.owner, *upload).Wait().ok());
  }
}

TEST_P(MediaStopTest, UploadWhoseCancelWasInterruptedIsThereOrGone) {
  for (int64_t calls = 0; calls < 10; ++calls) {
    SCOPED_TRACE(calls);
    Restart();
    const auto upload = process_->Begin(kCat);
    ASSERT_TRUE(upload.ok());
    ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
    Restart(calls);
    (void)process_->media.Cancel(kCat.owner, *upload).Wait();
    Restart();
    const auto progress = process_->media.Progress(kCat.owner, *upload).Wait();
    const auto committed = process_->media.Commit(kCat.owner, *upload).Wait();
    EXPECT_EQ(progress.status().code(), committed.status().code());
    DeleteAll();
    if (HasFailure()) return;
  }
}

TEST_P(MediaStopTest, UploadUnderATakenIdLeavesNothing) {
  StopAfterEachCall([&] { ASSERT_TRUE(process_->Upload(kCat, "first").ok()); },
                    [&] { return process_->Upload(kCat, "second").status(); },
                    [&](const Status& status) {
                      EXPECT_FALSE(status.ok());
                      EXPECT_EQ(*process_->Read(kCat), "first");
                      DeleteAll();
                    });
}

TEST_P(MediaStopTest, SweepMayStopAnywhere) {
  StopAfterEachCall(
      [&] {
        ASSERT_TRUE(process_->Upload(kCat, "photo").ok());
        ASSERT_TRUE(process_->Upload(kSameCat, "photo").ok());
        ASSERT_TRUE(process_->Begin({.owner = 1, .media = 1}).ok());
        clock_.AdvanceMillis(static_cast<int64_t>(limits::kUploadExpiryMillis) + 1);
      },
      [&] { return process_->sweeper.Sweep().status(); },
      [&](const Status&) {
        EXPECT_EQ(*process_->Read(kCat), "photo");
        EXPECT_EQ(*process_->Read(kSameCat), "photo");
        DeleteAll();
      });
}

// The next process deletes before it has swept.
TEST_P(MediaStopTest, DeleteAfterAnInterruptedCommitIsFinal) {
  for (int64_t calls = 0; calls < 40; ++calls) {
    SCOPED_TRACE(calls);
    Restart(calls);
    (void)process_->Upload(kCat, "photo");
    Restart();
    (void)process_->media.Delete(kCat).Wait();
    const bool was_there = process_->Read(kCat).status().code() != Code::kNotFound;
    EXPECT_FALSE(was_there);
    SweepAfter(limits::kWorkGraceMillis + 1);
    // A commit that had not come to the manifest may still be completed.
    DeleteAll();
    if (HasFailure()) return;
  }
}

TEST_P(MediaStopTest, UploadWhoseCommitWasInterruptedHasProgress) {
  bool stopped = true;
  for (int64_t calls = 0; stopped; ++calls) {
    Restart();
    const auto upload = process_->Begin(kCat);
    ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
    Restart(calls);
    (void)process_->media.Commit(kCat.owner, *upload).Wait();
    stopped = process_->budget.stopped();
    Restart();
    const auto progress = process_->media.Progress(kCat.owner, *upload).Wait();
    ASSERT_TRUE(progress.ok()) << "after " << calls << " calls: " << progress.status().ToString();
    EXPECT_EQ(progress->contiguous_bytes, 5u);
    ASSERT_TRUE(process_->media.Commit(kCat.owner, *upload).Wait().ok());
    ASSERT_TRUE(process_->media.Delete(kCat).Wait().ok());
  }
}

TEST_P(MediaStopTest, RefusedUploadKeepsContentThatOthersShare) {
  bool stopped = true;
  for (int64_t calls = 0; stopped; ++calls) {
    SCOPED_TRACE(calls);
    Restart();
    const auto upload = process_->Begin(kCat);
    ASSERT_TRUE(process_->Append(*upload, 0, "photo").ok());
    ASSERT_TRUE(process_->Upload(kCat, "another photo").ok());
    Restart(calls);
    EXPECT_FALSE(process_->media.Commit(kCat.owner, *upload).Wait().ok());
    stopped = process_->budget.stopped();
    Restart();
    // Somebody uploads the same content before the sweeper goes on with the first upload.
    ASSERT_TRUE(process_->Upload(kSameCat, "photo").ok());
    EXPECT_FALSE(process_->media.Commit(kCat.owner, *upload).Wait().ok());
    EXPECT_EQ(*process_->Read(kSameCat), "photo");
    SweepAfter(limits::kWorkGraceMillis + 1);
    EXPECT_EQ(*process_->Read(kSameCat), "photo");
    EXPECT_EQ(*process_->Read(kCat), "another photo");
    DeleteAll();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace smile::testing
