#include "bench/smilebench/users_options.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

using Parser = Result<UsersOptions> (*)(int, const char* const*, std::string*);

Result<UsersOptions> ParseUsers(Parser parser, std::vector<const char*> arguments,
                                std::string* help = nullptr) {
  std::string ignored;
  arguments.insert(arguments.begin(), "word");
  return parser(static_cast<int>(arguments.size()), arguments.data(),
                help == nullptr ? &ignored : help);
}

TEST(UsersOptions, LoadOptionsAreParsed) {
  const auto parsed = ParseUsers(
      ParseLoadOptions, {"--target", "smile://localhost:99", "--users", "45000000", "--from", "17",
                         "--connections", "2", "--server-pid", "77", "--json"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->server.ToString(), "localhost:99");
  EXPECT_EQ(parsed->users, 45'000'000u);
  EXPECT_EQ(parsed->from, 17u);
  EXPECT_EQ(parsed->connections, 2u);
  EXPECT_EQ(parsed->depth, 64u);
  EXPECT_EQ(parsed->server_pid, 77);
  EXPECT_TRUE(parsed->json);
}

TEST(UsersOptions, LookupOptionsAreParsed) {
  const auto parsed =
      ParseUsers(ParseLookupsOptions, {"--users", "5", "--seconds", "0.5", "--depth", "3"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->server.ToString(), "127.0.0.1:7645");
  EXPECT_EQ(parsed->users, 5u);
  EXPECT_EQ(parsed->seconds, 0.5);
  EXPECT_EQ(parsed->depth, 3u);
  EXPECT_EQ(ParseUsers(ParseLookupsOptions, {"--users", "5"})->depth, 1u);
}

TEST(UsersOptions, InvalidOptionsAreRejectedWithAMessage) {
  for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
           {},
           {"--users", "0"},
           {"--users", "5", "--target", "redis://127.0.0.1"},
           {"--users", "5", "--target", "smile://127.0.0.1:70000"},
           {"--users", "5", "--depth", "0"},
           {"--users", "nan"},
           {"--users", "0x10"},
           {"--users", "5", "--connections", "inf"},
           {"--users", "5", "--server-pid", "0"},
           {"--users", "5", "stray"}}) {
    for (const Parser parser : {&ParseLoadOptions, &ParseLookupsOptions}) {
      const auto parsed = ParseUsers(parser, arguments);
      ASSERT_FALSE(parsed.ok());
      EXPECT_EQ(parsed.status().code(), Code::kInvalid);
      EXPECT_FALSE(parsed.status().message().empty());
    }
  }
  EXPECT_FALSE(ParseUsers(ParseLoadOptions, {"--users", "5", "--seconds", "1"}).ok());
  EXPECT_FALSE(ParseUsers(ParseLookupsOptions, {"--users", "5", "--from", "1"}).ok());
  EXPECT_FALSE(ParseUsers(ParseLookupsOptions, {"--users", "5", "--seconds", "nan"}).ok());
  EXPECT_FALSE(ParseUsers(ParseLoadOptions, {"--users", "5", "--from", "6"}).ok());
  EXPECT_FALSE(ParseUsers(ParseLoadOptions, {"--users", "5", "--from", "nan"}).ok());
}

TEST(UsersOptions, HelpExplainsCold) {
  std::string help;
  ASSERT_TRUE(ParseUsers(ParseLookupsOptions, {"--help"}, &help).ok());
  EXPECT_NE(help.find("restart the server"), std::string::npos);
  ASSERT_TRUE(ParseUsers(ParseLoadOptions, {"--help"}, &help).ok());
  EXPECT_NE(help.find("--from"), std::string::npos);
}

}  // namespace
}  // namespace smile::bench
