// What people do, and how often: the mix of `smilebench network`.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace smile::bench {

// An act is what a person waits for: one or several requests, one after the other. All but kLogin
// begin with the verification of a session.
enum class Act : uint8_t {
  kProfile,
  kFeed,
  kPhoto,
  kComments,
  kLike,
  kPost,
  kComment,
  kPhotoPost,
  kBefriend,
  kLogin,
};

struct ActInfo {
  Act act;
  std::string_view name;
  double percent;  // of all acts
  std::string_view what;
};

// In the order of Act.
inline constexpr std::array<ActInfo, 10> kActs = {{
    {Act::kProfile, "profile", 30, "the records of a person, and how many friends and followers"},
    {Act::kFeed, "feed", 25, "the 20 newest posts of all friends"},
    {Act::kPhoto, "photo", 20, "a photo of 20 to 400 KiB"},
    {Act::kComments, "comments", 9.9, "the 20 newest comments on a post, and its number of likes"},
    {Act::kLike, "like", 8, "a link to a post"},
    {Act::kPost, "post", 3, "a post of 200 bytes"},
    {Act::kComment, "comment", 2, "a comment of 80 bytes"},
    {Act::kPhotoPost, "photo_post", 1, "a new photo, and a post with it"},
    {Act::kBefriend, "befriend", 1, "a mutual link to another person"},
    {Act::kLogin, "login", 0.1, "a password is verified, and a session made"},
}};

constexpr const ActInfo& InfoOf(Act act) {
  return kActs[static_cast<size_t>(act)];
}

static_assert([] {
  double sum = 0;
  for (size_t i = 0; i < kActs.size(); ++i) {
    if (static_cast<size_t>(kActs[i].act) != i) return false;
    sum += kActs[i].percent;
  }
  return sum > 99.999 && sum < 100.001;
}());

}  // namespace smile::bench
