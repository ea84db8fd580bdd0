// smilecat's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "client/smilecat/dump.h"
#include "client/smilecat/exit_status.h"
#include "client/smilecat/load.h"
#include "client/smilecat/media.h"
#include "client/smilecat/send_hex.h"
#include "client/smilecat/session.h"
#include "client/smilecat/user.h"
#include "net/endpoint.h"
#include "protocol/text_token.h"

namespace smile::cat {

inline constexpr uint16_t kDefaultPort = 7645;

enum class TaskKind : uint8_t {
  kRequest,
  kLines,
  kSendHex,
  kListen,
  kDecode,
  kDescribe,
  kLoad,
  kDump,
  kMedia,
  kUser
};

// What is to be done. Only what belongs to the task is set, beside the first four.
struct CommandLine {
  TaskKind task = TaskKind::kLines;
  ServerOptions server;
  bool json = false;
  bool raw_times = false;
  bool show_secrets = false;
  std::string output_file;

  std::vector<TextToken> request;  // kRequest
  bool raw = false;                // the value's bytes alone
  bool all = false;                // all pages
  bool watch = false;              // of stats
  int64_t interval_millis = 1000;
  SendHexOptions send_hex;
  Endpoint listen;
  std::string save_file;  // kListen: a capture of what passes; empty: none
  std::string subject;    // kDecode: a file; kDescribe: an operation, or nothing
  LoadOptions load;
  DumpOptions dump;
  MediaOptions media;
  UserOptions user;
};

// What holds where the command line says nothing.
struct Defaults {
  Endpoint server{"127.0.0.1", kDefaultPort};
  std::optional<int64_t> deadline_millis;  // none: as each task has it
  bool hex = false;
  bool json = false;
  bool raw_times = false;
  LinkKinds link_kinds = {};
  bool show_secrets = false;
};

// What is to be said instead: help, the version, or what is wrong with the command line.
struct Saying {
  std::string text;       // with its line end; of kUsage without it: what is wrong
  std::string help = {};  // of kUsage: what to type for help, after the program's name
  ExitStatus status = ExitStatus::kOk;
};

// `arguments` are those after the program's name, or the words of a line at the prompt.
std::variant<CommandLine, Saying> ReadCommandLine(std::span<const TextToken> arguments,
                                                  const Defaults& defaults);

}  // namespace smile::cat
