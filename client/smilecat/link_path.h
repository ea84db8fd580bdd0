// Links as the paths of files that are loaded and dumped: links/42/friend/7. They are no keys of
// records: a server stores both sides of a link, and counts them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/link_kinds.h"

namespace smile::cat {

struct LinkName {
  uint64_t user = 0;
  uint8_t kind = 0;
  uint64_t other = 0;
};

// Whether the text begins as a path of a link does.
bool IsLinkPath(std::string_view text);
// kInvalid, with a message that shows the form.
Result<LinkName> ParseLinkPath(std::string_view text, const LinkKinds& kinds);
std::string FormatLink(const LinkName& link, const LinkKinds& kinds);

// The partition of "links/42". kInvalid, with a message.
Result<Bytes> ParseLinkUser(std::string_view text);

}  // namespace smile::cat
