#include "tests/service/link_model.h"

#include <algorithm>
#include <utility>

#include "tests/service/stored_links.h"

namespace smile::testing {
namespace {

constexpr uint64_t kUsers = 6;  // from 1
constexpr uint8_t kKinds[] = {1, 5, 133, 9, 137};

bool IsSame(const LinkEntry& one, const LinkEntry& other) {
  return one.outcome == other.outcome && one.other == other.other && one.time_ms == other.time_ms &&
         one.inverse == other.inverse && one.value == other.value;
}

}  // namespace

void HeldWritesEngine::Write(WriteRequest request, std::function<void(WriteReply)> done) {
  if (!hold) return engine().Write(std::move(request), std::move(done));
  held_.push_back({std::make_shared<WriteRequest>(std::move(request)), std::move(done)});
}

void HeldWritesEngine::Release(size_t index, bool reject) {
  Held held = std::move(held_.at(index));
  held_.erase(held_.begin() + static_cast<ptrdiff_t>(index));
  if (reject) return held.done({.status = {Code::kOverloaded, "by the test"}, .versions = {}});
  engine().Write(std::move(*held.request), std::move(held.done));
}

LinkModel::LinkModel(Below below)
    : below_(std::move(below)),
      engine_(&clock_, MemoryEngine::Answers::kInline, /*records_per_page=*/7),
      service_(std::make_unique<LinkService>(held_, clock_)) {}

LinkModel::~LinkModel() = default;

void LinkModel::Step() {
  if (!failure_.empty()) return;
  ++steps_;
  clock_.AdvanceMillis(static_cast<int64_t>(below_(3)));
  switch (below_(10)) {
    case 0:
      Restart();
      break;
    case 1:
    case 2:
      ChangeMany();
      break;
    default:
      ChangeOne();
  }
  const uint64_t user = 1 + below_(kUsers);
  CheckUser(user);
  CheckCommon(user, 1 + below_(kUsers), kKinds[below_(std::size(kKinds))]);
}

// A client repeats a change whose outcome it does not know.
void LinkModel::ChangeOne() {
  const LinkChange change = AnyChange();
  faults_.SetFull(below_(8) == 0);
  if (faults_.full()) {
    const Result<LinkChanged> found = service_->Change(change).Wait();
    faults_.SetFull(false);
    const bool is_link = change.kind == LinkChange::Kind::kLink;
    if (is_link && found.status().code() == Code::kNoSpace) return;
    return Compare(change, found, Expected(change));
  }
  if (below_(3) == 0) {
    faults_.Plan(static_cast<int64_t>(below_(3)), static_cast<int64_t>(1 + below_(2)),
                 below_(2) == 0 ? Faults::Fate::kFails : Faults::Fate::kDoneButFails);
  }
  const int64_t faults_before = faults_.count();
  Result<LinkChanged> found = service_->Change(change).Wait();
  while (found.status().code() == Code::kOutcomeUnknown) found = service_->Change(change).Wait();
  faults_.Clear();
  Result<LinkChanged> expected = Expected(change);
  // An earlier try may have taken effect.
  if (faults_.count() > faults_before && found.ok() && expected.ok()) {
    found->changed = expected->changed;
    if (change.kind == LinkChange::Kind::kUnlink) found->time_ms = expected->time_ms;
  }
  Compare(change, found, expected);
}

// Changes that wait for each other take effect in the order of their calls, if at all.
void LinkModel::ChangeMany() {
  const size_t count = 2 + below_(12);
  std::vector<LinkChange> changes;
  std::vector<std::optional<Result<LinkChanged>>> found(count);
  held_.hold = true;
  faults_.SetFull(below_(6) == 0);
  for (size_t i = 0; i < count; ++i) {
    changes.push_back(AnyChange());
    service_->Change(changes[i],
                     [&found, i](Result<LinkChanged> result) { found[i] = std::move(result); });
    if (held_.held() > 0 && below_(4) == 0) held_.Release(below_(held_.held()), below_(8) == 0);
  }
  while (held_.held() > 0) held_.Release(below_(held_.held()), below_(8) == 0);
  held_.hold = false;
  faults_.SetFull(false);
  for (size_t i = 0; i < count; ++i) {
    if (!found[i]) return Expect(false, "a change was not answered");
    const Code code = found[i]->status().code();
    const bool is_link = changes[i].kind == LinkChange::Kind::kLink;
    if (code == Code::kOverloaded || (code == Code::kNoSpace && is_link)) continue;
    Compare(changes[i], *found[i], Expected(changes[i]));
  }
}

void LinkModel::Restart() {
  service_ = nullptr;
  service_ = std::make_unique<LinkService>(held_, clock_);
}

LinkChange LinkModel::AnyChange() {
  LinkChange change;
  change.kind = below_(3) == 0 ? LinkChange::Kind::kUnlink : LinkChange::Kind::kLink;
  change.side.user = 1 + below_(kUsers);
  change.side.other = 1 + (change.side.user + below_(kUsers - 1)) % kUsers;
  change.side.kind = LinkKind{kKinds[below_(std::size(kKinds))]};
  if (change.kind == LinkChange::Kind::kUnlink) return change;
  // Two or three of the long ones are as many as a compact head contains.
  change.value = Bytes(below_(4) == 0 ? 600 + below_(400) : below_(3), 'v');
  if (below_(4) == 0) change.inverse = LinkKind{kKinds[below_(std::size(kKinds))]};
  if (below_(4) == 0) change.time_ms = below_(2) == 0 ? below_(5) : UINT64_MAX - below_(2);
  return change;
}

Result<LinkChanged> LinkModel::Expected(const LinkChange& change) {
  const auto kind = static_cast<uint8_t>(change.side.kind);
  const Side side{change.side.user, kind, change.side.other};
  const auto old = sides_.find(side);
  if (change.kind == LinkChange::Kind::kUnlink) {
    if (old == sides_.end()) return LinkChanged{};
    const Stored stored = old->second;
    sides_.erase({change.side.other, stored.inverse, change.side.user});
    sides_.erase(side);
    return LinkChanged{.changed = true, .time_ms = stored.time_ms};
  }
  const bool is_new = old == sides_.end();
  const LinkKind given = change.inverse.value_or(InverseOf(change.side.kind));
  const auto inverse = is_new ? static_cast<uint8_t>(given) : old->second.inverse;
  const Side back{change.side.other, inverse, change.side.user};
  const auto old_back = sides_.find(back);
  const bool other_pair = old_back != sides_.end() && old_back->second.inverse != kind;
  if (other_pair || (change.inverse && static_cast<uint8_t>(*change.inverse) != inverse)) {
    return Status(Code::kConditionFailed, "");
  }
  const uint64_t time_ms = change.time_ms.value_or(is_new ? NowMillis() : old->second.time_ms);
  sides_[side] = {.time_ms = time_ms, .inverse = inverse, .value = change.value};
  sides_[back] = {.time_ms = time_ms, .inverse = kind, .value = change.value};
  return LinkChanged{.changed = is_new, .time_ms = time_ms};
}

void LinkModel::Compare(const LinkChange& change, const Result<LinkChanged>& found,
                        const Result<LinkChanged>& expected) {
  const std::string what = "change of " + std::to_string(change.side.user) + ", kind " +
                           std::to_string(static_cast<int>(change.side.kind)) + ", " +
                           std::to_string(change.side.other) + ": ";
  Expect(found.status().code() == expected.status().code(), what + found.status().ToString());
  if (!found.ok() || !expected.ok()) return;
  Expect(found->changed == expected->changed, what + "whether it changed");
  Expect(found->time_ms == expected->time_ms, what + "its time");
}

// Newest first; of one time, ascending.
std::vector<std::pair<uint64_t, LinkModel::Stored>> LinkModel::LinksIn(uint64_t user,
                                                                       uint8_t kind) const {
  std::vector<std::pair<uint64_t, Stored>> links;
  for (auto side = sides_.lower_bound({user, kind, 0});
       side != sides_.end() && std::get<0>(side->first) == user && std::get<1>(side->first) == kind;
       ++side) {
    links.emplace_back(std::get<2>(side->first), side->second);
  }
  std::stable_sort(links.begin(), links.end(), [](const auto& a, const auto& b) {
    return a.second.time_ms > b.second.time_ms;
  });
  return links;
}

void LinkModel::CheckUser(uint64_t user) {
  std::vector<KindCount> expected;
  for (int number = 1; number <= UINT8_MAX; ++number) {
    const auto kind = static_cast<uint8_t>(number);
    const size_t count = LinksIn(user, kind).size();
    if (count > 0) expected.push_back({LinkKind{kind}, count});
  }
  const auto counts = service_->Counts(user, {}).Wait();
  Expect(counts.ok() && *counts == expected, "counts of " + std::to_string(user));
  const uint8_t kind = kKinds[below_(std::size(kKinds))];
  const auto count = service_->Count({user, LinkKind{kind}}, {}).Wait();
  Expect(count.ok() && *count == LinksIn(user, kind).size(), "count of " + std::to_string(user));
  const LinkKeyBytes key(LinkSide{.user = user, .kind = LinkKind{kind}}.Head());
  std::optional<uint64_t> peeked = 0;
  (void)engine_.Peek(key.view(),
                     [&](const RecordView& record) { peeked = LinkService::CountFrom(record); });
  Expect(peeked == *count, "count in memory");
  CheckList(user, kind);
  LinkCheckRequest check{.of = {user, LinkKind{kind}}, .others = {}, .call = {}};
  for (uint64_t other = kUsers; other > 0; --other) check.others.push_back(other);
  const auto linked = service_->Check(check).Wait();
  const auto peeked_links = service_->PeekLinks(check.of, check.others);
  Expect(linked.ok() && linked->size() == *count, "check of " + std::to_string(user));
  for (const LinkEntry& entry : *linked) {
    const auto side = sides_.find({user, kind, entry.other});
    Expect(side != sides_.end() && side->second.value == entry.value &&
               side->second.time_ms == entry.time_ms &&
               LinkKind{side->second.inverse} == entry.inverse,
           "entry of a check");
  }
  Expect(!peeked_links || std::equal(linked->begin(), linked->end(), peeked_links->begin(),
                                     peeked_links->end(), IsSame),
         "a check in memory");
}

void LinkModel::CheckList(uint64_t user, uint8_t kind) {
  LinkListRequest request{.of = {user, LinkKind{kind}},
                          .limit = static_cast<uint32_t>(1 + below_(4)),
                          .since_ms = {},
                          .before_ms = {},
                          .after = {},
                          .from = {},
                          .call = {}};
  auto links = LinksIn(user, kind);
  const auto any_time = [&]() -> uint64_t {
    if (links.empty() || below_(8) == 0) return below_(2) == 0 ? 0 : UINT64_MAX;
    return links[below_(links.size())].second.time_ms + below_(2);
  };
  if (below_(3) == 0) request.since_ms = any_time();
  if (below_(3) == 0) request.before_ms = any_time();
  std::erase_if(links, [&](const auto& link) {
    return link.second.time_ms < request.since_ms.value_or(0) ||
           (request.before_ms && link.second.time_ms >= *request.before_ms);
  });
  std::vector<LinkEntry> found;
  for (bool more = true; more;) {
    const auto page = service_->List(request).Wait();
    if (!page.ok()) return Expect(false, "list: " + page.status().ToString());
    if (const auto peeked = service_->PeekList(request)) {
      Expect(peeked->more == page->more && peeked->resume_from == page->resume_from &&
                 std::equal(page->entries.begin(), page->entries.end(), peeked->entries.begin(),
                            peeked->entries.end(), IsSame),
             "a list in memory");
    }
    found.insert(found.end(), page->entries.begin(), page->entries.end());
    more = page->more;
    if (!more) break;
    request.from = page->resume_from;
    request.after = std::nullopt;
    if (!request.from) request.after = LinkPlace{found.back().time_ms, found.back().other};
  }
  Expect(found.size() == links.size(), "length of the list of " + std::to_string(user));
  for (size_t i = 0; i < std::min(found.size(), links.size()); ++i) {
    const auto& [other, stored] = links[i];
    Expect(found[i].other == other && found[i].time_ms == stored.time_ms &&
               found[i].value == stored.value && found[i].inverse == LinkKind{stored.inverse},
           "entry of the list of " + std::to_string(user));
  }
}

void LinkModel::CheckCommon(uint64_t user, uint64_t other, uint8_t kind) {
  std::vector<uint64_t> expected;
  for (uint64_t id = 1; id <= kUsers; ++id) {
    if (sides_.contains({user, kind, id}) && sides_.contains({other, kind, id})) {
      expected.push_back(id);
    }
  }
  CommonLinksRequest request{.of = {user, LinkKind{kind}},
                             .other = other,
                             .limit = static_cast<uint32_t>(1 + below_(3)),
                             .from = 0,
                             .call = {}};
  std::vector<uint64_t> found;
  for (bool more = true; more;) {
    const auto page = service_->Common(request).Wait();
    if (!page.ok()) return Expect(false, "common: " + page.status().ToString());
    Expect(page->ids.size() <= request.limit, "a page of common links is too long");
    found.insert(found.end(), page->ids.begin(), page->ids.end());
    more = page->resume_from.has_value();
    request.from = page->resume_from.value_or(0);
  }
  Expect(found == expected, "common links of " + std::to_string(user));
}

void LinkModel::CheckRecords() {
  if (!failure_.empty()) return;
  LinkSides expected, found;
  for (const auto& [side, stored] : sides_) {
    const auto& [user, kind, other] = side;
    expected[{user, LinkKind{kind}, other}] = {
        .time_ms = stored.time_ms, .inverse = LinkKind{stored.inverse}, .value = stored.value};
  }
  const std::string wrong = ReadLinkRecords(LinkRecordsIn(&engine_, kUsers + 1), &found);
  Expect(wrong.empty(), wrong);
  Expect(found == expected, "sides of links");
}

void LinkModel::Expect(bool condition, const std::string& what) {
  if (condition || !failure_.empty()) return;
  failure_ = "step " + std::to_string(steps_) + ": " + what;
}

}  // namespace smile::testing
