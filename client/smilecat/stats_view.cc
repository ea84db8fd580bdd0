#include "client/smilecat/stats_view.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/progress.h"
#include "base/text.h"
#include "protocol/operations.h"
#include "protocol/text_time.h"

namespace smile::cat {
namespace {

constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

// A gauge that is a point in time says so by its name.
bool IsTime(const std::string& name) {
  return name.ends_with("_start_millis");
}

std::string ValueOf(const std::pair<std::string, uint64_t>& stat, bool raw_times) {
  if (IsTime(stat.first)) return raw_times ? std::to_string(stat.second) : FormatTime(stat.second);
  return WithCommas(stat.second);
}

std::string ChangeOf(const std::pair<std::string, uint64_t>& stat, const StatValues& before) {
  const auto found = std::lower_bound(
      before.begin(), before.end(), stat.first,
      [](const auto& other, const std::string& name) { return other.first < name; });
  if (found == before.end() || found->first != stat.first || found->second == stat.second) {
    return "";
  }
  return stat.second > found->second ? "+" + WithCommas(stat.second - found->second)
                                     : "-" + WithCommas(found->second - stat.second);
}

struct Look {
  Status status;
  bool cancelled = false;
  StatValues stats;
};

Look LookOnce(Client* client, const StatsOptions& options, int64_t deadline_millis,
              const Patience& patience) {
  const auto pending = std::make_shared<PendingReply>();
  const auto stats = std::make_shared<StatValues>();
  client->Call<op::Stats>({}, {.deadline_millis = deadline_millis, .retry = false},
                          [pending, stats](const Answer<op::Stats>& answer) {
                            if (answer.ok()) {
                              for (const op::Stat& stat : answer->stats) {
                                stats->emplace_back(Printable(stat.name), stat.value);
                              }
                            }
                            pending->Set({.status = answer.status()});
                          });
  const std::optional<Reply> reply = patience.wait(pending.get());
  if (!reply.has_value()) return {.cancelled = true};
  std::erase_if(*stats, [&](const auto& stat) { return !stat.first.starts_with(options.prefix); });
  std::sort(stats->begin(), stats->end());
  return {.status = reply->status, .stats = std::move(*stats)};
}

std::string Shown(const StatsOptions& options, const StatValues& stats, const StatValues* before) {
  if (options.json) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, value] : stats) object[name] = value;
    return object.dump() + "\n";
  }
  std::string text = options.watch && options.clears ? kClearScreen : "";
  if (options.watch) {
    const auto now = static_cast<uint64_t>(SystemClock().WallMillis());
    text += FormatTime(now / 1000 * 1000) + "\n";
  }
  return text + StatsTable(stats, before, options.raw_times);
}

}  // namespace

std::string StatsTable(const StatValues& stats, const StatValues* before, bool raw_times) {
  size_t names = 0;
  size_t values = 0;
  size_t changes = 0;
  for (const auto& stat : stats) {
    names = std::max(names, stat.first.size());
    values = std::max(values, ValueOf(stat, raw_times).size());
    if (before != nullptr) changes = std::max(changes, ChangeOf(stat, *before).size());
  }
  std::string text;
  for (const auto& stat : stats) {
    text += fmt::format("{:<{}}  {:>{}}", stat.first, names, ValueOf(stat, raw_times), values);
    const std::string change = before == nullptr ? "" : ChangeOf(stat, *before);
    if (!change.empty()) text += fmt::format("  {:>{}}", change, changes);
    text.push_back('\n');
  }
  return text;
}

Status RunStats(Client* client, const StatsOptions& options, int64_t deadline_millis,
                const Patience& patience) {
  std::optional<StatValues> before;
  while (true) {
    Look look = LookOnce(client, options, deadline_millis, patience);
    if (look.cancelled) return {};
    SMILE_TRY(look.status);
    if (look.stats.empty()) {
      return {Code::kNotFound, "no statistic begins with " + options.prefix};
    }
    const std::string text = Shown(options, look.stats, before.has_value() ? &*before : nullptr);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
      return {Code::kInvalid, "cannot write to standard output"};
    }
    if (!options.watch || !patience.sleep(options.interval_millis)) return {};
    before = std::move(look.stats);
  }
}

}  // namespace smile::cat
