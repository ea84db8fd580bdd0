#include "client/smilecat/watch_view.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/print.h"
#include "client/smilecat/link_path.h"
#include "client/watch_reader.h"
#include "model/path.h"
#include "protocol/text_reader.h"
#include "protocol/text_writer.h"

namespace smile::cat {
namespace {

// How soon an interrupt at the prompt is seen.
constexpr int64_t kLookMillis = 100;

bool IsShown(std::string_view field, const op::Watch::Response& message) {
  if (field == "version") return true;
  if (field == "expires_ms") return message.event == WatchedEvent::kPut;
  return field == "value" && message.with_value;
}

std::string NameOf(const KeyView& key, const LinkKinds& kinds) {
  const std::optional<LinkSort> link = DecodeLinkSort(key.sort);
  if (key.table != Table::kLinks || !link.has_value()) return FormatKey(key);
  return FormatLink({.user = DecodePartition(key.partition).value_or(0),
                     .kind = static_cast<uint8_t>(link->kind),
                     .other = link->first},
                    kinds);
}

TextNode TreeOf(const op::Watch::Response& message, const LinkKinds& kinds) {
  TextNode tree = ToTree(message);
  for (TextNode& node : tree.children) {
    if (node.name == "key") node.word = NameOf(*message.key, kinds);
  }
  return tree;
}

void SayStarted(uint64_t version, bool again) {
  const char* const what = again ? "watching again after an interruption" : "watching";
  PrintTo(stderr, "{}, after version {}\n", what, version);
}

}  // namespace

std::string ShowWatchMessage(const op::Watch::Response& message, const WatchView& view,
                             uint64_t now_millis) {
  if (view.json) return WriteJson(TreeOf(message, view.link_kinds));
  std::string line(smile::NameOf(message.event));
  if (message.key.has_value()) {
    line += " " + NameOf(*message.key, view.link_kinds);
  } else if (message.event != WatchedEvent::kGap) {
    return {};
  } else if (message.gap.has_value()) {
    line += " " + FormatPartition(*message.gap);
  } else {
    line += " all";
  }
  TextNode shown = ToTree(message);
  std::erase_if(shown.children, [&](const TextNode& node) { return !IsShown(node.name, message); });
  LineStyle style;
  if (!view.raw_times) style.now_millis = now_millis;
  return line + " " + WriteLine(shown, style);
}

Status RunWatch(Client* client, std::span<const TextToken> tokens, const WatchView& view,
                const Patience& patience) {
  Status status;
  SMILE_TRY(ReadAnyRequest<OperationList<op::Watch>>(
      tokens, {}, [&](auto, const TextRequest<op::Watch>& read) {
        const SystemClock clock;
        WatchReader reader(client, read.request);
        bool has_started = false;
        while (status.ok() && patience.sleep(0)) {
          const auto next = reader.Next(kLookMillis);
          status = next.status();
          if (!next.ok() || !next->has_value()) continue;
          const op::Watch::Response& message = ***next;
          if (message.event == WatchedEvent::kStarted) {
            SayStarted(message.version, std::exchange(has_started, true));
          }
          const std::string line =
              ShowWatchMessage(message, view, static_cast<uint64_t>(clock.WallMillis()));
          if (line.empty()) continue;
          PrintTo(stdout, "{}\n", line);
          if (std::fflush(stdout) != 0)
            status = {Code::kNoSpace, "cannot write to standard output"};
        }
      }));
  return status;
}

}  // namespace smile::cat
