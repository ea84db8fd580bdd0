#include "client/smilecat/link_kinds.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "model/tables.h"
#include "protocol/link_operations.h"

namespace smile::cat {
namespace {

std::optional<uint8_t> ParseKind(std::string_view text) {
  uint8_t kind = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, kind);
  if (error != std::errc() || rest != end || kind == 0) return std::nullopt;
  return kind;
}

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

std::optional<uint8_t> BuiltIn(std::string_view name) {
  for (const NumberName& known : kLinkKinds) {
    if (known.name == name) return known.number;
  }
  return std::nullopt;
}

}  // namespace

Result<LinkKinds> LinkKinds::Parse(std::string_view text) {
  LinkKinds kinds;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = Trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t space = std::min(item.find(' '), item.size());
    const std::string_view name = item.substr(0, space);
    const std::optional<uint8_t> kind = ParseKind(Trimmed(item.substr(space)));
    if (!IsName(name) || !kind || BuiltIn(name) || kinds.own_.contains(name)) {
      return Status(Code::kInvalid,
                    fmt::format("\"{}\" does not name a kind of links: it must be a new name and a "
                                "number from 1 to 255, such as mentor 7",
                                item));
    }
    kinds.own_.emplace(name, *kind);
  }
  return kinds;
}

std::optional<uint8_t> LinkKinds::Find(std::string_view text) const {
  if (const auto own = own_.find(text); own != own_.end()) return own->second;
  if (const auto known = BuiltIn(text)) return known;
  return ParseKind(text);
}

std::string LinkKinds::NameOf(uint8_t kind) const {
  for (const auto& [name, number] : own_) {
    if (number == kind) return name;
  }
  for (const NumberName& known : kLinkKinds) {
    if (known.number == kind) return std::string(known.name);
  }
  return std::to_string(kind);
}

std::vector<std::string> LinkKinds::names() const {
  std::vector<std::string> names;
  for (const auto& [name, number] : own_) names.push_back(name);
  return names;
}

void LinkKinds::Translate(std::vector<TextToken>* tokens) const {
  if (own_.empty() || tokens->empty()) return;
  if (LinkOperations::Find((*tokens)[0].text) == nullptr) return;
  for (size_t i = 1; i < tokens->size(); ++i) {
    TextToken& token = (*tokens)[i];
    if (token.literal || (*tokens)[i - 1].text == "--value") continue;
    const auto own = own_.find(token.text);
    if (own != own_.end()) token.text = std::to_string(own->second);
  }
}

}  // namespace smile::cat
