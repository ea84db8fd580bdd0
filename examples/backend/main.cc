// A social network on a terminal: one command per line, read from stdin.
//
//   backend 127.0.0.1:7645
//
// `help` lists the commands. network.h has what they do.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "network.h"
#include "notifications.h"

namespace {

using smile::Result;
using smile::Status;

constexpr const char* kHelp =
    "register NAME PASSWORD     be a new person\n"
    "login NAME PASSWORD        be a person who registered before\n"
    "befriend NAME OTHER        make two people who are logged in here friends\n"
    "post NAME TEXT...          post a text\n"
    "photo NAME FILE TEXT...    post a photo with a text\n"
    "like NAME OTHER            give a like to OTHER, who is logged in here\n"
    "feed NAME                  the newest posts of the friends of NAME\n"
    "news NAME                  wait up to 10 seconds for a new friend or like of NAME\n"
    "save AUTHOR PHOTO FILE     save a photo from a feed, whose author is logged in here\n"
    "leave NAME                 erase everything of NAME\n"
    "quit\n";

constexpr uint32_t kPostsOfAFeed = 20;
constexpr int64_t kNewsMillis = 10'000;

class Terminal {
 public:
  explicit Terminal(smile::Client* client) : client_(client), network_(client, /*node=*/1) {}

  // False: quit.
  bool Run(const std::string& line);

 private:
  using Command = Status (Terminal::*)(uint64_t user, std::istringstream& words);
  static const std::map<std::string, Command> kCommands;

  Status Do(const std::string& command, std::istringstream& words);
  Status Befriend(uint64_t user, std::istringstream& words);
  Status Post(uint64_t user, std::istringstream& words);
  Status Photo(uint64_t user, std::istringstream& words);
  Status Like(uint64_t user, std::istringstream& words);
  Status Feed(uint64_t user, std::istringstream& words);
  Status News(uint64_t user, std::istringstream& words);
  Status Save(uint64_t author, std::istringstream& words);
  Status Leave(uint64_t user, std::istringstream& words);

  // The user id of a person who is logged in here.
  Result<uint64_t> Whoever(std::istringstream& words);
  Status Enter(const std::string& name, const Result<LoggedIn>& session);

