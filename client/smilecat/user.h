// `smilecat user`: all of a user into a folder, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/session.h"

namespace smile::cat {

enum class UserAction : uint8_t { kExport, kImport };

struct UserOptions {
  UserAction action = UserAction::kExport;
  ServerOptions server;
  bool json = false;
  std::string folder;
  // kExport
  uint64_t user = 0;
  bool with_credentials = false;
  // kImport
  std::optional<uint64_t> as;  // none: the user of the export
  bool merge = false;
};

// A summary on stdout; progress and complaints on stderr.
ExitStatus RunUser(const UserOptions& options);

}  // namespace smile::cat
