// `smilecat load --resume FILE`: the position from which a load that was stopped goes on.
//
// One JSON object. It is replaced as a whole, so that a crash leaves the old or the new one, and
// says for which content of the input and which mapping it holds, so that it is not taken for
// another's. A load keeps it locked (flock): a second one with the same file is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/smilecat/load_tracker.h"
#include "client/smilecat/row.h"

namespace smile::cat {

// What is done up to a position.
struct LoadProgress {
  Position position;
  LoadCounts counts;

  bool operator==(const LoadProgress&) const = default;
};

struct ResumePoint {
  std::string input;    // path as given, for messages
  std::string mapping;  // the options that say what is written where
  LoadProgress done;
  // At the end of an input whose last row has no line end: with that row, which comes after `done`.
  // If the input has grown since, the row is read again, as it may have been a part of one.
  std::optional<LoadProgress> with_unfinished_row;

  bool operator==(const ResumePoint&) const = default;
};

class ResumeFile {
 public:
  // kInvalid, with a message that names the file, if it is not a position or another load uses it.
  static Result<std::unique_ptr<ResumeFile>> Open(const std::string& path);
  ~ResumeFile();
  ResumeFile(const ResumeFile&) = delete;
  ResumeFile& operator=(const ResumeFile&) = delete;

  // What it holds when it is opened; none if there is no such file yet.
  const std::optional<ResumePoint>& point() const { return point_; }

  // kInvalid, with a message that names the file, also if another load has made it meanwhile.
  Status Save(const ResumePoint& point);

 private:
  explicit ResumeFile(std::string path) : path_(std::move(path)) {}
  Status OpenAndLock();
  Status Read();
  Status Wrong(std::string_view words) const;

  const std::string path_;
  int descriptor_ = -1;  // holds the lock; -1: there is no such file yet
  std::optional<ResumePoint> point_;
};

}  // namespace smile::cat
