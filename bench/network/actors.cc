#include "bench/network/actors.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "model/key.h"

namespace smile::bench {
namespace {

using What = smile::bench::Act;

constexpr uint64_t kMaxActsInFlight = 20'000;
constexpr uint64_t kLoginsInFlight = 256;
constexpr double kPopularity = 0.8;  // exponent of Zipf: who is looked at
constexpr uint32_t kPageOfPosts = 20;
constexpr uint32_t kPostsTalkedAbout = 3;  // the newest of a person
constexpr int64_t kNotificationMillis = 5'000;
constexpr size_t kPostBytes = 200;
constexpr size_t kCommentBytes = 80;
constexpr uint8_t kFriend = static_cast<uint8_t>(LinkKind::kFriend);
constexpr uint8_t kFollower = static_cast<uint8_t>(LinkKind::kFollower);
constexpr uint8_t kLike = 16;
constexpr uint8_t kLikedBy = static_cast<uint8_t>(InverseOf(LinkKind{kLike}));
constexpr uint64_t kNewPhotos = uint64_t{1} << 32;  // numbers that the load does not use

}  // namespace

Actors::Actors(const NetworkOptions& options, const People& people, const Clock& clock,
               NetworkConnections* connections, const NetworkHooks& hooks, NetworkResults* results)
    : options_(options),
      people_(people),
      clock_(clock),
      connections_(connections),
      hooks_(hooks),
      results_(results),
      popularity_(people.count(), kPopularity),
      popular_(people.count(), options.seed + 1),
      ids_(/*node=*/1),
      notifications_(&clock, connections),
      random_(options.seed ^ static_cast<uint64_t>(clock.WallMillis())) {
  const Permutation chosen(people.count(), options.seed + 2);
  people_online_.resize(std::min<uint64_t>(options.online, people.count()));
  for (size_t i = 0; i < people_online_.size(); ++i) people_online_[i].id = 1 + chosen.Apply(i);
}

// --- Sessions ------------------------------------------------------------------------------------

void Actors::LogIn() {
  for (uint64_t i = 0; i < kLoginsInFlight; ++i) LogInNext();
  if (in_flight_ > 0) connections_->loop().Run();
}

void Actors::LogInNext() {
  results_->interrupted = results_->interrupted || hooks_.interrupted();
  if (next_login_ == people_online_.size() || results_->interrupted) return;
  Person* const person = &people_online_[next_login_++];
  ++in_flight_;
  connections_->Call<op::SessionMake>(
      {.user = person->id, .label = "smilebench", .expire_seconds = 86'400},
      [this, person](const Answer<op::SessionMake>& answer) { OnSession(person, answer); });
}

void Actors::OnSession(Person* person, const Answer<op::SessionMake>& answer) {
  --in_flight_;
  if (answer.ok()) {
    person->token = answer->token;
    LogInNext();
  } else if (results_->first_error.ok()) {
    results_->first_error = answer.status();
    ++results_->errors[answer.status().code()];
    next_login_ = people_online_.size();
  }
  if (in_flight_ == 0) connections_->loop().Stop();
}

// --- Notifications -------------------------------------------------------------------------------

void Actors::Watch() {
  const uint32_t posts = std::min(options_.posts, kPostsTalkedAbout);
  for (const Person& person : people_online_) {
    std::vector<uint64_t> newest;
    for (uint32_t age = 0; age < posts; ++age) {
      newest.push_back(People::PostOf(person.id, options_.posts - 1 - age));
    }
    notifications_.Add(person.id, newest);
  }
  notifications_.Begin([this] { connections_->loop().Stop(); });
  connections_->loop().Run();
  results_->watched = notifications_.watched();
}

// Those that are on their way; not for ever.
void Actors::AwaitNotifications() {
  const int64_t until = clock_.MonotonicNanos() + kNotificationMillis * kNanosPerMilli;
  const auto timer = connections_->loop().StartTimer(0, 1, [this, until] {
    const bool over = notifications_.expected() == 0 || clock_.MonotonicNanos() >= until;
    if (over || hooks_.interrupted()) connections_->loop().Stop();
  });
  connections_->loop().Run();
  results_->not_notified = notifications_.expected();
  results_->notified = notifications_.told();
}

// --- Acts ----------------------------------------------------------------------------------------

void Actors::Act(int64_t count_from_nanos, int64_t end_nanos) {
  count_from_nanos_ = count_from_nanos;
  end_nanos_ = end_nanos;
  next_due_nanos_ = clock_.MonotonicNanos();
  due_ = static_cast<double>(next_due_nanos_);
  notifications_.ResetTold();
  {
    const auto timer = connections_->loop().StartTimer(0, 1, [this] { BeginDue(); });
    connections_->loop().Run();
  }
  AwaitNotifications();
}

void Actors::BeginDue() {
  results_->interrupted = results_->interrupted || hooks_.interrupted();
  const int64_t now = clock_.MonotonicNanos();
  while (!IsOver() && next_due_nanos_ <= now) {
    Begin(next_due_nanos_);
    due_ += 1e9 / options_.rate;
    next_due_nanos_ = static_cast<int64_t>(due_);
  }
  if (IsOver() && in_flight_ == 0) connections_->loop().Stop();
}

What Actors::ChooseAct() {
  double percent = static_cast<double>(random_.Below(1'000'000)) / 10'000;
  for (const ActInfo& info : kActs) {
    percent -= info.percent;
    if (percent < 0) return info.act;
  }
  return kActs.front().act;
}

void Actors::Begin(int64_t due_nanos) {
  if (in_flight_ == kMaxActsInFlight) {
    results_->not_begun += due_nanos >= count_from_nanos_ ? 1 : 0;
    return;
  }
  if (idle_.empty()) idle_.push_back(doing_.emplace_back(std::make_unique<Doing>()).get());
  Doing* const doing = idle_.back();
  idle_.pop_back();
  ++in_flight_;
  const uint64_t other = 1 + popular_.Apply(popularity_.Next(&random_));
  const auto posts = std::max<uint32_t>(options_.posts, 1);
  const uint32_t age =
      static_cast<uint32_t>(random_.Below(std::min<uint32_t>(posts, kPostsTalkedAbout)));
  *doing = {.act = ChooseAct(),
            .person = &people_online_[random_.Below(people_online_.size())],
            .other = other,
            .post = People::PostOf(other, posts - 1 - age),
            .due_nanos = due_nanos};
  Step(doing);
}

// The first step has one request; the others begin together.
void Actors::Step(Doing* doing) {
  switch (doing->step++) {
    case 0:
      return Verify(doing);
    case 1:
      return doing->act <= What::kComments ? Look(doing) : Write(doing);
    case 2:
      if (doing->act == What::kLogin) {
        return Send<op::SessionMake>(doing, {.user = doing->person->id, .label = "smilebench"});
      }
      if (doing->act == What::kPhotoPost) return SendPost(doing, doing->person->id, kPostBytes);
      return End(doing);
    default:
      return End(doing);
  }
}

void Actors::Verify(Doing* doing) {
  if (doing->act != What::kLogin) {
    return Send<op::SessionVerify>(doing, {.token = doing->person->token});
  }
  const std::string login = People::LoginOf(doing->person->id);
  Send<op::LoginVerify>(doing, {.login = login, .password = "right", .label = "smilebench"});
}

void Actors::Look(Doing* doing) {
  switch (doing->act) {
    case What::kProfile: {
      const std::array<Key, 3> keys = {UserKey(doing->other, "name"),
                                       UserKey(doing->other, "profile"),
                                       UserKey(doing->other, "settings")};
      doing->requests_in_flight = 1;  // until all are sent
      Send<op::MGet>(doing, {.keys = {keys[0].view(), keys[1].view(), keys[2].view()}});
      Send<op::LinkCount>(doing, {.user = doing->other, .kind = kFriend});
      Send<op::LinkCount>(doing, {.user = doing->other, .kind = kFollower});
      --doing->requests_in_flight;
      return;
    }
    case What::kFeed:
      return Send<op::Feed>(doing,
                            {.user = doing->person->id, .kinds = {kFriend}, .limit = kPageOfPosts},
                            [this](const Answer<op::Feed>& feed) {
                              if (feed.ok()) results_->feed_posts += feed->entries.size();
                            });
    case What::kPhoto: {
      const uint64_t owner = people_.PersonWithPhoto(doing->other);
      return Send<op::MediaRead>(doing, {.owner = owner, .media = owner});
    }
    case What::kComments: {
      const Bytes partition = PartitionOf(doing->post);
      doing->requests_in_flight = 1;  // until all are sent
      Send<op::Scan>(doing, {.partition = {Table::kPosts, partition}, .limit = kPageOfPosts});
      Send<op::LinkCount>(doing, {.user = doing->post, .kind = kLikedBy});
      --doing->requests_in_flight;
      return;
    }
    default:
      CHECK(false, "the other acts write");
  }
}

void Actors::Write(Doing* doing) {
  const uint64_t person = doing->person->id;
  switch (doing->act) {
    case What::kLike:
      return SendLink(doing, kLike, doing->post);
    case What::kPost:
      return SendPost(doing, person, kPostBytes);
    case What::kComment:
      return SendPost(doing, doing->post, kCommentBytes);
    case What::kBefriend:
      if (doing->other == person) return End(doing);
      return SendLink(doing, kFriend, doing->other);
    case What::kPhotoPost: {
      const uint64_t id = ids_.Next();
      Bytes photo;
      photos_.Make(kNewPhotos + id, &photo);
      return Send<op::MediaPut>(doing, {.owner = person,
                                        .media = id,
                                        .content_type = "image/jpeg",
                                        .checksum = Hash64(photo),
                                        .bytes = photo});
    }
    case What::kLogin:
      return Step(doing);
    default:
      CHECK(false, "the other acts look");
  }
}

void Actors::SendPost(Doing* doing, uint64_t partition, size_t bytes) {
  const Key key = PostKey(partition, ids_.Next());
  const Bytes text(bytes, 't');
  notifications_.Expect(key);
  Send<op::Put>(doing, {.key = key, .checksum = Hash64(text), .value = text},
                [this, key](const Answer<op::Put>& answer) {
                  if (!answer.ok()) notifications_.Forget(key);
                });
}

// The other is told of a new link.
void Actors::SendLink(Doing* doing, uint8_t kind, uint64_t other) {
  const uint64_t person = doing->person->id;
  const Key back = LinkKey(other, InverseOf(LinkKind{kind}), person);
  notifications_.Expect(back);
  Send<op::Link>(doing, {.user = person, .kind = kind, .other = other},
                 [this, back](const Answer<op::Link>& answer) {
                   if (!answer.ok() || !answer->created) notifications_.Forget(back);
                 });
}

template <class Row>
void Actors::Send(Doing* doing, const typename Row::Request& request,
                  std::function<void(const Answer<Row>&)> take) {
  ++doing->requests_in_flight;
  counted_requests_ += doing->due_nanos >= count_from_nanos_ ? 1 : 0;
  connections_->Call<Row>(request,
                          [this, doing, take = std::move(take)](const Answer<Row>& answer) {
                            --doing->requests_in_flight;
                            if (!answer.ok() && doing->failure.ok())
                              doing->failure = answer.status();
                            if (take) take(answer);
                            if (doing->requests_in_flight > 0) return;
                            if (doing->failure.ok()) return Step(doing);
                            End(doing);
                          });
}

void Actors::End(Doing* doing) {
  --in_flight_;
  idle_.push_back(doing);
  if (!doing->failure.ok()) {
    ++results_->errors[doing->failure.code()];
    if (results_->first_error.ok()) results_->first_error = doing->failure;
  } else if (doing->due_nanos >= count_from_nanos_) {
    const int64_t nanos = clock_.MonotonicNanos() - doing->due_nanos;
    results_->acts[static_cast<size_t>(doing->act)].Add(nanos);
  }
  results_->requests = counted_requests_;
}

}  // namespace smile::bench
