#include "client/media/download.h"

#include <fcntl.h>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/callback_await.h"
#include "base/sha256.h"
#include "tests/client/fake_server.h"
#include "tests/client/media/cutting_proxy.h"
#include "tests/client/media/media_client_fixture.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

using DownloadTest = MediaClientTest;

TEST_F(DownloadTest, WholeContentIsWrittenToFilesAndPipes) {
  const Bytes content = ContentOf(3 * kMebibyte + 7);
  const uint64_t media = MustPut(content);
  const TempContent file;
  FileSink to_file(file.descriptor());
  uint64_t size = 0;
  uint64_t done = 0;
  const Result<Media> got = Download(client(), &to_file, {.owner = kOwner, .media = media},
                                     {.begun = [&](const Media& m) { size = m.size; },
                                      .progress = [&](uint64_t bytes) { done = bytes; }})
                                .Wait();
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  EXPECT_EQ(size, content.size());
  EXPECT_EQ(done, content.size());
  EXPECT_EQ(got->size, content.size());
  EXPECT_TRUE(file.ReadAll() == content);

  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Bytes received;
  std::thread reader([&] {
    char buffer[1000];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof(buffer))) > 0;) {
      received.append(buffer, static_cast<size_t>(n));
    }
  });
  FileSink to_pipe(ends[1]);
  EXPECT_TRUE(Download(client(), &to_pipe, {.owner = kOwner, .media = media}).Wait().ok());
  close(ends[1]);
  reader.join();
  close(ends[0]);
  EXPECT_TRUE(received == content);
}