  smile::Client* const client_;
  Network network_;
  std::map<std::string, std::string> tokens_;        // by name
  std::map<uint64_t, Notifications> notifications_;  // by user, since the login
};

const std::map<std::string, Terminal::Command> Terminal::kCommands = {
    {"befriend", &Terminal::Befriend}, {"post", &Terminal::Post},  {"photo", &Terminal::Photo},
    {"like", &Terminal::Like},         {"feed", &Terminal::Feed},  {"news", &Terminal::News},
    {"save", &Terminal::Save},         {"leave", &Terminal::Leave}};

bool Terminal::Run(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  if (!(words >> command)) return true;
  if (command == "quit") return false;
  const Status status = Do(command, words);
  if (!status.ok()) std::printf("%s\n", status.ToString().c_str());
  std::fflush(stdout);
  return true;
}

Status Terminal::Do(const std::string& command, std::istringstream& words) {
  std::string name;
  if (command == "help") {
    std::fputs(kHelp, stdout);
    return {};
  }
  if (command == "register" || command == "login") {
    std::string password;
    words >> name >> password;
    return Enter(name, command == "login" ? network_.LogIn(name, password, "this terminal").Wait()
                                          : network_.Register(name, password).Wait());
  }
  const auto known = kCommands.find(command);
  if (known == kCommands.end()) {
    return {smile::Code::kInvalid, "unknown command \"" + command + "\"; help lists them"};
  }
  // All others are of somebody who is logged in.
  const Result<uint64_t> user = Whoever(words);
  if (!user.ok()) return user.status();
  return (this->*known->second)(*user, words);
}

Status Terminal::Befriend(uint64_t user, std::istringstream& words) {
  const Result<uint64_t> other = Whoever(words);
  if (!other.ok()) return other.status();
  return network_.Befriend(user, *other).Wait();
}

Status Terminal::Post(uint64_t user, std::istringstream& words) {
  std::string text;
  std::getline(words >> std::ws, text);
  return network_.Write(user, text, "").Wait().status();
}

Status Terminal::Photo(uint64_t user, std::istringstream& words) {
  std::string file;
  std::string text;
  words >> file;
  std::getline(words >> std::ws, text);
  return network_.Write(user, text, file).Wait().status();
}

Status Terminal::Like(uint64_t /*user*/, std::istringstream& words) {
  const Result<uint64_t> author = Whoever(words);
  if (!author.ok()) return author.status();
  return network_.Like(*author).Wait().status();
}

Status Terminal::News(uint64_t user, std::istringstream& /*words*/) {
  const auto next = notifications_.at(user).Next(kNewsMillis);
  if (!next.ok()) return next.status();
  if (!next->has_value()) {
    std::printf("no news\n");
    return {};
  }
  const Notification& news = **next;
  if (news.kind == Notification::Kind::kLikes) {
    std::printf("%lld likes\n", static_cast<long long>(news.likes));
  } else if (news.kind == Notification::Kind::kMissed) {
    std::printf("there may be more news\n");
  } else {
    const Result<std::vector<std::string>> names = network_.NamesOf({news.who}).Wait();
    if (!names.ok()) return names.status();
    std::printf("%s is a friend now\n", names->front().c_str());
  }
  return {};
}

Status Terminal::Feed(uint64_t user, std::istringstream& /*words*/) {
  const Result<std::vector<::Post>> posts = network_.Feed(user, kPostsOfAFeed).Wait();
  if (!posts.ok()) return posts.status();
  for (const ::Post& post : *posts) {
    std::printf("%s: %s", post.author_name.c_str(), post.text.c_str());
    if (post.photo != 0) std::printf(" [photo %llu]", static_cast<unsigned long long>(post.photo));
    std::printf("\n");
  }
  return {};
}

Status Terminal::Save(uint64_t author, std::istringstream& words) {
  uint64_t photo = 0;
  std::string file;
  words >> photo >> file;
  return network_.SavePhoto(author, photo, file).Wait();
}

Status Terminal::Leave(uint64_t user, std::istringstream& /*words*/) {
  notifications_.erase(user);  // and with it her watch
  return network_.Leave(user).Wait();
}

Result<uint64_t> Terminal::Whoever(std::istringstream& words) {
  std::string name;
  words >> name;
  const auto token = tokens_.find(name);
  if (token == tokens_.end()) {
    return Status(smile::Code::kInvalid, "\"" + name + "\" is not logged in here");
  }
  return network_.UserOf(token->second).Wait();
}

Status Terminal::Enter(const std::string& name, const Result<LoggedIn>& session) {
  if (!session.ok()) return session.status();
  tokens_[name] = session->token;
  notifications_.try_emplace(session->user, client_, session->user);  // once for each person
  const Result<uint64_t> friends = network_.CountFriends(session->user).Wait();
  if (!friends.ok()) return friends.status();
  std::printf("welcome, %s: %llu friends\n", name.c_str(),
              static_cast<unsigned long long>(*friends));
  return {};
}

// Otherwise a connection or file gets the number of a standard stream that is closed, and what is
// printed goes there.
bool OpenStandardStreams() {
  int descriptor = 0;
  while (descriptor <= STDERR_FILENO) {
    descriptor = open("/dev/null", O_RDWR);  // the lowest number that is free
    if (descriptor < 0) return false;
  }
  close(descriptor);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!OpenStandardStreams()) return 1;
  const auto server = smile::ParseEndpoint(argc == 2 ? argv[1] : "", 7645);
  if (!server.ok()) {
    std::fprintf(stderr, "usage: backend HOST:PORT\n");
    return 2;
  }
  const auto client = smile::Client::Create({.servers = {*server}, .name = "backend"});
  if (!client.ok()) {
    std::fprintf(stderr, "backend: %s\n", client.status().ToString().c_str());
    return 1;
  }
  Terminal terminal(client->get());
  std::string line;
  while (std::getline(std::cin, line) && terminal.Run(line)) {
  }
  return 0;
}
