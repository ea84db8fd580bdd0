// A line that is edited at a terminal, with history and completion (libedit).
#pragma once

#include <histedit.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "client/smilecat/completion.h"
#include "client/smilecat/prompt_signals.h"

namespace smile::cat {

// Makes the process' locale one in which libedit can show all of Unicode: the user's, or else
// C.UTF-8. False if there is none: libedit would drop characters, and so change what is sent.
bool UseUtf8Locale();

class LineEditor {
 public:
  enum class Event {
    kLine,
    kCancelled,  // Ctrl-C: what was typed is gone
    kGarbled,    // a line with bytes that are no UTF-8; shown as U+FFFD
    kEnd,        // Ctrl-D on an empty line, the end of input
    kTerminated  // SIGTERM
  };
  using Completer = std::function<Completion(std::string_view typed)>;

  // `history_file` may be empty: none is kept.
  LineEditor(PromptSignals* signals, std::string history_file, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Waits. `line` is without its end.
  Event Read(std::string* line);

  // Puts the line into the history, also in its file: nothing is lost however the session ends.
  void Remember(const std::string& line);

 private:
  static int OnChar(EditLine* edit, wchar_t* c);
  static unsigned char OnComplete(EditLine* edit, int);
  static LineEditor* Of(EditLine* edit);

  int ReadChar(wchar_t* c);
  bool DecodeChar(wchar_t* c);
  // Until standard input can be read. False: the line ends here.
  bool WaitForInput();
  bool OnSignal(int signal);
  unsigned char Complete();

  PromptSignals* const signals_;
  const std::string history_file_;
  const Completer completer_;
  EditLine* const edit_;
  History* const history_;
  Bytes undecoded_;  // of a character that is not complete
  bool garbled_ = false;
  bool cancelled_ = false;
  bool terminated_ = false;
};

}  // namespace smile::cat
