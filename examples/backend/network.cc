#include "network.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <smile/download.h>
#include <smile/tables.h>
#include <smile/upload.h>

using smile::Await;
using smile::Code;
using smile::LinkKind;
using smile::Result;
using smile::Status;
using smile::Task;

namespace {

constexpr uint8_t kFriend = static_cast<uint8_t>(LinkKind::kFriend);
constexpr uint8_t kFamily = static_cast<uint8_t>(LinkKind::kFamily);

// Closes a file descriptor at the end of a scope.
class File {
 public:
  File(const std::string& name, int flags) : descriptor_(open(name.c_str(), flags, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

Status CannotOpen(const std::string& file) {
  return {Code::kInvalid, file + ": " + std::strerror(errno)};
}

// A post is its text, after a line with the id of its photo, which may be empty.
std::string Encode(const std::string& text, uint64_t photo) {
  return (photo != 0 ? std::to_string(photo) : "") + "\n" + text;
}
void Decode(smile::ByteView value, Post* post) {
  const size_t line = value.find('\n');
  if (line == smile::ByteView::npos) return;
  std::from_chars(value.data(), value.data() + line, post->photo);
  post->text = value.substr(line + 1);
}

}  // namespace

// --- People --------------------------------------------------------------------------------------

Task<Result<LoggedIn>> Network::Register(std::string name, std::string password) {
  // The login and the first records of its user are one request: both or neither.
  const smile::op::LoginRegister::Request request{
      .login = name, .password = password, .records = {{.name = "name", .value = name}}};
  const auto registered = co_await Await<smile::op::LoginRegister>(client_, request);
  if (!registered.ok()) co_return registered.status();
  co_return co_await Begin(registered->user, "after registration");
}

Task<Result<LoggedIn>> Network::LogIn(std::string name, std::string password, std::string address) {
  const smile::op::LoginVerify::Request request{
      .login = name, .password = password, .label = address};
  const auto verified = co_await Await<smile::op::LoginVerify>(client_, request);
  if (!verified.ok()) co_return verified.status();
  co_return co_await Begin(verified->user, std::move(address));
}

Task<Result<LoggedIn>> Network::Begin(uint64_t user, std::string device) {
  const smile::op::SessionMake::Request request{.user = user, .label = device};
  const auto session = co_await Await<smile::op::SessionMake>(client_, request);
  if (!session.ok()) co_return session.status();
  co_return LoggedIn{.user = user, .token = std::string(session->token)};
}

Task<Result<uint64_t>> Network::UserOf(std::string token) {
  const smile::op::SessionVerify::Request request{.token = token};
  const auto session = co_await Await<smile::op::SessionVerify>(client_, request);
  if (!session.ok()) co_return session.status();
  co_return session->user;
}

Task<Result<std::vector<std::string>>> Network::NamesOf(std::vector<uint64_t> users) {
  std::vector<smile::Key> keys;
  for (const uint64_t user : users) keys.push_back(smile::UserKey(user, "name"));
  smile::op::MGet::Request request;
  for (const smile::Key& key : keys) request.keys.push_back(key.view());
  const auto found = co_await Await<smile::op::MGet>(client_, request);
  if (!found.ok()) co_return found.status();
  std::vector<std::string> names;
  for (const auto& one : found->results) names.emplace_back(one.record.value);
  co_return names;
}

Task<Status> Network::Leave(uint64_t user) {
  // One request removes up to some thousands of things, and says whether there is more. The server
  // goes on by itself if this process ends meanwhile.
  const smile::op::UserErase::Request request{.user = user};
  for (;;) {
    const auto erased = co_await Await<smile::op::UserErase>(client_, request);
    if (!erased.ok()) co_return erased.status();
    if (erased->done) co_return Status();
  }
}

// --- Friends -------------------------------------------------------------------------------------

Task<Status> Network::Befriend(uint64_t user, uint64_t other) {
  // Mutual: the link back and both counts are the server's work.
  const smile::op::Link::Request request{.user = user, .kind = kFriend, .other = other};
  const auto linked = co_await Await<smile::op::Link>(client_, request);
  co_return linked.status();
}

Task<Result<uint64_t>> Network::CountFriends(uint64_t user) {
  const smile::op::LinkCount::Request request{.user = user, .kind = kFriend};
  const auto counted = co_await Await<smile::op::LinkCount>(client_, request);
  if (!counted.ok()) co_return counted.status();
  co_return counted->count;
}

// --- Posts ---------------------------------------------------------------------------------------

Task<Result<uint64_t>> Network::Write(uint64_t user, std::string text, std::string photo_file) {
  uint64_t photo = 0;
  if (!photo_file.empty()) {
    const File file(photo_file, O_RDONLY | O_CLOEXEC);
    if (file.descriptor() < 0) co_return CannotOpen(photo_file);
    smile::FileSource source(file.descriptor());
    smile::UploadRequest upload{.owner = user, .content_type = "image/jpeg"};
    const Result<smile::Media> stored = co_await smile::Upload(client_, &source, upload);
    if (!stored.ok()) co_return stored.status();
    photo = stored->media;
  }
  // The id is chosen here, so the post may be sent again after a lost connection: it stays one.
  const smile::Key key = smile::PostKey(user, ids_.Next());
  const std::string value = Encode(text, photo);
  const smile::op::Put::Request put{.key = key, .value = value};
  const smile::CallOptions options{.repeatable = true};
  const auto written = co_await Await<smile::op::Put>(client_, put, options);
  if (!written.ok()) co_return written.status();
  co_return *smile::DecodePostSort(key.sort);
}

Task<Result<int64_t>> Network::Like(uint64_t author) {
  // However many like at the same time, none is lost, and none is counted twice.
  const smile::Key likes = smile::UserKey(author, "likes");
  const smile::op::Add::Request request{.key = likes, .amount = 1};
  const auto added = co_await Await<smile::op::Add>(client_, request);
  if (!added.ok()) co_return added.status();
  co_return added->value;
}

Task<Result<std::vector<Post>>> Network::Feed(uint64_t user, uint32_t limit) {
  const smile::op::Feed::Request request{.user = user, .kinds = {kFriend, kFamily}, .limit = limit};
  const auto feed = co_await Await<smile::op::Feed>(client_, request);
  if (!feed.ok()) co_return feed.status();
  std::vector<Post> posts;
  std::vector<uint64_t> authors;
  for (const auto& entry : feed->entries) {
    if (entry.outcome != smile::EntryOutcome::kFound) continue;  // damaged on the server's disk
    Post post{.author = entry.author, .id = entry.post};
    Decode(entry.record.value, &post);
    authors.push_back(post.author);
    posts.push_back(std::move(post));
  }
  if (posts.empty()) co_return posts;
  Result<std::vector<std::string>> names = co_await NamesOf(std::move(authors));
  if (!names.ok()) co_return names.status();
  for (size_t i = 0; i < posts.size(); ++i) posts[i].author_name = std::move((*names)[i]);
  co_return posts;
}

Task<Status> Network::SavePhoto(uint64_t author, uint64_t photo, std::string file_name) {
  const File file(file_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
  if (file.descriptor() < 0) co_return CannotOpen(file_name);
  smile::FileSink sink(file.descriptor());
  const smile::DownloadRequest request{.owner = author, .media = photo};
  const auto got = co_await smile::Download(client_, &sink, request);
  if (!got.ok()) unlink(file_name.c_str());  // a part of it is no photo
  co_return got.status();
}
