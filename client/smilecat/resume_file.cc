#include "client/smilecat/resume_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/limits.h"
#include "client/smilecat/json_object.h"
#include "client/smilecat/side_file.h"

namespace smile::cat {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kResumeFormat = 2;

struct CountName {
  const char* name;
  uint64_t LoadCounts::*count;
};
constexpr CountName kCountNames[] = {
    {"rows", &LoadCounts::rows},       {"written", &LoadCounts::written},
    {"present", &LoadCounts::present}, {"expired", &LoadCounts::expired},
    {"refused", &LoadCounts::refused}, {"bad_rows", &LoadCounts::bad_rows},
};

struct PositionName {
  const char* name;
  uint64_t Position::*number;
};
constexpr PositionName kPositionNames[] = {
    {"offset", &Position::offset},
    {"line", &Position::line},
    {"rows_before", &Position::rows},
    {"hash", &Position::hash},
};

// False unless `object` has a number of this name.
bool ReadNumberOf(const JsonObject& object, const char* name, uint64_t* number) {
  const JsonMember* const member = object.Find(name);
  return member != nullptr && ReadNumber(*member, number);
}

bool ReadText(const JsonObject& object, const char* name, std::string* text) {
  const JsonMember* const member = object.Find(name);
  if (member == nullptr || member->kind != JsonKind::kString) return false;
  *text = member->text;
  return true;
}

bool ReadProgress(const JsonObject& object, const char* name, LoadProgress* progress) {
  const JsonMember* const member = object.Find(name);
  if (member == nullptr) return false;
  const Result<JsonObject> inner = JsonObject::Parse(member->json);
  if (!inner.ok()) return false;
  bool read = true;
  for (const auto& [key, number] : kPositionNames) {
    read = read && ReadNumberOf(*inner, key, &(progress->position.*number));
  }
  for (const auto& [key, count] : kCountNames) {
    read = read && ReadNumberOf(*inner, key, &(progress->counts.*count));
  }
  return read;
}

bool ReadPoint(const JsonObject& object, ResumePoint* point) {
  uint64_t format = 0;
  const bool read = ReadNumberOf(object, "format", &format) && format == kResumeFormat &&
                    ReadText(object, "input", &point->input) &&
                    ReadText(object, "mapping", &point->mapping) &&
                    ReadProgress(object, "done", &point->done);
  const char* const with_unfinished_row = "with_unfinished_row";
  if (!read || object.Find(with_unfinished_row) == nullptr) return read;
  return ReadProgress(object, with_unfinished_row, &point->with_unfinished_row.emplace());
}

Json JsonOf(const LoadProgress& progress) {
  Json object;
  for (const auto& [name, number] : kPositionNames) object[name] = progress.position.*number;
  for (const auto& [name, count] : kCountNames) object[name] = progress.counts.*count;
  return object;
}

std::string TextOf(const ResumePoint& point) {
  Json object;
  object["format"] = kResumeFormat;
  object["input"] = point.input;
  object["mapping"] = point.mapping;
  object["done"] = JsonOf(point.done);
  if (point.with_unfinished_row.has_value()) {
    object["with_unfinished_row"] = JsonOf(*point.with_unfinished_row);
  }
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// False: another process holds it. On a file system without locks everybody gets one.
bool Lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool IsSameFile(int descriptor, const std::string& path) {
  struct stat ours = {};
  struct stat there = {};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace

Result<std::unique_ptr<ResumeFile>> ResumeFile::Open(const std::string& path) {
  std::unique_ptr<ResumeFile> file(new ResumeFile(path));
  SMILE_TRY(file->OpenAndLock());
  if (file->descriptor_ >= 0) SMILE_TRY(file->Read());
  return file;
}

ResumeFile::~ResumeFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status ResumeFile::Wrong(std::string_view words) const {
  return {Code::kInvalid, fmt::format("{}: {}", path_, words)};
}

Status ResumeFile::OpenAndLock() {
  while (true) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor_ < 0) return errno == ENOENT ? Status() : Wrong(SystemError().message());
    struct stat info = {};
    if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) return Wrong("is not a file");
    if (!Lock(descriptor_)) return Wrong("another load goes on from this file just now");
    // The other one may have replaced it before it ended.
    if (IsSameFile(descriptor_, path_)) return {};
    ::close(descriptor_);
  }
}

Status ResumeFile::Read() {
  Bytes text(limits::kMaxResumeFileBytes + 1, '\0');
  const ssize_t got = ::pread(descriptor_, text.data(), text.size(), 0);
  if (got < 0) return Wrong(SystemError().message());
  text.resize(static_cast<size_t>(got));
  const Result<JsonObject> object = JsonObject::Parse(text);
  if (object.ok() && ReadPoint(*object, &point_.emplace())) return {};
  return Wrong("is not a position of a load; remove it to load from the beginning");
}

Status ResumeFile::Save(const ResumePoint& point) {
  const auto cannot = [this](const Status& why) {
    return Wrong("cannot write the position: " + why.message());
  };
  Result<std::unique_ptr<SideFile>> file = SideFile::Create(path_);
  if (!file.ok()) return cannot(file.status());
  const int descriptor = (*file)->descriptor();
  CHECK(Lock(descriptor));
  Status status = WriteAll(descriptor, TextOf(point));
  if (status.ok() && ::fsync(descriptor) != 0) status = SystemError();
  if (status.ok()) {
    status = descriptor_ < 0 ? (*file)->LinkAs(path_) : (*file)->ReplaceAs(path_);
  }
  if (!status.ok()) return cannot(status);
  // The lock goes over: the new file was locked before it had its name.
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return descriptor_ >= 0 ? Status() : cannot(SystemError());
}

}  // namespace smile::cat
