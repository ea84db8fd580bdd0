// The environment of this process.
#pragma once

#include <string>

namespace smile::cat {

// Empty if it is not set. Nothing sets one, so any thread may call.
std::string EnvironmentVariable(const char* name);

}  // namespace smile::cat
