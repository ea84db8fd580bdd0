#include "client/smilecat/media_state.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/number_text.h"
#include "base/text.h"
#include "client/smilecat/environment.h"
#include "client/smilecat/side_file.h"
#include "protocol/upload_operations.h"

namespace smile::cat {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// Empty without a home.
std::string Folder() {
  const std::string state = EnvironmentVariable("XDG_STATE_HOME");
  if (!state.empty()) return state + "/smile/uploads";
  const std::string home = EnvironmentVariable("HOME");
  return home.empty() ? "" : home + "/.local/state/smile/uploads";
}

// A file that has changed since has the same name: it replaces the old upload.
std::string FileOf(const InterruptedUpload& upload) {
  const std::string key = fmt::format("{}\n{}\n{}", upload.server, upload.owner, upload.path);
  return fmt::format("{}/{:016x}.json", Folder(), Hash64(key));
}

// While it is written.
std::string TemporaryOf(const std::string& file) {
  return fmt::format("{}.{}.tmp", file, ::getpid());
}

// A name as TemporaryOf makes it, of a process that does not exist.
bool IsOfProcessThatIsGone(const fs::path& file) {
  if (file.extension() != ".tmp" || file.stem().stem().extension() != ".json") return false;
  const std::string number = file.stem().extension().string();
  const Result<uint64_t> process = ReadInteger(number.substr(1), 1, INT_MAX);
  return process.ok() && ::kill(static_cast<pid_t>(*process), 0) != 0 && errno == ESRCH;
}

std::optional<InterruptedUpload> Read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto text_of = [&](const char* name) {
    return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "";
  };
  const auto number_of = [&](const char* name) {
    return json.contains(name) && json[name].is_number_integer() ? json[name].get<int64_t>() : 0;
  };
  InterruptedUpload upload{.server = text_of("server"),
                           .owner = static_cast<uint64_t>(number_of("owner")),
                           .path = FromBase64(text_of("path_base64")).value_or(""),
                           .size = static_cast<uint64_t>(number_of("size")),
                           .mtime_ns = number_of("mtime_ns"),
                           .upload = FromHex(text_of("upload")).value_or("")};
  if (upload.upload.size() != kUploadIdBytes || upload.path.empty()) return std::nullopt;
  return upload;
}

}  // namespace

void FindInterrupted(InterruptedUpload* upload) {
  if (Folder().empty()) return;
  const std::optional<InterruptedUpload> found = Read(FileOf(*upload));
  if (found.has_value() && found->server == upload->server && found->owner == upload->owner &&
      found->path == upload->path && found->size == upload->size &&
      found->mtime_ns == upload->mtime_ns) {
    upload->upload = found->upload;
  }
}

Status SaveInterrupted(const InterruptedUpload& upload) {
  if (Folder().empty()) return {Code::kInvalid, "neither XDG_STATE_HOME nor HOME is set"};
  std::error_code error;
  fs::create_directories(Folder(), error);
  if (error) return {Code::kInvalid, fmt::format("{}: {}", Folder(), error.message())};
  Json json;
  json["server"] = upload.server;
  json["owner"] = static_cast<int64_t>(upload.owner);
  json["path"] = upload.path;  // for people; it may not be UTF-8
  json["path_base64"] = ToBase64(upload.path);
  json["size"] = upload.size;
  json["mtime_ns"] = upload.mtime_ns;
  json["upload"] = ToHex(upload.upload);
  const std::string file = FileOf(upload);
  const std::string temporary = TemporaryOf(file);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return SystemError();
  Status status =
      WriteAll(descriptor, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  ::close(descriptor);
  if (status.ok() && ::rename(temporary.c_str(), file.c_str()) != 0) status = SystemError();
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

void ForgetInterrupted(const InterruptedUpload& upload) {
  if (!Folder().empty()) ::unlink(FileOf(upload).c_str());
}

void RemoveUnfinishedStates() {
  constexpr int kMaxLookedAt = 10'000;
  const auto oldest_kept = fs::file_time_type::clock::now() - std::chrono::minutes(1);
  std::error_code error;
  fs::directory_iterator entry(Folder(), error);
  for (int i = 0; i < kMaxLookedAt && !error && entry != fs::directory_iterator(); ++i) {
    std::error_code unknown;
    const bool is_old = entry->last_write_time(unknown) < oldest_kept && !unknown;
    if (is_old && IsOfProcessThatIsGone(entry->path())) ::unlink(entry->path().c_str());
    entry.increment(error);
  }
}

std::vector<InterruptedUpload> AllInterrupted() {
  std::vector<InterruptedUpload> all;
  std::error_code error;
  fs::directory_iterator entry(Folder(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() != ".json") continue;
    std::optional<InterruptedUpload> upload = Read(entry->path().string());
    if (upload.has_value()) all.push_back(std::move(*upload));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return all;
}

}  // namespace smile::cat
