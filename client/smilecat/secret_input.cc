#include "client/smilecat/secret_input.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/print.h"
#include "client/smilecat/content.h"

namespace smile::cat {
namespace {

constexpr char kInterrupt = 3;  // Ctrl-C, which is no signal while the terminal does not echo

// A terminal without echo, until it goes.
class NoEcho {
 public:
  NoEcho() : is_terminal_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    quiet.c_lflag |= ICANON;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

  bool is_terminal() const { return is_terminal_; }

 private:
  termios before_{};
  const bool is_terminal_;
};

void RemoveLineEnd(Bytes* text) {
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
}

}  // namespace

Result<Bytes> AskForSecret(std::string_view name) {
  const NoEcho terminal;
  if (terminal.is_terminal()) PrintTo(stderr, "{}: ", name);
  Bytes line;
  bool ended = false;
  // One byte at a time: the next line may be the next secret.
  while (!ended && line.size() < limits::kMaxValueBytes) {
    char c = 0;
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || (terminal.is_terminal() && c == kInterrupt)) break;
    line.push_back(c);
    ended = c == '\n';
  }
  if (terminal.is_terminal()) PrintTo(stderr, "\n");
  if (!ended && line.empty()) {
    return Status(Code::kInvalid, fmt::format("standard input has no line for the {}", name));
  }
  RemoveLineEnd(&line);
  return line;
}

Result<Bytes> ReadSecretFile(std::string_view path) {
  SMILE_ASSIGN(Bytes content, ReadValue(std::string(path)));
  RemoveLineEnd(&content);
  return content;
}

}  // namespace smile::cat
