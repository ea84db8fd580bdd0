// Kinds of links by name: the built-in ones, and the network's own from the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/text_token.h"

namespace smile::cat {

class LinkKinds {
 public:
  // "colleague 6, mentor 7, mentee 135": names of lower-case letters, '-' and '_', other than the
  // built-in ones. kInvalid, with a message, for anything else.
  static Result<LinkKinds> Parse(std::string_view text);

  // By name, or a number from 1 to 255. None: unknown.
  std::optional<uint8_t> Find(std::string_view text) const;
  std::string NameOf(uint8_t kind) const;
  // The network's own names.
  std::vector<std::string> names() const;

  // Replaces the network's own names by their numbers, if this is a request about links.
  void Translate(std::vector<TextToken>* tokens) const;

 private:
  std::map<std::string, uint8_t, std::less<>> own_;
};

}  // namespace smile::cat
