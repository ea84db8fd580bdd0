#include "client/media/upload.h"

#include <atomic>
#include <string>
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

using UploadTest = MediaClientTest;

TEST_F(UploadTest, ContentOfAnySizeIsStored) {
  for (const size_t size :
       {size_t{0}, size_t{1}, kMebibyte, kMebibyte + 1, 3 * kMebibyte, 5 * kMebibyte + 3}) {
    for (const bool size_is_known : {true, false}) {
      const Bytes content = ContentOf(size, size + size_is_known);
      UploadRequest request{.owner = kOwner, .content_type = "video/mp4", .name = "n"};
      if (size_is_known) request.size = size;
      bool begun = false;
      uint64_t done = 0;
      const Result<Media> stored = Put(content, request,
                                       {.begun = [&](ByteView) { begun = true; },
                                        .progress = [&](uint64_t bytes) { done = bytes; }});
      ASSERT_TRUE(stored.ok()) << size << ": " << stored.status().ToString();
      EXPECT_EQ(begun, !size_is_known || size > kMebibyte) << size;
      EXPECT_EQ(done, size);
      EXPECT_EQ(stored->owner, kOwner);
      EXPECT_EQ(stored->size, size);
      EXPECT_EQ(stored->content_type, "video/mp4");
      EXPECT_EQ(stored->name, "n");
      EXPECT_GT(stored->created_ms, 0u);
      const Result<Bytes> got = Get(stored->media);
      ASSERT_TRUE(got.ok()) << got.status().ToString();
      EXPECT_TRUE(*got == content) << size;
    }
  }
}

TEST_F(UploadTest, FilesAndPipesAreRead) {
  const Bytes content = ContentOf(2 * kMebibyte + 5);
  const TempContent file(content);
  FileSource of_file(file.descriptor());
  const Result<Media> from_file =
      Upload(client(), &of_file, {.owner = kOwner, .size = content.size()}).Wait();
  ASSERT_TRUE(from_file.ok()) << from_file.status().ToString();
  EXPECT_TRUE(*Get(from_file->media) == content);

  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread writer([&] {
    for (size_t i = 0; i < content.size(); i += 1000) {
      const size_t size = std::min<size_t>(1000, content.size() - i);
      EXPECT_EQ(write(ends[1], content.data() + i, size), static_cast<ssize_t>(size));
    }
    close(ends[1]);
  });
  FileSource of_pipe(ends[0]);
  const Result<Media> from_pipe = Upload(client(), &of_pipe, {.owner = kOwner}).Wait();
  writer.join();
  close(ends[0]);
  ASSERT_TRUE(from_pipe.ok()) << from_pipe.status().ToString();
  EXPECT_TRUE(*Get(from_pipe->media) == content);
}

TEST_F(UploadTest, SourceThatCannotBeReadEndsIt) {
  FileSource closed(-1);
  const Result<Media> stored = Upload(client(), &closed, {.owner = kOwner}).Wait();
  EXPECT_EQ(stored.status().code(), Code::kInvalid);
  EXPECT_THAT(stored.status().message(), HasSubstr("Bad file descriptor"));
  EXPECT_EQ(CountMedia(), 0u);
}

TEST_F(UploadTest, SourceOfAnotherSizeIsNotStored) {
  for (const size_t size : {size_t{100}, 2 * kMebibyte}) {
    for (const size_t declared : {size - 1, size + 1, size - 100, size + kMebibyte}) {
      const Result<Media> stored = Put(ContentOf(size), {.owner = kOwner, .size = declared});
      EXPECT_EQ(stored.status().code(), Code::kInvalid) << size << " " << declared;
      EXPECT_THAT(stored.status().message(), HasSubstr("as declared"));
    }
  }
  EXPECT_EQ(CountMedia(), 0u);
}

