#include "client/client.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.h"
#include "client/connection.h"
#include "client/watch_call.h"
#include "protocol/partitions.h"

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
  // The index of the connection for a request: the same for all of a partition. Requests about no
  // partition use the connections in turn.
  template <class Row>
  size_t ConnectionFor(const typename Row::Request& request) {
    if (connections_.size() == 1) return 0;
    std::optional<uint64_t> first;
    ForEachPartition<Row>(request, [&](const PartitionView& partition) {
      if (!first.has_value()) first = HashOf(partition);
    });
    return first.has_value() ? *first % connections_.size() : NextConnection();
  }
  void Submit(std::unique_ptr<PendingCall> call, size_t connection);
  size_t NextConnection() { return turn_.fetch_add(1) % connections_.size(); }
  uint64_t NewStream() { return last_stream_.fetch_add(1) + 1; }
  // A function that ends a call, from any thread; of no effect after this object's end.
  std::function<void()> CancelOf(uint64_t stream, size_t connection) const;
  bool OnOwnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  struct Submitted {
    std::unique_ptr<PendingCall> call;
    size_t connection = 0;
  };

  std::vector<Submitted> TakeInbox();
  void AddAll(std::vector<Submitted> calls);
  void End();

  const SystemClock clock_;
  const ClientOptions options_;
  const std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::atomic<uint64_t> turn_{0};
  std::atomic<uint64_t> last_stream_{0};

  // Tells watches, which may outlive this object, that it was destroyed: then null.
  struct Self {
    std::mutex mutex;
    Impl* impl = nullptr;
  };
  const std::shared_ptr<Self> self_ = std::make_shared<Self>();

  std::mutex mutex_;
  std::vector<Submitted> inbox_;  // guarded by mutex_
  bool ending_ = false;           // likewise

  std::thread thread_;
};

Client::Impl::Impl(std::unique_ptr<EventLoop> loop, ClientOptions options)
    : options_(std::move(options)), loop_(std::move(loop)) {
  for (uint32_t i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_.get(), &clock_, options_, i));
  }
  self_->impl = this;
  loop_->OnTurnEnd([this] {
    for (const auto& connection : connections_) connection->Flush();
  });
  thread_ = std::thread([this] { loop_->Run(); });
}

Client::Impl::~Impl() {
  CHECK(!OnOwnThread(), "a client is not destroyed in a callback");
  {
    const std::lock_guard lock(self_->mutex);
    self_->impl = nullptr;
  }
  loop_->Post([this] { End(); });
  thread_.join();
  CHECK(inbox_.empty(), "every call is answered before its client is destroyed");
}

void Client::Impl::End() {
  {
    const std::lock_guard lock(mutex_);
    CHECK(!ending_, "a client ends once");
    ending_ = true;
  }
  AddAll(TakeInbox());
  for (const auto& connection : connections_) connection->EndAll();
  for (auto calls = TakeInbox(); !calls.empty(); calls = TakeInbox()) {
    for (Submitted& one : calls) {
      CHECK(!one.call->admitted, "no call is admitted after the end");
      one.call->Fail({Code::kUnavailable, "the client was closed"}, {});
    }
  }
  loop_->Stop();
}

void Client::Impl::AddAll(std::vector<Submitted> calls) {
  CHECK(OnOwnThread());
  for (Submitted& one : calls) connections_[one.connection]->Add(std::move(one.call));
}

std::vector<Client::Impl::Submitted> Client::Impl::TakeInbox() {
  std::vector<Submitted> calls;
  const std::lock_guard lock(mutex_);
  calls.swap(inbox_);
  return calls;
}

void Client::Impl::Submit(std::unique_ptr<PendingCall> call, size_t connection) {
  CHECK(connection < connections_.size());
  bool first;
  {
    const std::lock_guard lock(mutex_);
    if (!ending_) connections_[connection]->Admit(call.get());
    first = inbox_.empty();
    inbox_.push_back({std::move(call), connection});
    if (ending_) return;
  }
  if (!first) return;
  loop_->Post([this] { AddAll(TakeInbox()); });
}

std::function<void()> Client::Impl::CancelOf(uint64_t stream, size_t connection) const {
  return [self = self_, stream, connection] {
    const std::lock_guard lock(self->mutex);
    Impl* const impl = self->impl;
    if (impl == nullptr) return;
    impl->loop_->Post(
        [impl, stream, connection] { impl->connections_[connection]->CancelStream(stream); });
  };
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
                                                 std::move(done)),
                impl_->ConnectionFor<Row>(request));
}

std::unique_ptr<smile::Watch> Client::Watch(const op::Watch::Request& request,
                                            WatchCallbacks callbacks) {
  CHECK(callbacks.event != nullptr, "a watch needs a callback for its events");
  const auto shared = std::make_shared<smile::Watch::Shared>(std::move(callbacks));
  const uint64_t stream = impl_->NewStream();
  const size_t connection = impl_->NextConnection();
  impl_->Submit(std::make_unique<WatchCall>(request, stream, shared), connection);
  return std::unique_ptr<smile::Watch>(
      new smile::Watch(shared, impl_->CancelOf(stream, connection)));
}

