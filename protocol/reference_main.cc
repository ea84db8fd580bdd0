// protocol_reference --check FILE: exits with 1 if the generated part of FILE (docs/PROTOCOL.md) is
// stale. --write FILE: updates it.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/standard_streams.h"
#include "protocol/reference.h"

namespace {

constexpr std::string_view kBegin =
    "<!-- From here on, this is written by protocol_reference. -->\n";

int Complain(const std::string& message) {
  std::fprintf(stderr, "protocol_reference: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  smile::OpenStandardStreams();
  const std::string_view mode = argc == 3 ? argv[1] : "";
  if (mode != "--check" && mode != "--write") {
    std::fprintf(stderr, "usage: protocol_reference --check FILE | --write FILE\n");
    return 2;
  }
  const std::string path = argv[2];
  std::ifstream in(path, std::ios::binary);
  const std::string before((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) return Complain("cannot read " + path);
  const size_t begin = before.find(kBegin);
  if (begin == std::string::npos) return Complain(path + " has no line " + std::string(kBegin));

  std::string after = before.substr(0, begin + kBegin.size()) + smile::DocumentReference();
  while (after.ends_with("\n\n")) after.pop_back();
  if (after == before) return 0;
  if (mode == "--check") {
    return Complain(path + " is stale; update it with: protocol_reference --write " + path);
  }
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << after << std::flush;
  return out.good() ? 0 : Complain("cannot write " + path);
}
