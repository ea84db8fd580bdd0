#include "tests/server/watch_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "protocol/message.h"
#include "service/watches/watch_limits.h"

namespace smile::testing {
namespace {

constexpr uint64_t kUsers = 4;
constexpr size_t kPeers = 3;

Key RecordOf(uint64_t user) {
  return UserKey(user, "status");
}

}  // namespace

WatchModel::WatchModel(Choose choose) : choose_(std::move(choose)) {
  parts_.services.watches.StartFrom(engine_.Observe(&parts_.services.watches));
  peers_.resize(kPeers);
  for (Peer& peer : peers_) Connect(&peer);
}

WatchModel::~WatchModel() {
  peers_.clear();
  engine_.Close();
}

void WatchModel::Expect(bool holds, const char* what) {
  if (!holds && failure_.empty()) failure_ = what;
}

void WatchModel::Connect(Peer* peer) {
  *peer = {};
  peer->session = std::make_shared<Session>(parts_.shared, [] {});
  Send<op::Hello>(peer, peer->next_id++, {});
  TakeOutput(peer);
}

template <class Row>
void WatchModel::Send(Peer* peer, uint32_t id, const typename Row::Request& request) {
  if (peer->is_over) return;
  if constexpr (!std::is_same_v<Row, op::Watch>) peer->asked[id] = Row::kInfo.code;
  Bytes bytes;
  EncodeRequest<Row>(id, /*deadline_ms=*/0, request, &bytes);
  peer->session->Receive(bytes);
  parts_.RunPosted();
}

void WatchModel::Step() {
  Peer* const peer = &peers_[choose_(kPeers)];
  switch (choose_(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Write(choose_(kUsers));
    case 4:
    case 5:
      return Watch(peer);
    case 6:
      return Cancel(peer);
    case 7:
      return Get(peer);
    case 8:
    case 9:
      parts_.group.Run();
      return;
    case 10:
    case 11:
      return TakeOutput(peer);
    case 12:
      clock_.AdvanceMillis(static_cast<int64_t>(choose_(limits::kWatchProgressMillis)));
      peer->session->Tick(/*idle_millis=*/0);
      return;
    case 13:
      return RunAll();
    default:
      return End(peer);
  }
}

void WatchModel::Write(uint64_t user) {
  const Key key = RecordOf(user);
  const bool is_put = choose_(3) > 0;
  const std::string value = is_put ? std::string(choose_(20), 'v') : "";
  MutationView mutation{.kind = is_put ? MutationKind::kPut : MutationKind::kDelete,
                        .sort = key.sort,
                        .condition = {},
                        .checksum = is_put ? Hash64(value) : 0,
                        .value = value};
  engine_.Write(WriteRequest(key.view().partition_view(), {mutation}, /*deadline_nanos=*/0),
                [&](const WriteReply& reply) {
                  CHECK(reply.status.ok());
                  newest_ = reply.versions.at(0);
                });
  log_.push_back({newest_, user, is_put, value});
}

void WatchModel::Watch(Peer* peer) {
  if (peer->is_over) return;
  Watched watched{.users = {}, .values = choose_(2) == 1};
  std::vector<Key> keys;
  for (uint64_t user = 0; user < kUsers; ++user) {
    if (choose_(2) == 0) continue;
    watched.users.push_back(user);
    keys.push_back(RecordOf(user));
  }
  if (keys.empty()) return;
  // From now on, from a version of the past, or from one that never was.
  if (choose_(2) == 1) watched.after = newest_ + 2 - std::min<uint64_t>(choose_(60), newest_ + 1);
  op::Watch::Request request{.values = watched.values, .after = watched.after};
  for (const Key& key : keys) request.partitions.push_back(key.view().partition_view());
  const uint32_t id = peer->next_id++;
  peer->watches[id] = watched;
  Send<op::Watch>(peer, id, request);
}

// Also of what is none, or its own.
void WatchModel::Cancel(Peer* peer) {
  const auto id = static_cast<uint32_t>(choose_(peer->next_id + 2));
  Send<op::Cancel>(peer, peer->next_id++, {.id = id});
}

void WatchModel::Get(Peer* peer) {
  const Key key = RecordOf(choose_(kUsers));
  Send<op::Get>(peer, peer->next_id++, {.key = key.view()});
}

void WatchModel::End(Peer* peer) {
  switch (choose_(4)) {
    case 0:  // the connection breaks
      return Connect(peer);
    case 1:
      peer->session->EndOfInput();
      break;
    case 2:
      peer->session->Drain();
      break;
    default:
      if (peer->is_over) return Connect(peer);
      return;
  }
  peer->is_over = true;
}

void WatchModel::RunAll() {
  while (parts_.group.Run()) {
  }
  for (Peer& peer : peers_) {
    TakeOutput(&peer);
    for (const auto& [id, watched] : peer.watches) CheckTold(watched, newest_);
  }
}

void WatchModel::Finish() {
  RunAll();
  for (Peer& peer : peers_) {
    peer.session->EndOfInput();
    TakeOutput(&peer);
    Expect(peer.watches.empty(), "a watch ends with its connection");
    Expect(peer.asked.empty(), "every request is answered");
    Expect(peer.session->finished(), "a connection without requests ends");
  }
  peers_.clear();
  Expect(parts_.services.watches.Stats().watch_bytes == 0, "what ended watches took is given back");
}

void WatchModel::TakeOutput(Peer* peer) {
  Bytes output;
  while (peer->session->has_output()) output += peer->session->TakeOutput().bytes;
  FrameReader reader(limits::kMaxFrameBytes);
  reader.Feed(output);
  Frame frame;
  while (reader.Next(&frame) == FrameReader::Event::kFrame) OnReply(peer, frame);
  Expect(reader.buffered_bytes() == 0, "replies are whole frames");
}

void WatchModel::OnReply(Peer* peer, const Frame& frame) {
  const bool more = (frame.header.flags & kFlagMoreFollows) != 0;
  const auto code = static_cast<Code>(frame.header.code);
  const auto watch = peer->watches.find(frame.header.id);
  if (watch == peer->watches.end()) {
    Expect(!more, "only a watch has many replies");
    Expect(peer->asked.erase(frame.header.id) == 1, "a request is answered once");
    return;
  }
  if (code != Code::kOk) {
    Expect(code == Code::kShuttingDown && !more, "a watch ends with an error only at the drain");
    peer->watches.erase(watch);
    return;
  }
  op::Watch::Response message;
  Expect(Decode(frame.body, &message).ok(), "a message can be decoded");
  OnMessage(peer, frame.header.id, message, !more);
}

void WatchModel::OnMessage(Peer* peer, uint32_t id, const op::Watch::Response& message,
                           bool is_last) {
  Watched& watched = peer->watches.at(id);
  Expect(message.checksum == Hash64(message.value), "the checksum is that of the value");
  Expect(is_last == (message.event == WatchedEvent::kEnded), "the last message says so");
  Expect(watched.started == (message.event != WatchedEvent::kStarted), "the first message says so");
  switch (message.event) {
    case WatchedEvent::kStarted:
      watched.started = true;
      watched.version = message.version;
      // Less, if there was no such version: then there is a gap.
      Expect(watched.after == 0 || message.version <= watched.after, "it begins where it was told");
      return;
    case WatchedEvent::kPut:
    case WatchedEvent::kDelete: {
      const Change* const next = Next(watched);
      if (next == nullptr) return Expect(false, "a change is told that was not made");
      const Key key = RecordOf(next->user);
      Expect(message.version == next->version, "no change is left out or told twice");
      Expect((message.event == WatchedEvent::kPut) == next->is_put, "a put is a put");
      Expect(message.key.has_value() && Key(*message.key) == key, "the key is that of the change");
      Expect(message.with_value == (next->is_put && watched.values), "values come if asked for");
      Expect(!message.with_value || message.value == next->value, "the value is that of the put");
      break;
    }
    case WatchedEvent::kGap:
      Expect(watched.after != 0, "a watch from now on has no gap");
      break;
    case WatchedEvent::kProgress:
      CheckTold(watched, message.version);
      break;
    case WatchedEvent::kEnded:
      CheckTold(watched, message.version);
      peer->watches.erase(id);
      return;
  }
  watched.version = message.version;
}

// The first change that the watch was not told of; null: there is none.
const WatchModel::Change* WatchModel::Next(const Watched& watched) const {
  for (const Change& change : log_) {
    const bool is_watched =
        std::find(watched.users.begin(), watched.users.end(), change.user) != watched.users.end();
    if (is_watched && change.version > watched.version) return &change;
  }
  return nullptr;
}

// That there is nothing else up to the version.
void WatchModel::CheckTold(const Watched& watched, uint64_t version) {
  const Change* const next = Next(watched);
  Expect(next == nullptr || next->version > version, "what happened was told");
}

}  // namespace smile::testing
