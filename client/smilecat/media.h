// `smilecat media`: photos and videos in and out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/session.h"
#include "protocol/media_info.h"

namespace smile::cat {

enum class MediaAction : uint8_t { kPut, kGet, kList, kStat, kDelete, kResume, kCheck };

struct MediaOptions {
  MediaAction action = MediaAction::kPut;
  ServerOptions server;
  bool json = false;
  std::vector<std::string> items;  // files, or OWNER/ID, or one OWNER
  uint32_t jobs = 4;               // kPut, kGet, kResume: transfers at the same time
  // kPut
  uint64_t owner = 0;
  std::string content_type;  // empty: by the name of the file
  std::string name;          // empty: that of the file
  std::string custom;
  // kGet
  std::string output;  // a file or a directory; empty: standard output
  std::optional<op::MediaRange> range;
  // kDelete
  bool all = false;
  bool yes = false;
  // kResume
  bool list_only = false;
  // kCheck
  bool read_bytes = false;
  bool repair = false;
  bool fast = false;
};

// Results on stdout, one line per item; progress and complaints on stderr.
ExitStatus RunMedia(const MediaOptions& options);

}  // namespace smile::cat
