#include "bench/network/actors.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace smile::bench {
namespace {

using What = smile::bench::Act;

constexpr uint64_t kMaxActsInFlight = 20'000;
constexpr uint64_t kLoginsInFlight = 256;
constexpr double kPopularity = 0.8;        // exponent of Zipf: who is looked at
constexpr uint32_t kPostsTalkedAbout = 3;  // the newest of a person
constexpr int64_t kNotificationMillis = 5'000;
constexpr size_t kCommentBytes = 80;
constexpr uint64_t kNewPhotos = uint64_t{1} << 32;  // numbers that the load does not use

}  // namespace

Actors::Actors(const NetworkOptions& options, const People& people, const Clock& clock,
               EventLoop* loop, NetworkStore* store, const NetworkHooks& hooks,
               NetworkResults* results)
    : options_(options),
      people_(people),
      clock_(clock),
      loop_(loop),
      store_(store),
      hooks_(hooks),
      results_(results),
      popularity_(people.count(), kPopularity),
      popular_(people.count(), options.seed + 1),
      ids_(/*node=*/1),
      notifications_(&clock, store),
      random_(options.day == 0 ? options.seed ^ static_cast<uint64_t>(clock.WallMillis())
                               : Random(options.seed * kMaxDay + options.day).Next()) {
  const Permutation chosen(people.count(), options.seed + 2);
  people_online_.resize(std::min<uint64_t>(options.online, people.count()));
  for (size_t i = 0; i < people_online_.size(); ++i) people_online_[i].id = 1 + chosen.Apply(i);
}

// --- Sessions ------------------------------------------------------------------------------------

void Actors::LogIn() {
  for (uint64_t i = 0; i < kLoginsInFlight; ++i) LogInNext();
  if (in_flight_ > 0) loop_->Run();
}

void Actors::LogInNext() {
  results_->interrupted = results_->interrupted || hooks_.interrupted();
  if (next_login_ == people_online_.size() || results_->interrupted) return;
  Person* const person = &people_online_[next_login_++];
  ++in_flight_;
  store_->MakeSession(person->id,
                      [this, person](const StoreAnswer& answer) { OnSession(person, answer); });
}

void Actors::OnSession(Person* person, const StoreAnswer& answer) {
  --in_flight_;
  if (answer.status.ok()) {
    person->token = answer.token;
    LogInNext();
  } else if (results_->first_error.ok()) {
    Fail(answer.status);
    next_login_ = people_online_.size();
  }
  if (in_flight_ == 0) loop_->Stop();
}

void Actors::Fail(const Status& status) {
  ++results_->errors[status.code()];
  if (results_->first_error.ok()) results_->first_error = status;
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
  notifications_.Begin([this](const Status& status) {
    if (!status.ok()) Fail(status);
    loop_->Stop();
  });
  loop_->Run();
  results_->watched = notifications_.watched();
}

// Those that are on their way; not for ever.
void Actors::AwaitNotifications() {
  const int64_t until = clock_.MonotonicNanos() + kNotificationMillis * kNanosPerMilli;
  const auto timer = loop_->StartTimer(0, 1, [this, until] {
    const bool over = notifications_.expected() == 0 || clock_.MonotonicNanos() >= until;
    if (over || hooks_.interrupted()) loop_->Stop();
  });
  loop_->Run();
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
    const auto timer = loop_->StartTimer(0, 1, [this] { BeginDue(); });
    loop_->Run();
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
  if (IsOver() && in_flight_ == 0) loop_->Stop();
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
  if (doing->act == What::kLogin) {
    return store_->LogIn(doing->person->id, People::LoginOf(doing->person->id), "right",
                         Ending(doing));
  }
  store_->VerifySession(doing->person->token, [this, doing](const StoreAnswer& answer) {
    if (!answer.status.ok()) return End(doing, answer);
    doing->cost += answer.cost;
    return doing->act <= What::kComments ? Look(doing) : Write(doing);
  });
}

void Actors::Look(Doing* doing) {
  switch (doing->act) {
    case What::kProfile:
      return store_->ReadProfile(doing->other, Ending(doing));
    case What::kFeed:
      return store_->ReadFeed(doing->person->id, Ending(doing));
    case What::kPhoto: {
      const uint64_t owner = people_.PersonWithPhoto(doing->other);
      return store_->ReadPhoto(owner, owner, Ending(doing));
    }
    case What::kComments:
      return store_->ReadComments(doing->post, Ending(doing));
    default:
      CHECK(false, "the other acts write");
  }
}

void Actors::Write(Doing* doing) {
  const uint64_t person = doing->person->id;
  switch (doing->act) {
    case What::kLike:
      return store_->Like(person, doing->other, doing->post,
                          Ending(doing, {Notice::Kind::kLike, doing->post, person}));
    case What::kPost: {
      const Bytes text(kPostBytes, 't');
      return store_->WritePost({.of = person, .id = ids_.Next(), .bytes = text}, Ending(doing));
    }
    case What::kComment: {
      const Bytes text(kCommentBytes, 't');
      const NewItem comment = {.of = doing->post, .id = ids_.Next(), .bytes = text};
      return store_->WriteComment(doing->other, comment,
                                  Ending(doing, {Notice::Kind::kComment, comment.of, comment.id}));
    }
    case What::kPhotoPost:
      return WritePhotoPost(doing);
    case What::kBefriend:
      if (doing->other == person) return End(doing, {});
      return store_->Befriend(person, doing->other,
                              Ending(doing, {Notice::Kind::kFriend, doing->other, person}));
    default:
      CHECK(false, "the other acts look");
  }
}

void Actors::WritePhotoPost(Doing* doing) {
  const uint64_t person = doing->person->id;
  const uint64_t photo = ids_.Next();
  Bytes bytes;
  photos_.Make(kNewPhotos + photo, &bytes);
  const Bytes text(kPostBytes, 't');
  store_->WritePhotoPost({.of = person, .id = photo, .bytes = bytes},
                         {.of = person, .id = ids_.Next(), .bytes = text}, Ending(doing));
}

NetworkStore::Done Actors::Ending(Doing* doing) {
  return [this, doing](const StoreAnswer& answer) { End(doing, answer); };
}

NetworkStore::Done Actors::Ending(Doing* doing, const Notice& notice) {
  notifications_.Expect(notice);
  return [this, doing, notice](const StoreAnswer& answer) {
    if (!answer.status.ok() || !answer.notifies) notifications_.Forget(notice);
    End(doing, answer);
  };
}

void Actors::End(Doing* doing, const StoreAnswer& last) {
  --in_flight_;
  idle_.push_back(doing);
  if (!last.status.ok()) return Fail(last.status);
  doing->cost += last.cost;
  if (doing->due_nanos < count_from_nanos_) return;
  const auto act = static_cast<size_t>(doing->act);
  results_->acts[act].Add(clock_.MonotonicNanos() - doing->due_nanos);
  results_->costs[act] += doing->cost;
  results_->feed_posts += last.posts;
}

}  // namespace smile::bench
