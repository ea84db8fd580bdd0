// What smilecat tells the shell.
#pragma once

namespace smile::cat {

enum class ExitStatus : int {
  kOk = 0,
  kRefused = 1,     // the server said no, or some of what was asked could not be done
  kUsage = 2,       // the command line, or a file that it names, is wrong
  kConnection = 3,  // no server, or it was lost
};

}  // namespace smile::cat
