#include "client/smilecat/login_path.h"

#include <charconv>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "model/path.h"

namespace smile::cat {
namespace {

constexpr std::string_view kLoginsPrefix = "logins/";

}  // namespace

bool IsLoginPath(std::string_view text) {
  return text.starts_with(kLoginsPrefix);
}

Result<Bytes> ParseLoginPath(std::string_view text) {
  if (IsLoginPath(text)) {
    // A name, as those of records are.
    Result<Bytes> login = ParseSort(Table::kUsers, text.substr(kLoginsPrefix.size()));
    if (login.ok()) return login;
  }
  return Status(Code::kInvalid,
                fmt::format("{} is not a login; the form is logins/LOGIN, and a login has 1 to 255 "
                            "bytes, escaped as in a URL",
                            text));
}

Result<LoginValue> ParseLoginValue(ByteView value) {
  LoginValue parsed;
  const char* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, parsed.user);
  if (error == std::errc() && rest == end) return parsed;
  if (error == std::errc() && *rest == ' ') {
    parsed.credential = value.substr(static_cast<size_t>(rest - value.data()) + 1);
    return parsed;
  }
  return Status(Code::kInvalid, "makes a login whose value is not \"USER\" or \"USER CREDENTIAL\"");
}

Bytes FormatLoginValue(const LoginValue& value) {
  Bytes text = std::to_string(value.user);
  if (!value.credential.empty()) text.append(" ").append(value.credential);
  return text;
}

}  // namespace smile::cat