TEST_F(DownloadTest, RangesAreWrittenInTheirOrder) {
  const Bytes content = ContentOf(2 * kMebibyte);
  const uint64_t media = MustPut(content);
  const auto part = [&](uint64_t offset, uint64_t size) { return content.substr(offset, size); };
  EXPECT_TRUE(*Get(media, {{.offset = 5, .size = 1}}) == part(5, 1));
  EXPECT_TRUE(*Get(media, {{.offset = 1000, .size = kMebibyte}}) == part(1000, kMebibyte));
  EXPECT_TRUE(*Get(media, {{.offset = kMebibyte, .size = 10}, {.offset = 0, .size = 600'000}}) ==
              part(kMebibyte, 10) + part(0, 600'000));
  EXPECT_TRUE(*Get(media, {{.offset = 2 * kMebibyte - 3, .size = UINT64_MAX}}) ==
              part(2 * kMebibyte - 3, 3))
      << "what is past the end is left out";
  EXPECT_EQ(*Get(media, {{.offset = 2 * kMebibyte, .size = 1}}), "");
  const Result<Bytes> past = Get(media, {{.offset = 2 * kMebibyte + 1, .size = 1}});
  EXPECT_EQ(past.status().code(), Code::kInvalid);
  EXPECT_THAT(past.status().message(), HasSubstr("past the end"));
}

TEST_F(DownloadTest, MediaRecordMustExist) {
  const uint64_t media = MustPut("content");
  EXPECT_EQ(*Get(media), "content");
  EXPECT_EQ(Get(media + 1).status().code(), Code::kNotFound);
  EXPECT_EQ(Get(media, {}, kOwner + 1).status().code(), Code::kNotFound);
}

TEST_F(DownloadTest, LostConnectionsCostOnlyWhatWasInFlight) {
  const Bytes content = ContentOf(4 * kMebibyte);
  const uint64_t media = MustPut(content);
  CuttingProxy proxy(endpoint(), /*cuts=*/6, /*bytes=*/600'000);
  const auto client = ClientOf(proxy.endpoint());
  Bytes out;
  MemorySink sink(&out);
  const Result<Media> got = Download(client.get(), &sink, {.owner = kOwner, .media = media}).Wait();
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  EXPECT_GT(proxy.connections(), 6);
  EXPECT_TRUE(out == content);
}

TEST_F(DownloadTest, SinkThatFailsEndsIt) {
  const uint64_t media = MustPut(ContentOf(3 * kMebibyte));
  FileSink closed(-1);
  const Result<Media> got = Download(client(), &closed, {.owner = kOwner, .media = media}).Wait();
  EXPECT_EQ(got.status().code(), Code::kInvalid);
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  FileSink no_space(full);
  EXPECT_EQ(Download(client(), &no_space, {.owner = kOwner, .media = media}).Wait().status().code(),
            Code::kNoSpace);
  close(full);
}

TEST_F(DownloadTest, StopsBetweenTwoPieces) {
  const uint64_t media = MustPut(ContentOf(3 * kMebibyte));
  std::stop_source stop;
  Bytes out;
  MemorySink sink(&out);
  const Result<Media> got =
      Download(client(), &sink, {.owner = kOwner, .media = media},
               {.progress = [&](uint64_t) { stop.request_stop(); }, .stop = stop.get_token()})
          .Wait();
  EXPECT_EQ(got.status().code(), Code::kUnavailable);
  EXPECT_EQ(out.size(), kDefaultPieceBytes);
}

TEST_F(DownloadTest, PieceLengthIsChecked) {
  const uint64_t media = MustPut("content");
  for (const uint32_t piece_bytes : {0u, (1u << 20) + 1}) {
    Bytes out;
    MemorySink sink(&out);
    EXPECT_EQ(
        Download(client(), &sink, {.owner = kOwner, .media = media}, {.piece_bytes = piece_bytes})
            .Wait()
            .status()
            .code(),
        Code::kInvalid);
  }
}

// A server with one content, which it may damage.
struct FakeContent {
  Bytes content;
  Bytes sha256;
  bool damage_pieces = false;
  uint64_t more_bytes = 0;  // of the content, as the replies to reads say
  std::atomic<int> reads{0};

  explicit FakeContent(Bytes bytes) : content(std::move(bytes)) {
    const Sha256Digest digest = Sha256::Of(content);
    sha256.assign(digest.bytes.begin(), digest.bytes.end());
  }

  bool Answer(FakePeer& peer, const Frame& request) {
    const uint32_t id = request.header.id;
    if (request.header.code == op::MediaStat::kInfo.code) {
      peer.Reply<op::MediaStat>(id, {.info = {.size = content.size(), .sha256 = sha256}});
      return true;
    }
    op::MediaRead::Request read;
    EXPECT_TRUE(Decode(request.body, &read).ok());
    ++reads;
    const Bytes bytes = content.substr(read.offset, read.size);
    peer.Reply<op::MediaRead>(id, {.content_bytes = content.size() + more_bytes,
                                   .checksum = Hash64(bytes) + damage_pieces,
                                   .bytes = bytes});
    return true;
  }
};

class DownloadFromFake : public ::testing::Test {
 protected:
  Status Run(ByteSink* sink) {
    FakeServer server({.script = [this](FakePeer& peer, int, const Frame& request) {
      return content_.Answer(peer, request);
    }});
    const auto client = std::move(Client::Create({.servers = {server.endpoint()},
                                                  .first_backoff_millis = 1,
                                                  .max_backoff_millis = 20}))
                            .value();
    return Download(client.get(), sink, {.owner = 1, .media = 2}).Wait().status();
  }
  FakeContent content_{ContentOf(3 * kMebibyte)};
};

TEST_F(DownloadFromFake, WholeContentMustMatchItsHash) {
  Bytes out;
  MemorySink sink(&out);
  EXPECT_TRUE(Run(&sink).ok());
  content_.sha256[0] ^= 1;
  const Status status = Run(&sink);
  EXPECT_EQ(status.code(), Code::kDamagedInTransit);
  EXPECT_THAT(status.message(), HasSubstr("SHA-256"));
}

TEST_F(DownloadFromFake, EachPieceMustMatchItsChecksum) {
  content_.damage_pieces = true;
  Bytes out;
  MemorySink sink(&out);
  EXPECT_EQ(Run(&sink).code(), Code::kDamagedInTransit);
  EXPECT_EQ(out, "");
}

TEST_F(DownloadFromFake, ContentOfAnotherSizeThanItsRecordEndsIt) {
  content_.more_bytes = 1;
  Bytes out;
  MemorySink sink(&out);
  const Status status = Run(&sink);
  EXPECT_EQ(status.code(), Code::kDamagedInTransit);
  EXPECT_THAT(status.message(), HasSubstr("replaced"));
  EXPECT_EQ(out, "");
}

// Takes a piece when the test says so.
class PausedSink final : public ByteSink {
 public:
  Task<Status> Write(ByteView bytes) override {
    co_return co_await FromCallback<Status>([this, bytes](auto done) {
      const std::lock_guard lock(mutex_);
      size_ += bytes.size();
      done_ = done;
      changed_.notify_one();
    });
  }
  // Waits for a piece, and takes it. Returns the bytes so far.
  size_t TakeOne() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_ != nullptr; });
    const auto done = std::exchange(done_, nullptr);
    const size_t size = size_;
    lock.unlock();
    done({});
    return size;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t size_ = 0;
  std::function<void(Status)> done_;
};

TEST_F(DownloadFromFake, RequestsNoMoreThanHasRoomWhileTheSinkPauses) {
  PausedSink sink;
  std::thread taker([&] {
    for (int taken = 1; taken <= 12; ++taken) {
      EXPECT_EQ(sink.TakeOne(), taken * size_t{kDefaultPieceBytes});
      EXPECT_LE(content_.reads, taken + 4) << "four pieces of 256 KiB are in flight";
    }
  });
  const Status status = Run(&sink);
  taker.join();
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(content_.reads, 12);
}

}  // namespace
}  // namespace smile
