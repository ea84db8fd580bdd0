#include "server/options.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile {
namespace {

using ::testing::HasSubstr;

Result<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "smiled");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(::testing::TempDir() + "/smiled_options_" +
              std::to_string(reinterpret_cast<uintptr_t>(this)) + ".toml") {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  const std::string path_;
};

TEST(Options, DefaultsApply) {
  const Result<CommandLine> line = Parse({});
  ASSERT_TRUE(line.ok()) << line.status().ToString();
  EXPECT_EQ(line->action, CommandLine::Action::kServe);
  EXPECT_EQ(line->options.listen, "127.0.0.1:7645");
  EXPECT_EQ(line->options.data, "./data");
}

TEST(Options, CommandLineOverridesFileOverridesDefaults) {
  const ConfigFile file("listen = \"127.0.0.1:1\"\nworkers = 3\naccept-wal-loss = true\n");
  const Result<CommandLine> line = Parse({"--config", file.path(), "--workers=5"});
  ASSERT_TRUE(line.ok()) << line.status().ToString();
  EXPECT_EQ(line->options.listen, "127.0.0.1:1");
  EXPECT_EQ(line->options.workers, 5u);
  EXPECT_TRUE(line->options.accept_wal_loss);
}

TEST(Options, ErrorsAreOneLineThatNamesTheProblem) {
  const struct {
    std::vector<const char*> arguments;
    const char* words;
  } cases[] = {
      {{"--wokers", "2"}, "unknown option --wokers; see"},
      {{"extra", "more"}, "unexpected argument extra; see"},
      {{"--workers", "two"}, "--workers: \"two\" is not an integer from 0 to 256"},
      {{"--workers", "257"}, "--workers: \"257\" is not an integer"},
      {{"--workers", "-1"}, "--workers"},
      {{"--readers", "0"}, "--readers: \"0\" is not an integer from 1"},
      {{"--workers"}, "--workers needs a value: N; see"},
      {{"--listen"}, "--listen needs a value: HOST:PORT; see"},
      {{"--data", "a", "--data", "b"}, "--data is given twice; see"},
      {{"--new-epoch=5"}, "--new-epoch takes no value; see"},
      {{"--accept-wal-loss=false"}, "--accept-wal-loss takes no value; see"},
      {{"--config"}, "--config needs a value: FILE; see"},
      {{"--data", ""}, "--data: the value must not be empty"},
  };
  for (const auto& bad : cases) {
    const Result<CommandLine> line = Parse(bad.arguments);
    ASSERT_FALSE(line.ok()) << bad.words;
    EXPECT_THAT(line.status().message(), HasSubstr(bad.words));
    EXPECT_EQ(line.status().message().find('\n'), std::string::npos);
  }
}

TEST(Options, InvalidFileIsRejectedWithItsKeyOrLine) {
  const struct {
    const char* text;
    const char* words;
  } cases[] = {
      {"wokers = 2\n", "wokers: unknown option"},
      {"workers = \"2\"\n", "workers: the value must be an integer"},
      {"workers = 2.5\n", "workers: the value must be an integer"},
      {"workers = -2\n", "workers: \"-2\" is not an integer"},
      {"listen = 7645\n", "listen: the value must be a string"},
      {"accept-wal-loss = 1\n", "accept-wal-loss: the value must be true or false"},
      {"listen = \n", ":1: "},
      {"[section]\nlisten = \"x\"\n", "section: unknown option"},
  };
  for (const auto& bad : cases) {
    const ConfigFile file(bad.text);
    const Result<CommandLine> line = Parse({"--config", file.path()});
    ASSERT_FALSE(line.ok()) << bad.text;
    EXPECT_THAT(line.status().message(), HasSubstr(bad.words));
  }
}

TEST(Options, MissingFileIsNamed) {
  const Result<CommandLine> line = Parse({"--config", "/no/such/smiled.toml"});
  ASSERT_FALSE(line.ok());
  EXPECT_THAT(line.status().message(), HasSubstr("/no/such/smiled.toml"));
}

TEST(Options, HelpNamesEveryOption) {
  const Result<CommandLine> line = Parse({"--help"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->action, CommandLine::Action::kPrint);
  for (const char* flag : {"--listen HOST:PORT", "--data DIR", "--workers N", "--config FILE",
                           "--max-connections N", "--accept-wal-loss", "--help"}) {
    EXPECT_THAT(line->text, HasSubstr(flag));
  }
}

}  // namespace
}  // namespace smile
