#include "client/smilecat/environment.h"

#include <cstdlib>

namespace smile::cat {

std::string EnvironmentVariable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace smile::cat
