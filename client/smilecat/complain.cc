#include "client/smilecat/complain.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/print.h"
#include "base/text.h"
#include "client/smilecat/colour.h"

namespace smile::cat {

void Complain(std::string_view words) {
  PrintTo(stderr, "{}{}\n", InRed("smilecat: ", WantsColour(stderr)), Printable(words));
}

ExitStatus Complain(std::string_view words, ExitStatus status) {
  Complain(words);
  return status;
}

}  // namespace smile::cat
