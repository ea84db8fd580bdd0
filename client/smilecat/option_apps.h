// The options of smilecat's commands, as CLI11 knows them: for options.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/smilecat/options.h"

namespace smile::cat {

// Option values as they are given; a CommandLine is made from them when all are read.
struct RawOptions {
  bool help = false;
  bool version = false;
  std::string server = "127.0.0.1:7645";
  std::optional<uint32_t> deadline_millis;
  bool hex = false;
  bool json = false;
  std::string output_file;
  std::string send_hex;
  bool hello = false;
  uint32_t idle_millis = 1000;
  std::string listen;
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

// A command: load, dump, decode, describe or help. Null for any other word.
std::unique_ptr<CLI::App> CommandApp(const std::string& name, RawOptions* raw);

}  // namespace smile::cat
