#include "server/options.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include "base/option_checks.h"
#include "server/version.h"

namespace smile {
namespace {

struct NumberRange {
  uint64_t Options::*member;
  uint64_t least;
  uint64_t most;
};

// One row per option; its name is the flag (--name) and the key in the file.
struct OptionRow {
  std::string_view name;
  std::string_view value_name;  // in help
  std::string_view summary;
  std::variant<std::string Options::*, NumberRange, bool Options::*> target;
};

constexpr std::array kOptions = {
    OptionRow{"listen", "HOST:PORT", "address to listen on; port 0 chooses a free port",
              &Options::listen},
    OptionRow{"data", "DIR", "data directory; created if its parent exists", &Options::data},
    OptionRow{"workers", "N", "worker threads; 0: one per core",
              NumberRange{&Options::workers, 0, limits::kMaxWorkers}},
    OptionRow{"readers", "N",
              "threads for reads that are not served from memory, and as many for "
              "those that take long",
              NumberRange{&Options::readers, 1, limits::kMaxReaders}},
    OptionRow{"record-cache-mib", "N", "memory for the record cache, in MiB",
              NumberRange{&Options::record_cache_mib, 0, uint64_t{1} << 20}},
    OptionRow{"block-cache-mib", "N", "memory for RocksDB's block cache, in MiB",
              NumberRange{&Options::block_cache_mib, 8, uint64_t{1} << 20}},
    OptionRow{"max-connections", "N",
              "maximum connections; excess ones are rejected as `overloaded`",
              NumberRange{&Options::max_connections, 1, limits::kCeilingConnections}},
    OptionRow{"connection-memory-mib", "N",
              "memory for requests and replies of all connections, in MiB (at least 32); 0: an "
              "eighth of the machine's",
              NumberRange{&Options::connection_memory_mib, 0,
                          limits::kCeilingConnectionMemoryBytes >> 20}},
    OptionRow{"idle-timeout-seconds", "N",
              "close connections that are idle for this long; 0: never",
              NumberRange{&Options::idle_timeout_seconds, 0, uint64_t{30} * 24 * 3600}},
    OptionRow{"drain-seconds", "N", "maximum time to answer accepted requests at shutdown",
              NumberRange{&Options::drain_seconds, 0, 3600}},
    OptionRow{"argon2-memory-kib", "N", "memory to hash a password (argon2id's m), in KiB",
              NumberRange{&Options::argon2_memory_kib, 8, limits::kMaxCredentialMemoryKib}},
    OptionRow{"argon2-passes", "N", "passes over that memory (argon2id's t)",
              NumberRange{&Options::argon2_passes, 1, 1024}},
    OptionRow{"argon2-lanes", "N", "lanes of a hash (argon2id's p), computed one after the other",
              NumberRange{&Options::argon2_lanes, 1, limits::kMaxArgon2Lanes}},
    OptionRow{"hash-threads", "N", "threads that hash passwords; 0: one per core",
              NumberRange{&Options::hash_threads, 0, limits::kMaxHashThreads}},
    OptionRow{"allow-credential-export", "",
              "answer LOGIN_EXPORT, which reads the credentials of all logins, for a backup",
              &Options::allow_credential_export},
    OptionRow{"log-level", "LEVEL", "debug, info, warning or error", &Options::log_level},
    OptionRow{
        "accept-wal-loss", "",
        "start although the write-ahead log is damaged or truncated; the lost writes stay lost",
        &Options::accept_wal_loss},
    OptionRow{"new-epoch", "", "begin a new epoch of versions, after restoring a disk snapshot",
              &Options::new_epoch},
};

bool IsSwitch(const OptionRow& row) {
  return std::holds_alternative<bool Options::*>(row.target);
}

// `where` begins the error message: "--workers" or "smiled.toml: workers".
Status SetNumber(const NumberRange& range, std::string_view where, std::string_view text,
                 Options* options) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < range.least ||
      number > range.most) {
    return {Code::kInvalid, fmt::format("{}: \"{}\" is not an integer from {} to {}", where, text,
                                        range.least, range.most)};
  }
  options->*range.member = number;
  return {};
}

