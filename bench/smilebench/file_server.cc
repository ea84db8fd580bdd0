#include "bench/smilebench/file_server.h"

#include <fcntl.h>
#include <unistd.h>

#include <list>
#include <memory>
#include <utility>

#include "base/coding.h"
#include "bench/smilebench/descriptor.h"
#include "net/event_loop.h"

namespace smile::bench {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr size_t kMaxUnsentBytes = size_t{1} << 20;
constexpr int64_t kExitPollMillis = 20;

class FileSender final : private TransportEvents {
 public:
  FileSender(const std::string& directory, std::unique_ptr<Transport> transport,
             std::function<void()> closed)
      : directory_(directory), transport_(std::move(transport)), closed_(std::move(closed)) {
    transport_->Start(this);
  }

 private:
  void OnBytes(ByteView bytes) override {
    asked_ += bytes;
    if (asked_.size() < sizeof(uint64_t) || file_ != nullptr) return;
    const std::string path = directory_ + "/" + std::to_string(LoadLittle<uint64_t>(asked_.data()));
    file_ = std::make_unique<Descriptor>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    OnSent();
  }
  void OnSent() override {
    while (file_ != nullptr && !ended_ && transport_->unsent_bytes() < kMaxUnsentBytes) {
      Bytes bytes(kReadBytes, '\0');
      const ssize_t got = read(file_->number(), bytes.data(), bytes.size());
      ended_ = got <= 0;
      if (ended_) return transport_->Close();
      bytes.resize(static_cast<size_t>(got));
      transport_->Send(std::move(bytes));
    }
  }
  void OnEnd() override { transport_->Close(); }
  void OnClosed(const Status& /*status*/) override { closed_(); }

  const std::string& directory_;
  const std::unique_ptr<Transport> transport_;
  const std::function<void()> closed_;
  Bytes asked_;
  std::unique_ptr<Descriptor> file_;
  bool ended_ = false;
};

}  // namespace

Status ServeFiles(const std::string& directory, const std::function<void(uint16_t)>& ready,
                  const std::function<bool()>& interrupted) {
  SMILE_ASSIGN(const std::unique_ptr<EventLoop> loop, EventLoop::Create());
  std::list<std::unique_ptr<FileSender>> senders;
  const auto accepted = [&](std::unique_ptr<Transport> transport) {
    const auto at = senders.emplace(senders.end());
    // Later: it is called from within the sender.
    *at = std::make_unique<FileSender>(directory, std::move(transport),
                                       [&, at] { loop->Post([&, at] { senders.erase(at); }); });
  };
  SMILE_ASSIGN(const std::unique_ptr<Listener> listener,
               loop->ListenTcp({"127.0.0.1", 0}, accepted));
  ready(listener->port());
  const auto timer = loop->StartTimer(kExitPollMillis, kExitPollMillis, [&] {
    if (interrupted()) loop->Stop();
  });
  loop->Run();
  senders.clear();
  return {};
}

}  // namespace smile::bench
