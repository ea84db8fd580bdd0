// smiled's options: one table for command line, configuration file (TOML) and --help. The command
// line takes precedence over the file, and the file over the default.
#pragma once

#include <cstdint>
#include <string>

#include "base/limits.h"
#include "base/result.h"

namespace smile {

struct Options {
  std::string listen = "127.0.0.1:7645";
  std::string data = "./data";
  uint64_t workers = 0;  // 0: one per core
  uint64_t readers = 4;
  uint64_t record_cache_mib = 256;
  uint64_t block_cache_mib = 512;
  uint64_t max_connections = limits::kDefaultMaxConnections;
  uint64_t connection_memory_mib = 0;  // 0: a fraction of the machine's
  uint64_t idle_timeout_seconds = 0;
  uint64_t drain_seconds = limits::kDefaultDrainMillis / 1000;
  uint64_t argon2_memory_kib = 19'456;
  uint64_t argon2_passes = 2;
  uint64_t argon2_lanes = 1;
  bool allow_credential_export = false;
  uint64_t hash_threads = 0;  // 0: one per core
  std::string log_level = "info";
  bool accept_wal_loss = false;
  bool new_epoch = false;
};

// The options that differ from the defaults, as in a file: "data = \"/var/lib/smile\", workers =
// 2"; or "none".
std::string DescribeChanges(const Options& options);

// The meaning of a command line.
struct CommandLine {
  enum class Action : uint8_t { kServe, kPrint };

  Action action = Action::kServe;
  Options options;
  std::string text;  // for kPrint: help or version, complete
};

// kInvalid, with a message of one line, for an unknown flag, a value out of range, and a file that
// cannot be read or has an unknown key.
Result<CommandLine> ParseCommandLine(int argc, const char* const* argv);

// The memory for all connections: the option (kInvalid if it is not enough for one connection), or
// a fraction of the machine's memory, between two limits of base/limits.h.
Result<uint64_t> ConnectionMemoryBytes(uint64_t option_mib, uint64_t machine_bytes);

// kInvalid if that memory is less than the connections together may hold whatever it is
// (limits::kGuaranteedConnectionBytes each).
Status CheckConnectionMemory(uint64_t max_connections, uint64_t memory_bytes);

}  // namespace smile
