// For tests: a server with data in memory, clients of it, and content.
#pragma once

#include <unistd.h>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/blocking.h"
#include "client/client.h"
#include "client/media/download.h"
#include "client/media/upload.h"
#include "server/server.h"
#include "storage/memory_engine.h"
#include "tests/support/memory_services.h"

namespace smile {

inline constexpr size_t kMebibyte = size_t{1} << 20;

inline Bytes ContentOf(size_t size, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  Bytes content(size, '\0');
  for (char& byte : content) byte = static_cast<char>(random());
  return content;
}

// A temporary file, deleted when it is closed.
class TempContent {
 public:
  explicit TempContent(ByteView content = {}) : file_(std::tmpfile()) {
    EXPECT_EQ(write(descriptor(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    Rewind();
  }
  ~TempContent() { static_cast<void>(std::fclose(file_)); }
  TempContent(const TempContent&) = delete;
  TempContent& operator=(const TempContent&) = delete;

  int descriptor() const { return fileno(file_); }
  void Rewind() const { EXPECT_EQ(lseek(descriptor(), 0, SEEK_SET), 0); }
  Bytes ReadAll() const {
    Rewind();
    Bytes all(static_cast<size_t>(lseek(descriptor(), 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(descriptor(), all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
    return all;
  }

 private:
  std::FILE* const file_;
};

class MediaClientTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kOwner = 42;

  MediaClientTest() {
    server_ = std::move(Server::Listen({.listen = {"127.0.0.1", 0}}, clock_, log_)).value();
    server_->Serve(engine_, services_.services());
    client_ = ClientOf(server_->listening_on());
  }
  ~MediaClientTest() override {
    client_.reset();
    server_->BeginDrain();
    server_->AbortConnections();
    while (!server_->drained()) std::this_thread::yield();
    engine_.Close();
    server_.reset();
  }

  static std::unique_ptr<Client> ClientOf(const Endpoint& server) {
    return std::move(Client::Create({.servers = {server},
                                     .name = "test",
                                     .first_backoff_millis = 1,
                                     .max_backoff_millis = 20}))
        .value();
  }
  Client* client() { return client_.get(); }
  const Endpoint& endpoint() const { return server_->listening_on(); }

  Result<Media> Put(ByteView content, UploadRequest request, UploadOptions options = {}) {
    MemorySource source(content);
    return Upload(client(), &source, std::move(request), std::move(options)).Wait();
  }
  uint64_t MustPut(ByteView content) {
    const Result<Media> stored = Put(content, {.owner = kOwner, .size = content.size()});
    EXPECT_TRUE(stored.ok()) << stored.status().ToString();
    return stored->media;
  }
  Result<Bytes> Get(uint64_t media, std::vector<op::MediaRange> ranges = {},
                    uint64_t owner = kOwner) {
    Bytes out;
    MemorySink sink(&out);
    const Result<Media> got =
        Download(client(), &sink, {.owner = owner, .media = media, .ranges = std::move(ranges)})
            .Wait();
    if (!got.ok()) return got.status();
    return out;
  }
  size_t CountMedia(uint64_t owner = kOwner) {
    const auto page = BlockingClient(client()).Call<op::MediaList>({.owner = owner});
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    return page->entries.size();
  }

 private:
  const SystemClock clock_;
  const Logger log_{LogLevel::kOff};
  MemoryEngine engine_{&clock_, MemoryEngine::Answers::kOnThread};
  MemoryServices services_{engine_, clock_};
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

}  // namespace smile
