// Colour on a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace smile::cat {

// Whether `out` is a terminal that shows colours, and the user wants them: NO_COLOR is unset or
// empty (https://no-color.org).
bool WantsColour(std::FILE* out);

// In red, if `colour`.
std::string InRed(std::string_view text, bool colour);

}  // namespace smile::cat
