// The files of `smilecat user export`.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/smilecat/new_folder.h"
#include "client/smilecat/user_folder.h"
#include "client/smilecat/user_line.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::Not;

const Bytes kNoText("\xff\x00\n\"", 4);

UserManifest SomeManifest() {
  UserManifest manifest{.user = UINT64_MAX,
                        .server = "localhost:4455",
                        .time_ms = 1,
                        .credentials = true,
                        .unreadable = 2,
                        .counts = {.of = {1, 2, 3, 4, 5}, .media_bytes = 6},
                        .sha256 = {}};
  manifest.sha256.fill(Bytes(64, 'a'));
  return manifest;
}

// FormatManifest's text with a change.
std::string Changed(const std::string& from, const std::string& into) {
  std::string text = FormatManifest(SomeManifest());
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), into);
}

TEST(UserManifest, IsReadAsItWasWritten) {
  const Result<UserManifest> read = ReadManifest(FormatManifest(SomeManifest()));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, SomeManifest());
  EXPECT_EQ(read->counts.ToString(),
            "1 record, 2 posts, 3 links, 4 media records of 6 bytes, 5 logins");
  const struct {
    std::string text;
    std::string_view words;
  } kInvalid[] = {{"", "not valid JSON"},
                  {"[]", "object"},
                  {"{}", "is not from"},
                  {Changed("\"version\": 1", "\"version\": 2"), "format version 2"},
                  {Changed("\"user\": 1", "\"user\": -1"), "\"user\""},
                  {Changed("\"credentials\": true", "\"credentials\": 1"), "\"credentials\""},
                  {Changed("\"links\": 3", "\"links\": 3.5"), "\"links\""},
                  {Changed("\"media_bytes\"", "\"bytes\""), "\"media_bytes\""},
                  {Changed("\"posts.jsonl\"", "\"../posts.jsonl\""), "\"posts.jsonl\""}};
  for (const auto& [text, words] : kInvalid) {
    const Result<UserManifest> invalid = ReadManifest(text);
    EXPECT_EQ(invalid.status().code(), Code::kInvalid) << text;
    EXPECT_THAT(invalid.status().message(), HasSubstr(words));
  }
}

TEST(UserLine, IsReadAsItWasWritten) {
  for (const Bytes& bytes : {Bytes(), Bytes("Zoë \\ \"x\""), kNoText}) {
    Media media;
    media.media = 7311;
    media.size = 3;
    media.sha256 = Bytes(32, '\xba');
    media.created_ms = 1;
    media.content_type = media.name = media.custom = bytes;
    const Result<JsonObject> media_line = JsonObject::Parse(MediaLine(media));
    ASSERT_TRUE(media_line.ok());
    const Result<Media> media_read = ReadMediaLine(*media_line);
    ASSERT_TRUE(media_read.ok()) << media_read.status().ToString();
    EXPECT_EQ(MediaLine(*media_read), MediaLine(media));
    EXPECT_EQ(media_read->name, bytes);

    for (const auto& credential : {std::optional<Bytes>(), std::optional<Bytes>(bytes)}) {
      const UserLogin login{.login = bytes,
                            .form = "argon2id",
                            .created_ms = 1,
                            .changed_ms = 2,
                            .credential = credential};
      const Result<JsonObject> line = JsonObject::Parse(LoginLine(login));
      ASSERT_TRUE(line.ok());
      const Result<UserLogin> read = ReadLoginLine(*line);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_EQ(*read, login);
    }
  }
}

TEST(UserLine, LackingFieldsAreNamed) {
  const auto media = [](const std::string& id, const std::string& sha256) {
    const Result<JsonObject> object = JsonObject::Parse(
        R"({"size":0,"created_ms":0,"content_type":"","name":"","custom":"","media":)" + id +
        R"(,"sha256":")" + sha256 + "\"}");
    EXPECT_TRUE(object.ok());
    return ReadMediaLine(*object).status();
  };
  const std::string digits(64, '0');
  EXPECT_TRUE(media("1", digits).ok());
  for (const char* const id : {"0", "-1", "1.0", "\"../1\"", "null", "18446744073709551616"}) {
    EXPECT_THAT(media(id, digits).message(), HasSubstr("\"media\"")) << id;
  }
  EXPECT_THAT(media("1", digits + "00").message(), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(media("1", digits.substr(1) + "x").message(), HasSubstr("64 hexadecimal digits"));
  const Result<JsonObject> login = JsonObject::Parse(
      R"({"login":"ada","form":"none","created_ms":0,"changed_ms":0,"credential":["$6$hash"]})");
  ASSERT_TRUE(login.ok());
  const Status status = ReadLoginLine(*login).status();
  EXPECT_THAT(status.message(), HasSubstr("\"credential\""));
  EXPECT_THAT(status.message(), Not(HasSubstr("$6$hash")));
}

TEST(NewFolder, IsThereWhenItIsComplete) {
  const TempFiles files;
  const std::string path = files.Path("export");
  {
    const auto folder = NewFolder::Create(path + "/");
    ASSERT_TRUE(folder.ok()) << folder.status().ToString();
    ASSERT_TRUE((*folder)->MakeFolder("media").ok());
    const auto file = NewFile::Create((*folder)->PathOf("media/1"));
    ASSERT_TRUE(file.ok() && (*file)->Write("x").ok() && (*file)->Finish().ok());
    EXPECT_FALSE(NewFile::Create((*folder)->PathOf("media/1")).ok());
    EXPECT_FALSE(fs::exists(path));
    ASSERT_TRUE((*folder)->Commit().ok());
    (*folder)->Remove();
  }
  const Result<HashedFile> hashed = HashFile(path + "/media/1");
  ASSERT_TRUE(hashed.ok());
  EXPECT_EQ(hashed->size, 1u);
  EXPECT_THAT(hashed->sha256, ::testing::StartsWith("2d711642"));
  struct stat info = {};
  ASSERT_EQ(::stat((path + "/media/1").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  EXPECT_THAT(NewFolder::Create(path).status().message(), HasSubstr("not an empty folder"));
  fs::remove_all(path);
  fs::create_directory(path);
  const auto into_empty = NewFolder::Create(path);
  ASSERT_TRUE(into_empty.ok());
  // Somebody else puts something there meanwhile.
  std::ofstream(path + "/other") << "x";
  const Status late = (*into_empty)->Commit();
  EXPECT_EQ(late.code(), Code::kInvalid);
  EXPECT_THAT(late.message(), HasSubstr(path));
  EXPECT_TRUE(fs::exists(path + "/other"));
  const std::string temporary = (*into_empty)->PathOf("");
  EXPECT_TRUE(fs::exists(temporary));
  (*into_empty)->Remove();
  EXPECT_FALSE(fs::exists(temporary));
  fs::remove_all(path);
  EXPECT_THAT(NewFolder::Create("/nonexistent/x").status().message(), HasSubstr("cannot create"));
}

}  // namespace
}  // namespace smile::cat
