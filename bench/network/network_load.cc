#include "bench/network/network_load.h"

#include <string>
#include <string_view>

namespace smile::bench {
namespace {

constexpr uint64_t kMaxInFlight = 2'000;

// Argon2id of "right" with OWASP's parameters: made once, because it takes 20 ms.
constexpr std::string_view kCredential =
    "$argon2id$v=19$m=19456,t=2,p=1$c21pbGViZW5jaC1zYWx0IQ$U04UcCztVmQjTB8/"
    "5sl0SBWoeRfxgsYoZhS9ZQwnE1A";

// Of a person: about what a profile, settings and a theme take.
constexpr size_t kProfileBytes = 400;
constexpr size_t kSettingsBytes = 200;

}  // namespace

void NetworkLoad::Run() {
  Fill();
  if (in_flight_ > 0) loop_->Run();
}

void NetworkLoad::Fill() {
  while (in_flight_ < kMaxInFlight && SendNext()) {
  }
}

NetworkStore::Done NetworkLoad::Written() {
  ++in_flight_;
  return [this](const StoreAnswer& answer) { OnDone(answer); };
}

void NetworkLoad::OnDone(const StoreAnswer& answer) {
  --in_flight_;
  if (answer.status.ok()) {
    results_->requests_loaded += answer.cost.requests;
  } else {
    ++results_->errors[answer.status.code()];
    if (results_->first_error.ok()) results_->first_error = answer.status;
  }
  Fill();
  if (in_flight_ == 0) loop_->Stop();
}

void NetworkLoad::Next(Part part) {
  part_ = part;
  index_ = 0;
}

// False: there is nothing more to send.
bool NetworkLoad::SendNext() {
  while (person_ <= people_.count() && results_->first_error.ok() && !results_->interrupted) {
    if (SendPart()) return true;
  }
  return false;
}

// False: there is nothing more of this part.
bool NetworkLoad::SendPart() {
  switch (part_) {
    case Part::kLogin:
      Next(Part::kRecords);
      store_->WriteLogin(person_, People::LoginOf(person_), kCredential, Written());
      return true;
    case Part::kRecords: {
      const std::string name = "Person " + std::to_string(person_);
      const Bytes profile(kProfileBytes, 'p');
      const Bytes settings(kSettingsBytes, 's');
      Next(Part::kFriend);
      store_->WriteRecords(person_, {.name = name, .profile = profile, .settings = settings},
                           Written());
      return true;
    }
    case Part::kFriend:
      if (index_ == people_.FriendsBegunBy(person_)) break;
      store_->Befriend(person_, people_.FriendBegunBy(person_, index_++), Written());
      return true;
    case Part::kPost: {
      if (index_ == options_.posts) break;
      const uint64_t post = People::PostOf(person_, static_cast<uint32_t>(index_++));
      const Bytes text(kPostBytes, 't');
      store_->WritePost({.of = person_, .id = post, .bytes = text}, Written());
      return true;
    }
    case Part::kPhoto:
      return SendPhoto();
  }
  Next(part_ == Part::kFriend ? Part::kPost : Part::kPhoto);
  return false;
}

// The last part of a person. False: this one has no photo.
bool NetworkLoad::SendPhoto() {
  const uint64_t person = person_++;
  Next(Part::kLogin);
  hooks_.progress({.unit = "people",
                   .done = person,
                   .done_here = person,
                   .part = person,
                   .whole = people_.count()});
  results_->interrupted = hooks_.interrupted();
  if (!People::HasPhoto(person)) return false;
  photos_.Make(person, &buffer_);
  store_->WritePhoto({.of = person, .id = person, .bytes = buffer_}, Written());
  return true;
}

}  // namespace smile::bench
