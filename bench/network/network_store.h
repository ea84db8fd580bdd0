// A server that has a network, and the backend that asks it for its people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/smilebench/store_parts.h"

namespace smile::bench {

// Of the text of a post.
inline constexpr size_t kPostBytes = 200;
inline constexpr uint32_t kSessionSeconds = 86'400;

struct StoreCost {
  uint64_t requests = 0;     // of Smile, or commands of Redis
  uint64_t round_trips = 0;  // that followed each other; requests that are sent together are one

  StoreCost& operator+=(const StoreCost& other) {
    requests += other.requests;
    round_trips += other.round_trips;
    return *this;
  }
};

// What a function of a store came to.
struct StoreAnswer {
  Status status;
  StoreCost cost;
  std::string token;     // of a new session
  uint64_t posts = 0;    // of a feed
  bool notifies = true;  // whether whom a link concerns is told; false: there was one already
};

// What somebody is told at once.
struct Notice {
  enum class Kind : uint8_t { kFriend, kLike, kComment };

  Kind kind = Kind::kFriend;
  uint64_t of = 0;  // a person, or a post that is liked or commented on
  uint64_t by = 0;  // the new friend, the person who likes, or the comment

  bool operator==(const Notice&) const = default;
};

// A person who is online: she is told of new friends, and of what others do with these posts of
// hers.
struct Interest {
  uint64_t person = 0;
  std::vector<uint64_t> posts;
};

// Of a person. Borrows.
struct PersonRecords {
  ByteView name;
  ByteView profile;
  ByteView settings;
};

// A post, a comment or a photo, with whose it is, or on what. Borrows.
struct NewItem {
  uint64_t of = 0;
  uint64_t id = 0;
  ByteView bytes;
};

// Belongs to the thread of its loop. All functions but Connect are answered in the loop, not from
// within; what they borrow is used before they return. Whatever is written is durable and atomic
// when it is answered.
class NetworkStore {
 public:
  using Done = std::function<void(const StoreAnswer&)>;
  using OnNotice = std::function<void(const Notice&)>;
  // With the number of partitions or channels that are watched.
  using OnWatching = std::function<void(const Status&, uint64_t watched)>;

  virtual ~NetworkStore() = default;

  // Blocks. kUnavailable: there is no server.
  virtual Status Connect() = 0;
  // Sends what was started. To be called at the end of each turn of the loop.
  virtual void Flush() = 0;

  // --- What people have ---
  virtual void WriteLogin(uint64_t person, std::string_view login, std::string_view credential,
                          Done done) = 0;
  virtual void WriteRecords(uint64_t person, const PersonRecords& records, Done done) = 0;
  virtual void WritePhoto(const NewItem& photo, Done done) = 0;

  // --- What people do ---
  virtual void MakeSession(uint64_t person, Done done) = 0;
  virtual void VerifySession(std::string_view token, Done done) = 0;
  // The password is verified as far as the server can, and a session made.
  virtual void LogIn(uint64_t person, std::string_view login, std::string_view password,
                     Done done) = 0;
  // The records, and how many friends and followers.
  virtual void ReadProfile(uint64_t person, Done done) = 0;
  // The newest posts of all friends.
  virtual void ReadFeed(uint64_t person, Done done) = 0;
  virtual void ReadPhoto(uint64_t owner, uint64_t photo, Done done) = 0;
  // The newest on a post, and its number of likes.
  virtual void ReadComments(uint64_t post, Done done) = 0;
  virtual void WritePost(const NewItem& post, Done done) = 0;
  // The author, of the post that is commented on, is told.
  virtual void WriteComment(uint64_t author, const NewItem& comment, Done done) = 0;
  // Of one person.
  virtual void WritePhotoPost(const NewItem& photo, const NewItem& post, Done done) = 0;
  // The author of the post is told.
  virtual void Like(uint64_t person, uint64_t author, uint64_t post, Done done) = 0;
  // Mutual. The other is told.
  virtual void Befriend(uint64_t person, uint64_t other, Done done) = 0;

  // From `watching` on, until this is destroyed, `on_notice` gets what these people are told. Once.
  virtual void Watch(const std::vector<Interest>& interests, OnNotice on_notice,
                     OnWatching watching) = 0;
};

inline constexpr uint32_t kCommentsPerPage = 20;

std::unique_ptr<NetworkStore> MakeSmileNetwork(const StoreParts& parts);
std::unique_ptr<NetworkStore> MakeRedisNetwork(const StoreParts& parts);

}  // namespace smile::bench