Status Set(const OptionRow& row, std::string_view where, std::string_view text, Options* options) {
  if (const auto* range = std::get_if<NumberRange>(&row.target)) {
    return SetNumber(*range, where, text, options);
  }
  if (const auto* member = std::get_if<std::string Options::*>(&row.target)) {
    if (text.empty())
      return {Code::kInvalid, fmt::format("{}: the value must not be empty", where)};
    options->** member = std::string(text);
    return {};
  }
  options->*std::get<bool Options::*>(row.target) = text == "true";
  return {};
}

// The value of a key as text for Set; nullopt if its type is not that of the option.
std::optional<std::string> TextOf(const OptionRow& row, const toml::node& node) {
  if (IsSwitch(row)) {
    if (const auto value = node.value_exact<bool>()) return *value ? "true" : "false";
  } else if (std::holds_alternative<NumberRange>(row.target)) {
    if (const auto value = node.value_exact<int64_t>()) return std::to_string(*value);
  } else if (const auto value = node.value_exact<std::string>()) {
    return *value;
  }
  return std::nullopt;
}

// Regular files only: a directory would read as empty, and a pipe may never end.
Result<std::string> ReadWhole(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const auto fail = [&](std::string_view why) {
    if (descriptor >= 0) close(descriptor);
    return Status(Code::kInvalid, fmt::format("--config {}: {}", file, why));
  };
  struct stat found = {};
  if (descriptor < 0 || fstat(descriptor, &found) != 0) {
    return fail(std::generic_category().message(errno));
  }
  if (!S_ISREG(found.st_mode)) return fail("not a regular file");
  if (static_cast<uint64_t>(found.st_size) > limits::kMaxConfigBytes) {
    return fail(fmt::format("larger than {} bytes", limits::kMaxConfigBytes));
  }
  std::string text(static_cast<size_t>(found.st_size), '\0');
  const ssize_t size = read(descriptor, text.data(), text.size());
  if (size < 0) return fail(std::generic_category().message(errno));
  text.resize(static_cast<size_t>(size));
  close(descriptor);
  return text;
}

Status ReadFile(const std::string& file, Options* options) {
  SMILE_ASSIGN(const std::string content, ReadWhole(file));
  toml::table table;
  try {
    table = toml::parse(content);
  } catch (const toml::parse_error& error) {
    return {Code::kInvalid,
            fmt::format("{}:{}: {}", file, error.source().begin.line, error.description())};
  }
  for (const auto& [key, node] : table) {
    const OptionRow* found = nullptr;
    for (const OptionRow& row : kOptions) {
      if (row.name == key.str()) found = &row;
    }
    const std::string where = fmt::format("{}: {}", file, key.str());
    if (found == nullptr) {
      return {Code::kInvalid, where + ": unknown option; see `smiled --help`"};
    }
    const std::optional<std::string> text = TextOf(*found, node);
    if (!text.has_value()) {
      return {Code::kInvalid, where + (IsSwitch(*found) ? ": the value must be true or false"
                                       : std::holds_alternative<NumberRange>(found->target)
                                           ? ": the value must be an integer"
                                           : ": the value must be a string")};
    }
    SMILE_TRY(Set(*found, where, *text, options));
  }
  return {};
}

// The default, as shown in --help.
std::string DefaultOf(const OptionRow& row) {
  const Options defaults;
  if (const auto* range = std::get_if<NumberRange>(&row.target)) {
    return std::to_string(defaults.*range->member);
  }
  if (const auto* member = std::get_if<std::string Options::*>(&row.target)) {
    return defaults.**member;
  }
  return "off";
}

std::string HelpText() {
  std::string text =
      "smiled: the storage server of Smile\n\n"
      "Usage: smiled [OPTION…]\n"
      "       smiled check DIR\n"
      "       smiled repair DIR [--delete-older | --keep-older] [--all-users]\n\n";
  const auto line = [&text](std::string_view flag, std::string_view summary) {
    text += fmt::format("  {:<28}{}\n", flag, summary);
  };
  for (const OptionRow& row : kOptions) {
    line(fmt::format("--{} {}", row.name, row.value_name),
         fmt::format("{} ({})", row.summary, DefaultOf(row)));
  }
  line("--config FILE", "read options from a TOML file; the command line takes precedence");
  line("--help", "print this help");
  line("--version", "print the version");
  text +=
      "\nIn the file, options are written without the leading dashes:\n\n"
      "  listen = \"127.0.0.1:7645\"\n"
      "  workers = 2\n\n"
      "SIGINT and SIGTERM stop the server after all accepted requests are answered. A second "
      "signal,\n"
      "at least a second later, stops it immediately.\n\n"
      "Exit status: 0 stopped by a signal, 1 could not start, 2 invalid usage.\n";
  return text;
}

}  // namespace

