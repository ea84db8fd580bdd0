#include "bench/network/network_load.h"

#include <string>
#include <string_view>

#include "base/hash.h"
#include "model/key.h"

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
constexpr size_t kPostBytes = 200;

op::BatchItem Item(ByteView name, ByteView value) {
  return {.sort = name, .checksum = Hash64(value), .value = value};
}

}  // namespace

void NetworkLoad::Run() {
  Fill();
  if (in_flight_ > 0) connections_->loop().Run();
}

void NetworkLoad::Fill() {
  while (in_flight_ < kMaxInFlight && SendNext()) {
  }
}

void NetworkLoad::OnDone(const Status& status) {
  --in_flight_;
  if (status.ok()) {
    ++results_->requests_loaded;
  } else {
    ++results_->errors[status.code()];
    if (results_->first_error.ok()) results_->first_error = status;
  }
  Fill();
  if (in_flight_ == 0) connections_->loop().Stop();
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

template <class Row>
bool NetworkLoad::Send(const typename Row::Request& request) {
  ++in_flight_;
  connections_->Call<Row>(request, [this](const Answer<Row>& answer) { OnDone(answer.status()); });
  return true;
}

// False: there is nothing more of this part.
bool NetworkLoad::SendPart() {
  switch (part_) {
    case Part::kLogin: {
      const std::string login = People::LoginOf(person_);
      Next(Part::kRecords);
      return Send<op::LoginImport>({.login = login, .user = person_, .credential = kCredential});
    }
    case Part::kRecords: {
      const Bytes partition = PartitionOf(person_);
      const std::string name = "Person " + std::to_string(person_);
      const Bytes profile(kProfileBytes, 'p');
      const Bytes settings(kSettingsBytes, 's');
      Next(Part::kFriend);
      return Send<op::Batch>(
          {.partition = {Table::kUsers, partition},
           .items = {Item("name", name), Item("profile", profile), Item("settings", settings)}});
    }
    case Part::kFriend:
      if (index_ == people_.FriendsBegunBy(person_)) break;
      return Send<op::Link>({.user = person_,
                             .kind = static_cast<uint8_t>(LinkKind::kFriend),
                             .other = people_.FriendBegunBy(person_, index_++)});
    case Part::kPost: {
      if (index_ == options_.posts) break;
      const Key key = PostKey(person_, People::PostOf(person_, static_cast<uint32_t>(index_++)));
      const Bytes text(kPostBytes, 't');
      return Send<op::Put>({.key = key, .checksum = Hash64(text), .value = text});
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
  return Send<op::MediaPut>({.owner = person,
                             .media = person,
                             .content_type = "image/jpeg",
                             .checksum = Hash64(buffer_),
                             .bytes = buffer_});
}

}  // namespace smile::bench
