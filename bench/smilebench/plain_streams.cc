// The limits that streams are compared with: a plain program that writes files, and a client of the
// plain server in file_server.h. Both block.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/coding.h"
#include "base/sha256.h"
#include "bench/smilebench/descriptor.h"
#include "bench/smilebench/stream_transfer.h"

namespace smile::bench {
namespace {

std::string InputOf(const StreamShared& shared, uint64_t name) {
  return fmt::format("{}/{}.in", shared.options->target.directory, name);
}

std::string OutputOf(const StreamShared& shared, uint64_t name) {
  return fmt::format("{}/{}", shared.options->target.directory, name);
}

// A transfer on a thread of its own. It happens once.
class BlockingStream : public StreamTransfer {
 public:
  explicit BlockingStream(const StreamShared& shared) : shared_(shared) {}
  ~BlockingStream() override {
    if (thread_.joinable()) thread_.join();
  }

  void Start(uint64_t name, uint64_t content, std::function<void(Status)> done) override {
    thread_ =
        std::thread([this, name, content, done = std::move(done)] { done(Move(name, content)); });
  }

 protected:
  virtual Status Move(uint64_t name, uint64_t content) = 0;
  const StreamShared& shared() const { return shared_; }

 private:
  const StreamShared shared_;
  std::thread thread_;
};

class FileUpload final : public BlockingStream {
 public:
  using BlockingStream::BlockingStream;

 private:
  Status Move(uint64_t name, uint64_t /*content*/) override {
    const std::string path = OutputOf(shared(), name);
    const Descriptor input(open(InputOf(shared(), name).c_str(), O_RDONLY | O_CLOEXEC));
    const Descriptor output(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!input.ok() || !output.ok()) return FailedCall(path);
    Bytes piece(kStreamPieceBytes, '\0');
    Sha256 sha256;
    for (;;) {
      const ssize_t got = read(input.number(), piece.data(), piece.size());
      if (got < 0) return FailedCall(path);
      if (got == 0) break;
      const ByteView bytes = ByteView(piece).substr(0, static_cast<size_t>(got));
      sha256.Update(bytes);
      SMILE_TRY(WriteAll(output, bytes, path));
      *shared().bytes += bytes.size();
    }
    sha256.Digest();
    return fsync(output.number()) == 0 ? Status() : FailedCall(path);
  }
};

class PlainDownload final : public BlockingStream {
 public:
  using BlockingStream::BlockingStream;

 private:
  Status Move(uint64_t name, uint64_t content) override {
    const Endpoint& server = shared().options->target.endpoint;
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    if (inet_pton(AF_INET, server.host.c_str(), &address.sin_addr) != 1) {
      return {Code::kInvalid, "--target: give the server's address as four numbers"};
    }
    if (!socket.ok() ||
        connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      return FailedCall(server.ToString());
    }
    char number[sizeof(uint64_t)];
    StoreLittle(number, name);
    SMILE_TRY(WriteAll(socket, {number, sizeof(number)}, server.ToString()));
    return Receive(socket, content);
  }

  Status Receive(const Descriptor& socket, uint64_t content) const {
    Bytes piece(kStreamPieceBytes, '\0');
    for (uint64_t i = 0; i < shared().options->bytes / kStreamPieceBytes; ++i) {
      const ssize_t got = recv(socket.number(), piece.data(), piece.size(), MSG_WAITALL);
      if (got < 0) return FailedCall("receiving");
      const ByteView bytes = ByteView(piece).substr(0, static_cast<size_t>(got));
      if (!shared().content->IsRight(content, i, bytes)) {
        return {Code::kCorrupt, "the content is not what was written"};
      }
      *shared().bytes += bytes.size();
    }
    return {};
  }
};

}  // namespace

Status PrepareFileUpload(const StreamShared& shared, uint64_t name, uint64_t content) {
  SMILE_TRY(MakeDirectory(shared.options->target.directory));
  const std::string path = InputOf(shared, name);
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.ok()) return FailedCall(path);
  Bytes piece;
  for (uint64_t i = 0; i < shared.options->bytes / kStreamPieceBytes; ++i) {
    shared.content->Make(content, i, &piece);
    SMILE_TRY(WriteAll(file, piece, path));
  }
  return fsync(file.number()) == 0 ? Status() : FailedCall(path);
}

std::unique_ptr<StreamTransfer> MakeFileUpload(const StreamShared& shared) {
  return std::make_unique<FileUpload>(shared);
}

std::unique_ptr<StreamTransfer> MakePlainDownload(const StreamShared& shared) {
  return std::make_unique<PlainDownload>(shared);
}

}  // namespace smile::bench
