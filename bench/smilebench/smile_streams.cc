#include <utility>

#include "base/hash.h"
#include "bench/smilebench/stream_transfer.h"

namespace smile::bench {
namespace {

// Owners and media of the streams, apart from those of the photos.
constexpr uint64_t kOwner = uint64_t{1} << 40;

// A piece may wait for those of all other streams.
constexpr CallOptions kPatient = {.deadline_millis = 60'000, .any_order = true};

uint64_t MediaOf(uint64_t name) {
  return 1 + name;
}

// A window of pieces in flight. All but Start runs on the client's thread, or before it knows of
// this object.
class SmileStream : public StreamTransfer {
 public:
  SmileStream(const StreamShared& shared, Client* client) : shared_(shared), client_(client) {}

 protected:
  void Begin(uint64_t name, uint64_t content, std::function<void(Status)> done) {
    name_ = name;
    content_ = content;
    done_ = std::move(done);
    next_ = in_flight_ = 0;
    failure_ = {};
  }
  void SendWindow() {
    for (uint32_t i = 0; i < shared_.options->window && HasNext(); ++i) Send();
    if (in_flight_ == 0) End();
  }
  void OnPiece(const Status& status) {
    --in_flight_;
    if (status.ok()) {
      *shared_.bytes += kStreamPieceBytes;
    } else if (failure_.ok()) {
      failure_ = status;
    }
    if (HasNext()) return Send();
    if (in_flight_ == 0) End();
  }
  // The content was moved, or the stream has failed or is to stop.
  virtual void End() = 0;
  virtual void SendPiece(uint64_t piece) = 0;
  // This may start the next transfer.
  void Finish(const Status& status) { std::exchange(done_, nullptr)(status); }

  bool stopping() const { return *shared_.stopping; }
  const Status& failure() const { return failure_; }
  uint64_t name() const { return name_; }
  uint64_t content() const { return content_; }
  Client* client() const { return client_; }
  const StreamShared& shared() const { return shared_; }

 private:
  bool HasNext() const {
    return failure_.ok() && !stopping() && next_ < shared_.options->bytes / kStreamPieceBytes;
  }
  void Send() {
    ++in_flight_;
    SendPiece(next_++);
  }

  const StreamShared shared_;
  Client* const client_;
  uint64_t name_ = 0;
  uint64_t content_ = 0;
  std::function<void(Status)> done_;
  uint64_t next_ = 0;  // piece
  uint32_t in_flight_ = 0;
  Status failure_;
};

class SmileUpload final : public SmileStream {
 public:
  using SmileStream::SmileStream;

  void Start(uint64_t name, uint64_t content, std::function<void(Status)> done) override {
    Begin(name, content, std::move(done));
    op::MediaBegin::Request request;
    request.owner = kOwner;
    request.media = MediaOf(name);
    request.content_type = "video/mp4";
    request.size = shared().options->bytes;
    client()->Call<op::MediaBegin>(request, kPatient, [this](const Answer<op::MediaBegin>& answer) {
      if (!answer.ok()) return Finish(answer.status());
      upload_ = answer->upload;
      SendWindow();
    });
  }

 private:
  void SendPiece(uint64_t piece) override {
    shared().content->Make(content(), piece, &piece_);
    op::MediaAppend::Request request;
    request.upload = upload_;
    request.offset = piece * kStreamPieceBytes;
    request.checksum = Hash64(piece_);
    request.bytes = piece_;
    client()->Call<op::MediaAppend>(
        request, kPatient,
        [this](const Answer<op::MediaAppend>& answer) { OnPiece(answer.status()); });
  }
  void End() override {
    if (stopping() || !failure().ok()) return Cancel();
    client()->Call<op::MediaCommit>(
        {.owner = kOwner, .upload = upload_}, kPatient,
        [this](const Answer<op::MediaCommit>& answer) { Finish(answer.status()); });
  }
  void Cancel() {
    client()->Call<op::MediaCancel>({.owner = kOwner, .upload = upload_}, kPatient,
                                    [this](const Answer<op::MediaCancel>& answer) {
                                      Finish(failure().ok() ? answer.status() : failure());
                                    });
  }

  Bytes upload_;
  Bytes piece_;
};

class SmileDownload final : public SmileStream {
 public:
  using SmileStream::SmileStream;

  void Start(uint64_t name, uint64_t content, std::function<void(Status)> done) override {
    Begin(name, content, std::move(done));
    // Starts on the client's thread, where all else happens.
    client()->Call<op::Ping>({}, kPatient, [this](const Answer<op::Ping>& answer) {
      if (!answer.ok()) return Finish(answer.status());
      SendWindow();
    });
  }

 private:
  void SendPiece(uint64_t piece) override {
    const op::MediaRead::Request request = {.owner = kOwner,
                                            .media = MediaOf(name()),
                                            .offset = piece * kStreamPieceBytes,
                                            .size = kStreamPieceBytes};
    client()->Call<op::MediaRead>(
        request, kPatient, [this, piece](const Answer<op::MediaRead>& answer) {
          if (!answer.ok()) return OnPiece(answer.status());
          const bool right = shared().content->IsRight(content(), piece, answer->bytes);
          OnPiece(right ? Status() : Status(Code::kCorrupt, "the content is not what was written"));
        });
  }
  void End() override { Finish(failure()); }
};

}  // namespace

std::unique_ptr<StreamTransfer> MakeSmileUpload(const StreamShared& shared, Client* client) {
  return std::make_unique<SmileUpload>(shared, client);
}

std::unique_ptr<StreamTransfer> MakeSmileDownload(const StreamShared& shared, Client* client) {
  return std::make_unique<SmileDownload>(shared, client);
}

}  // namespace smile::bench
