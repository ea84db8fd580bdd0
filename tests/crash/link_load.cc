#include "tests/crash/link_load.h"

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "client/client.h"
#include "model/tables.h"
#include "tests/crash/calls.h"

namespace smile {
namespace {

constexpr size_t kInFlight = 16;

std::string NameOf(const LinkHistory::Link& link) {
  const auto& [user, kind, other] = link;
  return fmt::format("{}/{}/{}", user, static_cast<int>(kind), other);
}

LinkHistory::Link BackOf(const LinkHistory::Link& link) {
  const auto& [user, kind, other] = link;
  return {other, static_cast<uint8_t>(InverseOf(LinkKind{kind})), user};
}

}  // namespace

void LinkHistory::Begin(const Link& link, bool linked) {
  const std::lock_guard lock(mutex_);
  links_[link].in_flight = linked;
}

void LinkHistory::Acknowledge(const Link& link) {
  const std::lock_guard lock(mutex_);
  State& state = links_.at(link);
  state.linked = *std::exchange(state.in_flight, std::nullopt);
  ++(state.linked ? counts_.links : counts_.unlinks);
}

std::vector<std::string> LinkHistory::Check(uint16_t port, uint64_t users) {
  std::vector<std::string> violations;
  const std::unique_ptr<Client> client = Connect(port);
  BlockingClient blocking(client.get());
  std::set<Link> sides;
  for (uint64_t user = 1; user <= users; ++user) {
    const auto counts = blocking.Call<op::LinkCounts>({.user = user}, kOnce);
    if (!counts.ok()) return {"counts: " + counts.status().ToString()};
    for (const op::KindCount& one : counts->counts) {
      const auto listed =
          blocking.Call<op::LinkList>({.user = user, .kind = one.kind, .limit = 10'000}, kOnce);
      if (!listed.ok()) return {"list: " + listed.status().ToString()};
      op::LinkCheck::Request check{.user = user, .kind = one.kind, .others = {}};
      for (const op::LinkEntry& entry : listed->entries) {
        sides.insert({user, one.kind, entry.other});
        check.others.push_back(entry.other);
      }
      const auto members = blocking.Call<op::LinkCheck>(check, kOnce);
      if (listed->entries.size() != one.count || !members.ok() ||
          members->entries.size() != one.count) {
        violations.push_back(fmt::format("user {} has {} links of kind {}, and {} are counted",
                                         user, listed->entries.size(), static_cast<int>(one.kind),
                                         one.count));
      }
    }
  }
  for (const Link& side : sides) {
    if (!sides.contains(BackOf(side))) violations.push_back(NameOf(side) + " has one side");
    if (!links_.contains(side) && !links_.contains(BackOf(side))) {
      violations.push_back(NameOf(side) + " was never made");
    }
  }
  counts_.checks += sides.size();
  for (auto& [link, state] : links_) {
    const bool found = sides.contains(link);
    if (found != state.linked && found != state.in_flight) {
      violations.push_back(NameOf(link) + (found ? " was removed and is there" : " is lost"));
    }
    state = {.linked = found, .in_flight = {}};
  }
  return violations;
}

std::string LinkClient::RunUntilCrash(uint16_t port) {
  struct Call {
    LinkHistory::Link link;
    std::future<Status> status;
  };
  const std::unique_ptr<Client> client = Connect(port);
  std::deque<Call> calls;
  std::set<LinkHistory::Link> in_flight;
  while (true) {
    if (calls.size() == kInFlight) {
      const Status status = calls.front().status.get();
      if (!status.ok()) {
        const bool lost =
            status.code() == Code::kUnavailable || status.code() == Code::kOutcomeUnknown;
        return lost ? "" : status.ToString();
      }
      history_->Acknowledge(calls.front().link);
      in_flight.erase(calls.front().link);
      calls.pop_front();
    }
    // A client has kinds of its own. The first user is in half of all links, on either side.
    const uint64_t user = random_() % 2 == 0 ? 1 : 1 + random_() % kUsers;
    const uint64_t other = 1 + (user + random_() % (kUsers - 1)) % kUsers;
    const LinkHistory::Link link = random_() % 2 == 0
                                       ? LinkHistory::Link{user, 10 + number_, other}
                                       : LinkHistory::Link{other, 10 + number_, user};
    if (!in_flight.insert(link).second) continue;
    const bool linked = random_() % 3 != 0;
    history_->Begin(link, linked);
    auto promise = std::make_shared<std::promise<Status>>();
    calls.push_back({link, promise->get_future()});
    const auto& [from, kind, to] = link;
    // Two of the long ones are more than a compact head contains.
    const std::string value(random_() % 4 == 0 ? limits::kMaxLinkValueBytes : 1, 'v');
    if (linked) {
      client->Call<op::Link>(
          {.user = from, .kind = kind, .other = to, .value = value}, kOnce,
          [promise](const Answer<op::Link>& answer) { promise->set_value(answer.status()); });
    } else {
      client->Call<op::Unlink>(
          {.user = from, .kind = kind, .other = to}, kOnce,
          [promise](const Answer<op::Unlink>& answer) { promise->set_value(answer.status()); });
    }
  }
}

}  // namespace smile
