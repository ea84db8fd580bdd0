#include "client/smilecat/configuration.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "client/smilecat/environment.h"
#include "client/smilecat/line_reader.h"

namespace smile::cat {
namespace {

std::string FileName() {
  std::string folder = EnvironmentVariable("XDG_CONFIG_HOME");
  if (folder.empty()) {
    const std::string home = EnvironmentVariable("HOME");
    if (home.empty()) return "";
    folder = home + "/.config";
  }
  return folder + "/smile/smilecat.conf";
}

Status Set(std::string_view name, std::string_view value, Defaults* defaults) {
  if (name == "server") {
    SMILE_ASSIGN(defaults->server, ParseEndpoint(std::string(value), kDefaultPort));
    return {};
  }
  if (name == "deadline") {
    uint32_t millis = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, millis);
    if (error != std::errc() || rest != end || millis == 0) {
      return {Code::kInvalid, "deadline takes milliseconds, from 1"};
    }
    defaults->deadline_millis = millis;
    return {};
  }
  if (name == "raw-times") {
    if (value != "true" && value != "false") {
      return {Code::kInvalid, "raw-times is true or false"};
    }
    defaults->raw_times = value == "true";
    return {};
  }
  if (name == "link-kinds") {
    SMILE_ASSIGN(defaults->link_kinds, LinkKinds::Parse(value));
    return {};
  }
  return {Code::kInvalid, fmt::format("there is no option \"{}\"; there are server, deadline, "
                                      "raw-times and link-kinds",
                                      name)};
}

Status SetFromLine(std::string_view line, Defaults* defaults) {
  line = Trimmed(line);
  if (line.empty() || line.starts_with('#')) return {};
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) return {Code::kInvalid, "a line is NAME = VALUE"};
  return Set(Trimmed(line.substr(0, equals)), Trimmed(line.substr(equals + 1)), defaults);
}

Status ReadFile(const std::string& name, Defaults* defaults) {
  if (name.empty() || ::access(name.c_str(), F_OK) != 0) return {};
  SMILE_ASSIGN(const std::unique_ptr<InputFile> file, InputFile::Open(name));
  if (!file->size().has_value() || *file->size() > limits::kMaxConfigBytes) {
    return {Code::kInvalid, fmt::format("{} is no regular file of at most {} bytes", name,
                                        limits::kMaxConfigBytes)};
  }
  LineReader lines(file.get(), limits::kMaxConfigBytes);
  Bytes line;
  while (true) {
    const uint64_t number = lines.line();
    SMILE_ASSIGN(const bool more, lines.Next(&line));
    if (!more) return {};
    if (const Status status = SetFromLine(line, defaults); !status.ok()) {
      return {Code::kInvalid, fmt::format("{} line {}: {}", name, number, status.message())};
    }
  }
}

}  // namespace

Result<Defaults> ReadDefaults() {
  Defaults defaults;
  SMILE_TRY(ReadFile(FileName(), &defaults));
  const std::string server = EnvironmentVariable("SMILE_SERVER");
  if (server.empty()) return defaults;
  if (const Status status = Set("server", server, &defaults); !status.ok()) {
    return Status(Code::kInvalid, "SMILE_SERVER: " + status.message());
  }
  return defaults;
}

}  // namespace smile::cat
