// SIGINT and SIGTERM as a question that a long task asks now and then.
#pragma once

namespace smile::cat {

// Made before other threads are, so that they too leave the signals to it.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Whether a signal has come. Cheap. A second one, after this was true, ends the process.
  bool Raised();

 private:
  int descriptor_;
  bool raised_ = false;
};

}  // namespace smile::cat
