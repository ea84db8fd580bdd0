// The backend of a small social network: what the handlers of a web framework would call. All that
// it keeps is in Smile; any number of backends may serve the same people.
//
// Each function is a coroutine: `co_await network.Feed(...)` in another one, or
// `network.Feed(...).Wait()` in a program without. Arguments are values, because a coroutine goes
// on after its caller may have let go of what a reference would point to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <smile/await.h>
#include <smile/client.h>
#include <smile/post_ids.h>

struct LoggedIn {
  uint64_t user = 0;
  std::string token;  // what a browser would keep in a cookie; whoever has it is the user
};

struct Post {
  uint64_t author = 0;
  std::string author_name = {};
  uint64_t id = 0;
  std::string text = {};
  uint64_t photo = 0;  // id of a photo of the author; 0: none
};

class Network {
 public:
  // `client` outlives it. Backends that run at the same time need different `node` numbers.
  Network(smile::Client* client, uint32_t node) : client_(client), ids_(node) {}

  // A new person. kConditionFailed: the name is taken.
  smile::Task<smile::Result<LoggedIn>> Register(std::string name, std::string password);
  // `address` is where the person comes from: guesses from there are slowed down.
  smile::Task<smile::Result<LoggedIn>> LogIn(std::string name, std::string password,
                                             std::string address);
  // Who has this token: the first call of every request of a browser.
  smile::Task<smile::Result<uint64_t>> UserOf(std::string token);
  smile::Task<smile::Result<std::vector<std::string>>> NamesOf(std::vector<uint64_t> users);

  smile::Task<smile::Status> Befriend(uint64_t user, uint64_t other);
  smile::Task<smile::Result<uint64_t>> CountFriends(uint64_t user);

  // Stores the photo of this file first, if there is one. Returns the id of the post.
  smile::Task<smile::Result<uint64_t>> Write(uint64_t user, std::string text,
                                             std::string photo_file);
  // Adds one to the likes of an author, and returns how many there are. (Who liked which post, and
  // only once, would be links to the post.)
  smile::Task<smile::Result<int64_t>> Like(uint64_t author);
  // The newest posts of the user's friends and family: one page. (More of them would be asked for
  // with the reply's `continuation`, as a scan does.)
  smile::Task<smile::Result<std::vector<Post>>> Feed(uint64_t user, uint32_t limit);
  // Writes a photo to a new file.
  smile::Task<smile::Status> SavePhoto(uint64_t author, uint64_t photo, std::string file);

  // Removes the person: logins, posts, friendships, photos, everything.
  smile::Task<smile::Status> Leave(uint64_t user);

 private:
  smile::Task<smile::Result<LoggedIn>> Begin(uint64_t user, std::string device);

  smile::Client* const client_;
  smile::PostIds ids_;
};