TEST_F(UploadTest, LostConnectionsCostOnlyWhatWasInFlight) {
  CuttingProxy proxy(endpoint(), /*cuts=*/6, /*bytes=*/700'000);
  const auto client = ClientOf(proxy.endpoint());
  const Bytes content = ContentOf(4 * kMebibyte);
  MemorySource source(content);
  const Result<Media> stored =
      Upload(client.get(), &source, {.owner = kOwner, .size = content.size()},
             {.piece_bytes = 65'536, .max_in_flight_bytes = 4 * 65'536})
          .Wait();
  ASSERT_TRUE(stored.ok()) << stored.status().ToString();
  EXPECT_GT(proxy.connections(), 6);
  EXPECT_TRUE(*Get(stored->media) == content);
  EXPECT_EQ(CountMedia(), 1u);
}

TEST_F(UploadTest, SmallContentIsStoredOnceThoughItsReplyWasLost) {
  const Bytes content = ContentOf(500'000);
  // The request arrives, its reply does not.
  CuttingProxy proxy(endpoint(), /*cuts=*/3, /*bytes=*/500'150);
  const auto client = ClientOf(proxy.endpoint());
  MemorySource source(content);
  const Result<Media> stored =
      Upload(client.get(), &source, {.owner = kOwner, .size = content.size()}).Wait();
  ASSERT_TRUE(stored.ok()) << stored.status().ToString();
  EXPECT_EQ(proxy.connections(), 4);
  EXPECT_EQ(CountMedia(), 1u);
  EXPECT_TRUE(*Get(stored->media) == content);
}

// Stops after some bytes; returns the id of the upload.
Bytes StopAfter(Client* client, const Bytes& content, const UploadRequest& request,
                uint64_t bytes) {
  std::stop_source stop;
  Bytes upload;
  MemorySource source(content);
  const Result<Media> stopped = Upload(client, &source, request,
                                       {.max_in_flight_bytes = kDefaultPieceBytes,
                                        .begun = [&](ByteView id) { upload = Bytes(id); },
                                        .progress =
                                            [&](uint64_t done) {
                                              if (done >= bytes) stop.request_stop();
                                            },
                                        .stop = stop.get_token()})
                                    .Wait();
  EXPECT_EQ(stopped.status().code(), Code::kUnavailable);
  EXPECT_EQ(upload.size(), kUploadIdBytes);
  return upload;
}

TEST_F(UploadTest, ResumeSendsOnlyWhatIsMissing) {
  const Bytes content = ContentOf(4 * kMebibyte + 9);
  for (const bool size_is_known : {true, false}) {
    UploadRequest request{.owner = kOwner};
    if (size_is_known) request.size = content.size();
    const Bytes upload = StopAfter(client(), content, request, 3 * kMebibyte);
    CuttingProxy proxy(endpoint(), /*cuts=*/0, /*bytes=*/0);
    const auto other = ClientOf(proxy.endpoint());
    MemorySource source(content);
    uint64_t done = 0;
    const Result<Media> stored =
        Upload(other.get(), &source, request,
               {.progress = [&](uint64_t bytes) { done = bytes; }, .resume = upload})
            .Wait();
    ASSERT_TRUE(stored.ok()) << stored.status().ToString();
    EXPECT_EQ(done, content.size());
    EXPECT_LT(proxy.bytes(), kMebibyte + 200'000);
    EXPECT_GT(proxy.bytes(), 9u);
    EXPECT_TRUE(*Get(stored->media) == content);

    // Once more: it is committed already.
    MemorySource again(content);
    const Result<Media> same = Upload(other.get(), &again, request, {.resume = upload}).Wait();
    ASSERT_TRUE(same.ok()) << same.status().ToString();
    EXPECT_EQ(same->media, stored->media);
  }
}

TEST_F(UploadTest, PiecesInTheMiddleThatAreThereAreNotSentAgain) {
  const Bytes content = ContentOf(2 * kMebibyte);
  BlockingClient blocking(client());
  const auto begun = blocking.Call<op::MediaBegin>({.owner = kOwner, .size = content.size()});
  ASSERT_TRUE(begun.ok());
  for (const uint64_t piece : {uint64_t{2}, uint64_t{3}, uint64_t{7}}) {
    const uint64_t offset = piece * kDefaultPieceBytes;
    ASSERT_TRUE(
        blocking
            .Call<op::MediaAppend>({.upload = begun->upload,
                                    .offset = offset,
                                    .bytes = ByteView(content).substr(offset, kDefaultPieceBytes)})
            .ok());
  }
  CuttingProxy proxy(endpoint(), /*cuts=*/0, /*bytes=*/0);
  const auto other = ClientOf(proxy.endpoint());
  MemorySource source(content);
  const Result<Media> stored =
      Upload(other.get(), &source, {.owner = kOwner}, {.resume = Bytes(begun->upload)}).Wait();
  ASSERT_TRUE(stored.ok()) << stored.status().ToString();
  EXPECT_LT(proxy.bytes(), 5 * kDefaultPieceBytes + 10'000);
  EXPECT_GT(proxy.bytes(), 5 * kDefaultPieceBytes);
  EXPECT_TRUE(*Get(stored->media) == content);
}

TEST_F(UploadTest, OtherContentThanWasBegunWithIsNotKept) {
  const Bytes content = ContentOf(2 * kMebibyte);
  const UploadRequest request{.owner = kOwner, .size = content.size()};
  const Bytes upload = StopAfter(client(), content, request, kMebibyte);
  Bytes changed = content;
  changed[5] ^= 1;
  const Result<Media> stored = Put(changed, request, {.resume = upload});
  EXPECT_EQ(stored.status().code(), Code::kDamagedInTransit);
  EXPECT_THAT(stored.status().message(), HasSubstr("they were deleted"));
  EXPECT_EQ(CountMedia(), 0u);
}

TEST_F(UploadTest, ThereMustBeAnUploadToResume) {
  const Bytes content = ContentOf(2 * kMebibyte);
  const UploadRequest request{.owner = kOwner, .size = content.size()};
  EXPECT_EQ(Put(content, request, {.resume = Bytes(16, 'x')}).status().code(), Code::kNotFound);
  EXPECT_EQ(Put(content, request, {.resume = "short"}).status().code(), Code::kInvalid);
  const Bytes upload = StopAfter(client(), content, request, kMebibyte);
  EXPECT_EQ(Put(content, {.owner = kOwner + 1}, {.resume = upload}).status().code(),
            Code::kNotFound);
  EXPECT_EQ(Put(content + "x", {.owner = kOwner, .size = content.size() + 1}, {.resume = upload})
                .status()
                .code(),
            Code::kInvalid);
}

TEST_F(UploadTest, IdOfTheRecordMayBeChosen) {
  const Bytes content = ContentOf(10);
  EXPECT_EQ(Put(content, {.owner = kOwner, .media = 77, .size = 10})->media, 77u);
  EXPECT_EQ(Put(content, {.owner = kOwner, .media = 78})->media, 78u);
  EXPECT_EQ(Put(ContentOf(10, 2), {.owner = kOwner, .media = 77, .size = 10}).status().code(),
            Code::kConditionFailed);
}

TEST_F(UploadTest, PieceLengthIsChecked) {
  const Bytes content = ContentOf(10);
  for (const uint32_t piece_bytes : {0u, 65'535u, (1u << 20) + 1}) {
    EXPECT_EQ(Put(content, {.owner = kOwner}, {.piece_bytes = piece_bytes}).status().code(),
              Code::kInvalid);
  }
}

// Brings its bytes on threads of its own, and counts what it was asked for.
class SlowSource final : public ByteSource {
 public:
  explicit SlowSource(Bytes content) : content_(std::move(content)) {}
  ~SlowSource() override {
    for (std::thread& thread : threads_) thread.join();
  }
  Task<Result<Bytes>> Read(size_t size) override {
    co_return co_await FromCallback<Result<Bytes>>([this, size](auto done) {
      threads_.emplace_back([this, size, done] {
        const Bytes piece = content_.substr(offset_, size);
        offset_ += piece.size();
        done(piece);
      });
    });
  }
  uint64_t offset() const { return offset_; }

 private:
  const Bytes content_;
  std::atomic<uint64_t> offset_{0};
  std::vector<std::thread> threads_;
};

Task<Result<Bytes>> RoundTrip(Client* client, ByteSource* source) {
  UploadRequest upload{.owner = 7};
  const Result<Media> stored = co_await Upload(client, source, std::move(upload));
  if (!stored.ok()) co_return stored.status();
  Bytes out;
  MemorySink sink(&out);
  DownloadRequest download{.owner = 7, .media = stored->media};
  const Result<Media> got = co_await Download(client, &sink, std::move(download));
  if (!got.ok()) co_return got.status();
  co_return out;
}

TEST_F(UploadTest, AsynchronousSourcesAreAwaited) {
  const Bytes content = ContentOf(3 * kMebibyte + 1);
  SlowSource source(content);
  const Result<Bytes> out = RoundTrip(client(), &source).Wait();
  ASSERT_TRUE(out.ok()) << out.status().ToString();
  EXPECT_TRUE(*out == content);
}

TEST_F(UploadTest, ManyRunAtTheSameTime) {
  std::vector<std::unique_ptr<SlowSource>> sources;
  std::vector<Task<Result<Bytes>>> running;
  for (uint64_t i = 0; i < 8; ++i) {
    sources.push_back(std::make_unique<SlowSource>(ContentOf(kMebibyte + i, i)));
    running.push_back(RoundTrip(client(), sources.back().get()));
  }
  for (uint64_t i = 0; i < running.size(); ++i) {
    const Result<Bytes> out = running[i].Wait();
    ASSERT_TRUE(out.ok()) << out.status().ToString();
    EXPECT_TRUE(*out == ContentOf(kMebibyte + i, i));
  }
}

// A server that begins uploads, and takes pieces when the test says so.
class UploadToFake : public ::testing::Test {
 protected:
  static bool AnswerBegin(FakePeer& peer, const Frame& request) {
    if (request.header.code != op::MediaBegin::kInfo.code) return false;
    peer.Reply<op::MediaBegin>(request.header.id, {.upload = ByteView("0123456789abcdef")});
    return true;
  }
  static std::unique_ptr<Client> ClientOf(const FakeServer& server) {
    return std::move(Client::Create({.servers = {server.endpoint()},
                                     .first_backoff_millis = 1,
                                     .max_backoff_millis = 20}))
        .value();
  }
};

TEST_F(UploadToFake, ReadsNoMoreThanHasRoomInFlight) {
  std::atomic<int> pieces{0};
  std::vector<uint32_t> waiting;
  // Answers all waiting pieces when the last that has room arrives.
  FakeServer server({.script = [&](FakePeer& peer, int, const Frame& request) {
    if (AnswerBegin(peer, request)) return true;
    if (request.header.code == op::MediaAppend::kInfo.code) {
      ++pieces;
      waiting.push_back(request.header.id);
      EXPECT_LE(waiting.size(), 4u);
      if (waiting.size() < 4) return true;
      for (const uint32_t id : std::exchange(waiting, {})) peer.Reply<op::MediaAppend>(id, {});
      return true;
    }
    peer.Refuse(request.header.id, {Code::kConditionFailed, "no commit"});
    return true;
  }});
  const auto client = ClientOf(server);
  SlowSource source(ContentOf(16 * 65'536));
  const Result<Media> stored = Upload(client.get(), &source, {.owner = 1},
                                      {.piece_bytes = 65'536, .max_in_flight_bytes = 4 * 65'536})
                                   .Wait();
  EXPECT_EQ(stored.status().code(), Code::kConditionFailed);
  EXPECT_EQ(pieces, 16);
}

TEST_F(UploadToFake, UnknownOutcomesAndOverloadAreRetried) {
  int pieces = 0;
  int commits = 0;
  const Bytes content = ContentOf(65'536 * 2 + 1);
  FakeServer server({.script = [&](FakePeer& peer, int, const Frame& request) {
    if (AnswerBegin(peer, request)) return true;
    const uint32_t id = request.header.id;
    if (request.header.code == op::MediaAppend::kInfo.code) {
      const int number = pieces++;
      if (number == 0) peer.Refuse(id, {Code::kOutcomeUnknown, "disk full"});
      if (number == 1) peer.Refuse(id, {Code::kOverloaded, "busy", 1});
      if (number == 2) peer.Refuse(id, {Code::kUnavailable, "starting"});
      if (number > 2) peer.Reply<op::MediaAppend>(id, {});
      return true;
    }
    if (commits++ == 0) {
      peer.Cut();
      return true;
    }
    const Sha256Digest digest = Sha256::Of(content);
    peer.Reply<op::MediaCommit>(
        id, {.info = {.media = 5,
                      .size = content.size(),
                      .sha256 = {reinterpret_cast<const char*>(digest.bytes.data()), 32}}});
    return true;
  }});
  const auto client = ClientOf(server);
  MemorySource source(content);
  const Result<Media> stored =
      Upload(client.get(), &source, {.owner = 1}, {.piece_bytes = 65'536}).Wait();
  ASSERT_TRUE(stored.ok()) << stored.status().ToString();
  EXPECT_EQ(stored->media, 5u);
  EXPECT_EQ(pieces, 6);
  EXPECT_EQ(commits, 2);
}

TEST_F(UploadToFake, DeadlineAfterALossLeavesTheOutcomeUnknown) {
  FakeServer server({.script = [&](FakePeer& peer, int, const Frame& request) {
    if (!AnswerBegin(peer, request)) peer.Cut();
    return true;
  }});
  const auto client = ClientOf(server);
  MemorySource source("content");
  const Result<Media> stored =
      Upload(client.get(), &source, {.owner = 1}, {.deadline_millis = 200}).Wait();
  EXPECT_EQ(stored.status().code(), Code::kOutcomeUnknown) << stored.status().ToString();
}

}  // namespace
}  // namespace smile
