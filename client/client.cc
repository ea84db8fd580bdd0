#include "client/client.h"

#include <mutex>
#include <thread>
#include <vector>

#include "client/connection.h"

namespace smile {

class Client::Impl {
 public:
  Impl(std::unique_ptr<EventLoop> loop, ClientOptions options);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  int64_t DeadlineOf(const CallOptions& options) const {
    return smile::DeadlineOf(options_, options, clock_);
  }
  void Submit(std::unique_ptr<OpenCall> call);

 private:
  std::vector<std::unique_ptr<OpenCall>> TakeInbox();
  void End();

  const SystemClock clock_;
  const ClientOptions options_;
  const std::unique_ptr<EventLoop> loop_;
  Connection connection_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<OpenCall>> inbox_;  // guarded by mutex_
  bool ending_ = false;                           // likewise

  std::thread thread_;
};

Client::Impl::Impl(std::unique_ptr<EventLoop> loop, ClientOptions options)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      connection_(loop_.get(), &clock_, options_) {
  loop_->OnTurnEnd([this] { connection_.Flush(); });
  thread_ = std::thread([this] { loop_->Run(); });
}

Client::Impl::~Impl() {
  loop_->Post([this] { End(); });
  thread_.join();
}

void Client::Impl::End() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  for (auto& call : TakeInbox()) connection_.Add(std::move(call));
  connection_.EndAll();
  for (auto calls = TakeInbox(); !calls.empty(); calls = TakeInbox()) {
    for (auto& call : calls) call->Fail({Code::kUnavailable, "the client was closed"}, {});
  }
  loop_->Stop();
}

std::vector<std::unique_ptr<OpenCall>> Client::Impl::TakeInbox() {
  std::vector<std::unique_ptr<OpenCall>> calls;
  const std::lock_guard lock(mutex_);
  calls.swap(inbox_);
  return calls;
}

void Client::Impl::Submit(std::unique_ptr<OpenCall> call) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    if (!ending_) connection_.Admit(call.get());
    first = inbox_.empty();
    inbox_.push_back(std::move(call));
    if (ending_) return;
  }
  if (!first) return;
  loop_->Post([this] {
    for (auto& taken : TakeInbox()) connection_.Add(std::move(taken));
  });
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  SMILE_TRY(Validate(options));
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<Client>(
      new Client(std::make_unique<Impl>(std::move(loop), std::move(options))));
}

int64_t Client::DeadlineOf(const CallOptions& options) const {
  return impl_->DeadlineOf(options);
}

void Client::Submit(std::unique_ptr<OpenCall> call) {
  impl_->Submit(std::move(call));
}

}  // namespace smile
