// `smilecat load`: imports CSV and JSON lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/mapping.h"
#include "client/smilecat/row_reader.h"
#include "client/smilecat/session.h"

namespace smile::cat {

struct LoadOptions {
  ServerOptions server;
  std::string input;  // "-": standard input
  std::optional<RowFormat> format;
  MappingOptions mapping;
  bool if_absent = false;
  std::string resume_file;    // empty: none
  uint64_t max_errors = 100;  // refused records and bad rows; over it the load stops
  bool json = false;          // the summary
};

// Progress and complaints on stderr, a summary on stdout. kIncomplete if anything was refused or
// bad.
ExitStatus RunLoad(const LoadOptions& options);

}  // namespace smile::cat