void Client::CheckMayBlock() const {
  CHECK(!impl_->OnOwnThread(), "a callback must not block: it would wait for itself");
}

// Instantiated here, so that the header needs no encoder. Only the channel sends HELLO and CANCEL,
// and a WATCH has many answers.
static_assert(Operations::kCount == 50, "a new operation needs a line here");
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
template void Client::Call(const op::Add::Request&, const CallOptions&,
                           std::function<void(Answer<op::Add>)>);
template void Client::Call(const op::Scan::Request&, const CallOptions&,
                           std::function<void(Answer<op::Scan>)>);
template void Client::Call(const op::List::Request&, const CallOptions&,
                           std::function<void(Answer<op::List>)>);
template void Client::Call(const op::Stats::Request&, const CallOptions&,
                           std::function<void(Answer<op::Stats>)>);
template void Client::Call(const op::MediaBegin::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaBegin>)>);
template void Client::Call(const op::MediaAppend::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaAppend>)>);
template void Client::Call(const op::MediaProgress::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaProgress>)>);
template void Client::Call(const op::MediaCommit::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaCommit>)>);
template void Client::Call(const op::MediaCancel::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaCancel>)>);
template void Client::Call(const op::MediaPut::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaPut>)>);
template void Client::Call(const op::MediaStat::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaStat>)>);
template void Client::Call(const op::MediaRead::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaRead>)>);
template void Client::Call(const op::MediaList::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaList>)>);
template void Client::Call(const op::MediaSet::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaSet>)>);
template void Client::Call(const op::MediaDelete::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaDelete>)>);
template void Client::Call(const op::MediaCheck::Request&, const CallOptions&,
                           std::function<void(Answer<op::MediaCheck>)>);
template void Client::Call(const op::Link::Request&, const CallOptions&,
                           std::function<void(Answer<op::Link>)>);
template void Client::Call(const op::Unlink::Request&, const CallOptions&,
                           std::function<void(Answer<op::Unlink>)>);
template void Client::Call(const op::LinkCount::Request&, const CallOptions&,
                           std::function<void(Answer<op::LinkCount>)>);
template void Client::Call(const op::LinkList::Request&, const CallOptions&,
                           std::function<void(Answer<op::LinkList>)>);
template void Client::Call(const op::LinkCheck::Request&, const CallOptions&,
                           std::function<void(Answer<op::LinkCheck>)>);
template void Client::Call(const op::LinkCommon::Request&, const CallOptions&,
                           std::function<void(Answer<op::LinkCommon>)>);
template void Client::Call(const op::LinkCounts::Request&, const CallOptions&,
                           std::function<void(Answer<op::LinkCounts>)>);
template void Client::Call(const op::Feed::Request&, const CallOptions&,
                           std::function<void(Answer<op::Feed>)>);
template void Client::Call(const op::LoginRegister::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginRegister>)>);
template void Client::Call(const op::LoginVerify::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginVerify>)>);
template void Client::Call(const op::LoginChange::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginChange>)>);
template void Client::Call(const op::LoginReset::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginReset>)>);
template void Client::Call(const op::LoginRename::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginRename>)>);
template void Client::Call(const op::LoginRemove::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginRemove>)>);
template void Client::Call(const op::LoginAdd::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginAdd>)>);
template void Client::Call(const op::LoginImport::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginImport>)>);
template void Client::Call(const op::LoginList::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginList>)>);
template void Client::Call(const op::LoginExport::Request&, const CallOptions&,
                           std::function<void(Answer<op::LoginExport>)>);
template void Client::Call(const op::SessionMake::Request&, const CallOptions&,
                           std::function<void(Answer<op::SessionMake>)>);
template void Client::Call(const op::SessionVerify::Request&, const CallOptions&,
                           std::function<void(Answer<op::SessionVerify>)>);
template void Client::Call(const op::SessionList::Request&, const CallOptions&,
                           std::function<void(Answer<op::SessionList>)>);
template void Client::Call(const op::SessionRevoke::Request&, const CallOptions&,
                           std::function<void(Answer<op::SessionRevoke>)>);
template void Client::Call(const op::SessionRevokeAll::Request&, const CallOptions&,
                           std::function<void(Answer<op::SessionRevokeAll>)>);
template void Client::Call(const op::UserStat::Request&, const CallOptions&,
                           std::function<void(Answer<op::UserStat>)>);
template void Client::Call(const op::UserErase::Request&, const CallOptions&,
                           std::function<void(Answer<op::UserErase>)>);

}  // namespace smile
