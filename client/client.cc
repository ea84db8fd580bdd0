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

template <class Row>
void Client::Call(const typename Row::Request& request, const CallOptions& options,
                  std::function<void(Answer<Row>)> done) {
  impl_->Submit(std::make_unique<TypedCall<Row>>(request, impl_->DeadlineOf(options), options,
                                                 std::move(done)));
}

// Instantiated here, so that the header needs no encoder. HELLO is sent by the channel alone.
static_assert(Operations::kCount == 10, "a new operation needs a line here");
template void Client::Call(const op::Ping::Request&, const CallOptions&,
                           std::function<void(Answer<op::Ping>)>);
template void Client::Call(const op::Get::Request&, const CallOptions&,
                           std::function<void(Answer<op::Get>)>);
template void Client::Call(const op::MGet::Request&, const CallOptions&,
                           std::function<void(Answer<op::MGet>)>);
template void Client::Call(const op::Put::Request&, const CallOptions&,
                           std::function<void(Answer<op::Put>)>);
template void Client::Call(const op::Delete::Request&, const CallOptions&,
                           std::function<void(Answer<op::Delete>)>);
template void Client::Call(const op::Batch::Request&, const CallOptions&,
                           std::function<void(Answer<op::Batch>)>);
template void Client::Call(const op::Scan::Request&, const CallOptions&,
                           std::function<void(Answer<op::Scan>)>);
template void Client::Call(const op::List::Request&, const CallOptions&,
                           std::function<void(Answer<op::List>)>);
template void Client::Call(const op::Stats::Request&, const CallOptions&,
                           std::function<void(Answer<op::Stats>)>);

}  // namespace smile
