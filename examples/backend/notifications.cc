#include "notifications.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <smile/key.h>
#include <smile/tables.h>

namespace {

// The links of a user, and her own records, with their values.
smile::op::Watch::Request RequestFor(const smile::Bytes& user) {
  return {.partitions = {{smile::Table::kLinks, user}, {smile::Table::kUsers, user}},
          .values = true};
}

std::optional<Notification> Read(const smile::op::Watch::Response& event) {
  using Kind = Notification::Kind;
  if (event.event == smile::WatchedEvent::kGap) return Notification{.kind = Kind::kMissed};
  if (event.event != smile::WatchedEvent::kPut) return {};
  if (event.key->table == smile::Table::kLinks) {
    const auto link = smile::DecodeLinkSort(event.key->sort);
    if (!link.has_value() || link->kind != smile::LinkKind::kFriend) return {};
    // Also when the value of the link has changed, which this network does not do.
    return Notification{.kind = Kind::kNewFriend, .who = link->first};
  }
  if (event.key->sort != "likes") return {};
  Notification likes{.kind = Kind::kLikes};
  std::from_chars(event.value.data(), event.value.data() + event.value.size(), likes.likes);
  return likes;
}

}  // namespace

Notifications::Notifications(smile::Client* client, uint64_t user)
    : reader_(client, RequestFor(smile::PartitionOf(user))) {}

smile::Result<std::optional<Notification>> Notifications::Next(int64_t millis) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + milliseconds(millis);
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    const auto event = reader_.Next(std::max<int64_t>(left.count(), 0));
    if (!event.ok()) return event.status();
    if (!event->has_value()) return std::optional<Notification>();
    // Other records, and how far the watch is, are no news.
    if (const auto notification = Read(***event)) return notification;
  }
}
