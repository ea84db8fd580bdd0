// Name and version of smiled, for people and clients.
#pragma once

#include <string_view>

namespace smile {

inline constexpr std::string_view kServerName = "smiled 0.1.0";

}  // namespace smile
