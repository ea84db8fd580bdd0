// A file descriptor of the plain programs that Smile is compared with. All calls block.
#pragma once

#include <unistd.h>

#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace smile::bench {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (ok()) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool ok() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  const int number_;
};

// What errno says of the call that has just failed: kNotFound or kStorageFailed.
Status FailedCall(const std::string& what);

// Ok if it is there already.
Status MakeDirectory(const std::string& path);

Status WriteAll(const Descriptor& descriptor, ByteView bytes, const std::string& what);

}  // namespace smile::bench
