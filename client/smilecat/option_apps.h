// The options of smilecat's commands, as CLI11 knows them: for options.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/smilecat/options.h"

namespace smile::cat {

// Option values as they are given; a CommandLine is made from them when all are read.
struct RawOptions {
  bool help = false;
  bool version = false;
  std::string server;  // empty: not given
  std::optional<uint32_t> deadline_millis;
  bool hex = false;
  bool json = false;
  bool raw = false;
  bool raw_times = false;
  bool show_secrets = false;
  bool with_credentials = false;
  bool all = false;
  bool watch = false;
  double interval_seconds = 1;
  std::string output_file;
  std::string send_hex;
  bool hello = false;
  uint32_t idle_millis = 1000;
  std::string listen;
  std::string save_file;
  std::string subject;  // the command's argument
  std::string format;
  MappingOptions mapping;
  std::string value;
  std::string json_columns;
  bool if_absent = false;
  std::string resume_file;
  uint64_t max_errors = 100;
};

// smilecat itself, with the options that a request may have; what is no option is left.
std::unique_ptr<CLI::App> RootApp(RawOptions* raw);

// Words that are no operations.
inline constexpr std::array<std::string_view, 7> kCommands = {"load",   "dump",     "media", "user",
                                                              "decode", "describe", "help"};
constexpr bool IsCommand(std::string_view name) {
  return std::find(kCommands.begin(), kCommands.end(), name) != kCommands.end();
}

// An app with --help, and the options that say which server.
std::unique_ptr<CLI::App> NewApp(const std::string& usage, const char* summary, RawOptions* raw);
void AddServer(CLI::App* app, RawOptions* raw);

// What is wrong with a command line. `help` is what to type for help, after the program's name.
Saying Complaint(std::string_view what, std::string help);

// What CLI11 says of the words, without exceptions.
Status ParseWords(CLI::App* app, std::vector<std::string> words);
Status ReadServer(const RawOptions& raw, const Defaults& defaults, int64_t usual_deadline_millis,
                  ServerOptions* server);

// Null for a word that is no command, and for media and user (client/smilecat/media_apps.h,
// user_apps.h).
std::unique_ptr<CLI::App> CommandApp(const std::string& name, RawOptions* raw);

}  // namespace smile::cat
