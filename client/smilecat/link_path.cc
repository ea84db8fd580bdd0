#include "client/smilecat/link_path.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "model/key.h"

namespace smile::cat {
namespace {

constexpr std::string_view kLinksPrefix = "links/";

std::optional<uint64_t> ParseId(std::string_view text) {
  uint64_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || rest != end) return std::nullopt;
  return id;
}

}  // namespace

bool IsLinkPath(std::string_view text) {
  return text.starts_with(kLinksPrefix);
}

Result<LinkName> ParseLinkPath(std::string_view text, const LinkKinds& kinds) {
  const std::string_view rest = IsLinkPath(text) ? text.substr(kLinksPrefix.size()) : "";
  const size_t first = rest.find('/');
  const size_t second = first == std::string_view::npos ? first : rest.find('/', first + 1);
  if (second != std::string_view::npos) {
    const auto user = ParseId(rest.substr(0, first));
    const auto kind = kinds.Find(rest.substr(first + 1, second - first - 1));
    const auto other = ParseId(rest.substr(second + 1));
    if (user && kind && other) return LinkName{*user, *kind, *other};
  }
  return Status(Code::kInvalid,
                fmt::format("\"{}\" is not the path of a link, such as links/42/friend/7: two ids, "
                            "and the name of a kind or a number from 1 to 255",
                            text));
}

std::string FormatLink(const LinkName& link, const LinkKinds& kinds) {
  return fmt::format("{}{}/{}/{}", kLinksPrefix, link.user, kinds.NameOf(link.kind), link.other);
}

Result<Bytes> ParseLinkUser(std::string_view text) {
  const auto user = IsLinkPath(text) ? ParseId(text.substr(kLinksPrefix.size())) : std::nullopt;
  if (user) return PartitionOf(*user);
  return Status(Code::kInvalid,
                fmt::format("{} is neither all links nor those of a user, such as links/42", text));
}

}  // namespace smile::cat
