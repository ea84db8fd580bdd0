#include "model/path.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace smile {
namespace {

using ::testing::HasSubstr;
using Kind = Path::Kind;

TEST(Path, NamesRecordsOfEveryTable) {
  const std::pair<std::string, Key> cases[] = {
      {"users/42/profile", UserKey(42, "profile")},
      {"posts/42/18446744073709551615", PostKey(42, UINT64_MAX)}};
  for (const auto& [text, key] : cases) {
    Result<Key> parsed = ParseKey(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    EXPECT_EQ(*parsed, key) << text;
    EXPECT_EQ(FormatKey(key.view()), text);
    EXPECT_TRUE(ValidateKey(key.view()).ok());
  }
}

TEST(Path, ClientsCannotNameInternalTables) {
  const Bytes blob("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
  const std::pair<std::string, Key> cases[] = {
      {"links/42/friend/member/7/0", LinkKey(42, LinkKind::kFriend, 7)},
      {"links/42/77/head/0/0", LinkKey(42, {.kind = LinkKind{77}})},
      {"media/0/7311", MediaKey(0, 7311)},
      {"blobs/00112233445566778899aabbccddeeff/chunk/4294967295",
       BlobKey(blob, BlobPart::kChunk, UINT32_MAX)}};
  for (const auto& [text, key] : cases) {
    EXPECT_EQ(FormatKey(key.view()), text);
    EXPECT_THAT(ParseKey(text).status().message(), ::testing::HasSubstr("media_put"));
  }
}

TEST(Path, NamedNumbersParseByNameAndByNumber) {
  EXPECT_EQ(*ParseSort(Table::kBlobs, "1/7"), *ParseSort(Table::kBlobs, "chunk/7"));
  EXPECT_EQ(FormatSort(Table::kBlobs, *ParseSort(Table::kBlobs, "1/7")), "chunk/7");
  for (const std::string kind : {"0", "6", "200", "255"}) {
    const std::string sort = kind + "/member/7/0";
    EXPECT_EQ(FormatSort(Table::kLinks, *ParseSort(Table::kLinks, sort)), sort);
  }
  EXPECT_THAT(
      ParseSort(Table::kLinks, "enemy/member/2/0").status().message(),
      HasSubstr("friend, family, business, school, follow, follower, or an integer from 0"));
  EXPECT_THAT(ParseSort(Table::kLinks, "256/member/2/0").status().message(),
              HasSubstr("is not a valid kind"));
}

TEST(Path, NamesAreEscaped) {
  EXPECT_EQ(FormatKey(UserKey(1, "a/b%c d\n\x7f\xff").view()), "users/1/a%2Fb%25c%20d%0A%7F%FF");
  EXPECT_EQ(FormatKey(LoginKey("Łódź 漢字 😀").view()), "logins/Łódź%20漢字%20😀");
  EXPECT_EQ(FormatKey(UserKey(1, "\xc2\x9b").view()), "users/1/%C2%9B");
  EXPECT_EQ(FormatKey(UserKey(1, "a\u202eb").view()), "users/1/a%E2%80%AEb");
  EXPECT_EQ(ParseKey("users/1/a b")->sort, "a b");
  EXPECT_EQ(ParseKey("users/1/%61%2f")->sort, "a/");
}

TEST(Path, EveryNameRoundTrips) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 5000; ++round) {
    Bytes name;
    for (uint64_t size = 1 + random() % 20; name.size() < size;) {
      name.push_back(static_cast<char>(random() % 3 == 0 ? 0x80 + random() % 128 : random() % 128));
    }
    const Key key = UserKey(random(), name);
    const std::string text = FormatKey(key.view());
    Result<Key> parsed = ParseKey(text);
    ASSERT_TRUE(parsed.ok()) << text;
    ASSERT_EQ(*parsed, key) << text;
    ASSERT_EQ(text.find_first_of(std::string_view(" \n\r\t\0\x1b", 6)), std::string::npos) << text;
  }
}

TEST(Path, PathsOfTablesPartitionsAndLeadingParts) {
  EXPECT_EQ(ParsePath("users")->kind, Kind::kTable);
  EXPECT_EQ(ParsePath("users/42")->kind, Kind::kPartition);
  EXPECT_EQ(ParsePath("users/42/")->kind, Kind::kPartition);
  EXPECT_EQ(ParsePath("posts/42/7")->kind, Kind::kRecord);
}

TEST(Path, ParseErrorsSayWhatWasExpected) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "unknown table \"\"; the tables are users, posts"},
      {"people/1", "unknown table \"people\""},
      {"users",
       "\"users\" is not the key of a record; the form in this table is users/USER/RECORD"},
      {"posts/42", "posts/AUTHOR/POST"},
      {"users/x/profile", "\"x\" is not a valid user in users: it must be an integer"},
      {"users/-1/profile", "\"-1\" is not a valid user"},
      {"users/+1/profile", "\"+1\" is not a valid user"},
      {"users/18446744073709551616/profile", "is not a valid user"},
      {"users//profile", "\"\" is not a valid user"},
      {"users/1/a/b", "too many parts"},
      {"users/1/a%2", "is not a valid record in users"},
      {"users/1/a%zz", "'%' as %25"},
      {"users/1/" + std::string(256, 'x'), "1 to 255 bytes"},
      {"logins/ada", "for logins there are the operations login_register"}};
  for (const auto& [text, words] : cases) {
    Result<Key> key = ParseKey(text);
    ASSERT_FALSE(key.ok()) << text;
    EXPECT_EQ(key.status().code(), Code::kInvalid);
    EXPECT_THAT(key.status().message(), HasSubstr(words)) << text;
  }
}

TEST(Path, SortKeysFollowTheirPartition) {
  EXPECT_EQ(*ParseSort(Table::kLinks, "friend/member/7/0"), LinkKey(0, LinkKind::kFriend, 7).sort);
  EXPECT_EQ(*ParseSort(Table::kLogins, ""), "");
  EXPECT_FALSE(ParseSort(Table::kLogins, "x").ok());
  EXPECT_FALSE(ParseSort(Table::kLinks, "friend").ok());
  EXPECT_FALSE(ParseSort(Table::kUsers, "").ok());
  EXPECT_EQ(*ParseSortBound(Table::kLinks, "friend"), "\x01");
  EXPECT_EQ(*ParseSortBound(Table::kLinks, ""), "");
  EXPECT_FALSE(ParseSortBound(Table::kLinks, "friend/member/7/0/8").ok());
  EXPECT_FALSE(ParseSortBound(Table::kLogins, "x").ok());
}

TEST(Path, InvalidKeysAreShownInHexadecimal) {
  EXPECT_EQ(FormatKey({Table::kUsers, "ab", "x"}), "users/0x6162/x");
  EXPECT_EQ(FormatKey({Table::kPosts, PartitionOf(1), "ab"}), "posts/1/0x6162");
  EXPECT_EQ(FormatPartition({Table::kBlobs, ""}), "blobs/0x");
}

}  // namespace
}  // namespace smile
