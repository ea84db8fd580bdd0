#include "client/smilecat/line_editor.h"

#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/print.h"
#include "base/progress.h"
#include "base/text.h"

namespace smile::cat {
namespace {

constexpr int kHistoryLines = 1000;
constexpr size_t kMaxShownChoices = 100;
constexpr wchar_t kReplacementCharacter = 0xfffd;

char* PromptText(EditLine*) {
  static char text[] = "smile> ";  // libedit wants it writable, and never writes
  return text;
}

// Whether more bytes could make a character of `bytes`, which are none yet.
bool IsBeginningOfChar(ByteView bytes) {
  const auto lead = static_cast<uint8_t>(bytes[0]);
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const auto continues = [](char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; };
  return lead >= 0xc2 && lead <= 0xf4 && bytes.size() < size &&
         std::all_of(bytes.begin() + 1, bytes.end(), continues);
}

wchar_t CodePointOf(ByteView sequence) {
  const auto lead = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return static_cast<wchar_t>(lead);
  auto point = static_cast<wchar_t>(lead & (0x7f >> sequence.size()));
  for (const char c : sequence.substr(1)) {
    point = (point << 6) | static_cast<wchar_t>(static_cast<uint8_t>(c) & 0x3f);
  }
  return point;
}

}  // namespace

bool UseUtf8Locale() {
  for (const char* const name : {"", "C.UTF-8", "C.utf8"}) {
    if (std::setlocale(LC_CTYPE, name) == nullptr) continue;
    if (std::string_view(::nl_langinfo(CODESET)) == "UTF-8") return true;
  }
  return false;
}

LineEditor::LineEditor(PromptSignals* signals, std::string history_file, Completer completer)
    : signals_(signals),
      history_file_(std::move(history_file)),
      completer_(std::move(completer)),
      edit_(el_init("smilecat", stdin, stdout, stderr)),
      history_(history_init()) {
  HistEvent event;
  history(history_, &event, H_SETSIZE, kHistoryLines);
  history(history_, &event, H_SETUNIQUE, 1);
  if (!history_file_.empty()) history(history_, &event, H_LOAD, history_file_.c_str());
  el_set(edit_, EL_CLIENTDATA, this);
  el_set(edit_, EL_PROMPT, PromptText);
  el_set(edit_, EL_EDITOR, "emacs");
  el_set(edit_, EL_SIGNAL, 0);
  el_set(edit_, EL_HIST, history, history_);
  el_set(edit_, EL_ADDFN, "smilecat-complete", "completes a request", OnComplete);
  el_set(edit_, EL_BIND, "^I", "smilecat-complete", nullptr);
  el_set(edit_, EL_GETCFN, OnChar);
  el_source(edit_, nullptr);
}

LineEditor::~LineEditor() {
  history_end(history_);
  el_end(edit_);
}

LineEditor::Event LineEditor::Read(std::string* line) {
  garbled_ = cancelled_ = false;
  undecoded_.clear();
  // Before the prompt is seen: what is typed then must find the terminal ready.
  el_set(edit_, EL_PREP_TERM, 1);
  int count = 0;
  const char* const text = el_gets(edit_, &count);
  if (terminated_) return Event::kTerminated;
  if (cancelled_) {
    PrintText(stdout, "^C\n");
    std::fflush(stdout);
    return Event::kCancelled;
  }
  if (text == nullptr || count <= 0) return Event::kEnd;
  line->assign(text, static_cast<size_t>(count));
  if (line->ends_with('\n')) line->pop_back();
  return garbled_ ? Event::kGarbled : Event::kLine;
}

void LineEditor::Remember(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos) return;
  HistEvent event;
  history(history_, &event, H_ENTER, (line + "\n").c_str());
  if (!history_file_.empty()) history(history_, &event, H_SAVE, history_file_.c_str());
}

LineEditor* LineEditor::Of(EditLine* edit) {
  void* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  return static_cast<LineEditor*>(self);
}

int LineEditor::OnChar(EditLine* edit, wchar_t* c) {
  return Of(edit)->ReadChar(c);
}

// As libedit wants it: 1 for a character, 0 at the end of input, -1 with errno. libedit's own would
// skip what the locale cannot decode.
int LineEditor::ReadChar(wchar_t* c) {
  while (!DecodeChar(c)) {
    if (!WaitForInput()) {
      errno = EINTR;
      return -1;
    }
    char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return static_cast<int>(got);
    undecoded_.push_back(byte);
  }
  return 1;
}

bool LineEditor::DecodeChar(wchar_t* c) {
  if (undecoded_.empty()) return false;
  size_t size = Utf8SequenceSize(undecoded_);
  if (size == 0 && IsBeginningOfChar(undecoded_)) return false;
  if (size == 0) {
    garbled_ = true;
    size = 1;
    *c = kReplacementCharacter;
  } else {
    *c = CodePointOf(ByteView(undecoded_).substr(0, size));
  }
  undecoded_.erase(0, size);
  return true;
}

bool LineEditor::WaitForInput() {
  while (true) {
    pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                      {.fd = signals_->descriptor(), .events = POLLIN}};
    if (::poll(ready, 2, -1) < 0) continue;
    while (const std::optional<int> signal = signals_->Take()) {
      if (!OnSignal(*signal)) return false;
    }
    if (ready[0].revents != 0) return true;
  }
}

// False: the line ends here.
bool LineEditor::OnSignal(int signal) {
  cancelled_ = signal == SIGINT;
  terminated_ = signal == SIGTERM;
  if (signal == SIGWINCH) el_resize(edit_);
  if (signal == SIGCONT) {
    // The shell has had the terminal in the meantime.
    el_set(edit_, EL_PREP_TERM, 0);
    el_set(edit_, EL_PREP_TERM, 1);
    el_set(edit_, EL_REFRESH);
  }
  return !cancelled_ && !terminated_;
}

unsigned char LineEditor::OnComplete(EditLine* edit, int) {
  return Of(edit)->Complete();
}

unsigned char LineEditor::Complete() {
  const LineInfo* const line = el_line(edit_);
  const std::string_view typed(line->buffer, static_cast<size_t>(line->cursor - line->buffer));
  const Completion completion = completer_(typed);
  if (completion.choices.empty()) return CC_REFRESH_BEEP;
  std::string added = completion.common_start.substr(completion.word_bytes);
  const bool whole = completion.choices.size() == 1 && !completion.more;
  if (whole && !completion.common_start.ends_with('/')) added += ' ';
  if (!added.empty()) return el_insertstr(edit_, added.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  const size_t shown = std::min(completion.choices.size(), kMaxShownChoices);
  PrintText(stdout, "\n");
  for (size_t i = 0; i < shown; ++i) PrintTo(stdout, "{}  ", completion.choices[i]);
  if (shown < completion.choices.size() || completion.more) {
    PrintTo(stdout, "... {}{} in all", completion.more ? "over " : "",
            WithCommas(completion.choices.size()));
  }
  PrintText(stdout, "\n");
  std::fflush(stdout);
  return CC_REDISPLAY;
}

}  // namespace smile::cat