std::string DescribeChanges(const Options& options) {
  const Options defaults;
  std::string text;
  for (const OptionRow& row : kOptions) {
    std::string value;
    if (const auto* range = std::get_if<NumberRange>(&row.target)) {
      if (options.*range->member == defaults.*range->member) continue;
      value = std::to_string(options.*range->member);
    } else if (const auto* member = std::get_if<std::string Options::*>(&row.target)) {
      if (options.**member == defaults.**member) continue;
      value = fmt::format("\"{}\"", options.**member);
    } else {
      const auto flag = std::get<bool Options::*>(row.target);
      if (options.*flag == defaults.*flag) continue;
      value = "true";
    }
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", row.name, value);
  }
  return text.empty() ? "none" : text;
}

Result<uint64_t> ConnectionMemoryBytes(uint64_t option_mib, uint64_t machine_bytes) {
  if (option_mib == 0) {
    return std::clamp(machine_bytes / limits::kConnectionMemoryPart,
                      limits::kLeastDefaultConnectionMemoryBytes,
                      limits::kMostDefaultConnectionMemoryBytes);
  }
  constexpr uint64_t kLeastMib = limits::kLeastConnectionMemoryBytes >> 20;
  if (option_mib >= kLeastMib) return option_mib << 20;
  return Status(Code::kInvalid,
                fmt::format("--connection-memory-mib: {} is too small; give 0 or at least {}",
                            option_mib, kLeastMib));
}

Status CheckConnectionMemory(uint64_t max_connections, uint64_t memory_bytes) {
  const uint64_t fit = memory_bytes / limits::kGuaranteedConnectionBytes;
  if (max_connections <= fit) return {};
  constexpr uint64_t kPerMib = (uint64_t{1} << 20) / limits::kGuaranteedConnectionBytes;
  return {Code::kInvalid,
          fmt::format("--max-connections: {} connections may hold {} KiB each, which is more than "
                      "the {} MiB of memory for all; give --connection-memory-mib {} or more, or "
                      "at most {} connections",
                      max_connections, limits::kGuaranteedConnectionBytes >> 10, memory_bytes >> 20,
                      (max_connections + kPerMib - 1) / kPerMib, fit)};
}

Result<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app;
  app.set_help_flag();  // generated from the table instead
  std::string config;
  bool help = false;
  bool version = false;
  std::vector<std::string> texts(kOptions.size());
  std::vector<CLI::Option*> flags;
  for (size_t i = 0; i < kOptions.size(); ++i) {
    const std::string flag = "--" + std::string(kOptions[i].name);
    flags.push_back(
        IsSwitch(kOptions[i])
            ? app.add_flag(flag)->disable_flag_override()
            : app.add_option(flag, texts[i])->type_name(std::string(kOptions[i].value_name)));
  }
  app.add_option("--config", config)->type_name("FILE");
  app.add_flag("--help,-h", help);
  app.add_flag("--version", version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Status(Code::kInvalid, fmt::format("{}; see `smiled --help`", MessageOf(app, error)));
  }
  CommandLine line;
  if (help || version) {
    line.action = CommandLine::Action::kPrint;
    line.text = help ? HelpText() : std::string(kServerName) + "\n";
    return line;
  }
  if (!config.empty()) SMILE_TRY(ReadFile(config, &line.options));
  for (size_t i = 0; i < kOptions.size(); ++i) {
    if (flags[i]->count() == 0) continue;
    const OptionRow& row = kOptions[i];
    SMILE_TRY(
        Set(row, "--" + std::string(row.name), IsSwitch(row) ? "true" : texts[i], &line.options));
  }
  return line;
}

}  // namespace smile
