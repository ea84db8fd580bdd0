// What a request came to, as it is shown: derived from the fields of its operation's response.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "base/bytes.h"
#include "base/status.h"
#include "client/answer.h"
#include "client/smilecat/exit_status.h"
#include "model/record.h"
#include "protocol/field.h"
#include "protocol/text_tree.h"

namespace smile::cat {

enum class ReplyForm : uint8_t {
  kLine,   // one readable line
  kPage,   // for a person: elements of lists on lines of their own, long values cut
  kLines,  // the same, nothing cut
  kJson,   // one line of JSON
  kValue,  // the bytes of the value alone, if the operation answers with one; else as kLines
};

struct ReplyStyle {
  // NOLINTNEXTLINE(google-explicit-constructor): a form is a style with nothing else to say
  ReplyStyle(ReplyForm in_form) : form(in_form) {}
  ReplyStyle(ReplyForm in_form, bool in_raw_times, bool in_colour)
      : form(in_form), raw_times(in_raw_times), colour(in_colour) {}

  ReplyForm form;
  bool raw_times = false;  // points in time as numbers; so they always are in JSON
  bool colour = false;
  bool show_secrets = false;  // such as the token of SESSION_MAKE
};

struct Reply {
  Status status;
  ErrorDetail detail;
  Bytes shown;  // of a success: what is printed, with its line end unless it is a value alone;
                // of a failure in kLine, kPage and kJson, too: a line
  // Where `status` does not tell it: the request could not be read, or a file that it names.
  std::optional<ExitStatus> exit_status = std::nullopt;
};

// Whether an operation answers with one record, so that its value can stand alone.
template <Message M>
constexpr bool kAnswersWithValue = [] {
  using Fields = decltype(Layout<M>::Fields());
  if constexpr (Fields::kCount == 1) {
    constexpr auto kMember = decltype(Fields::first)::kMember;
    return std::is_same_v<std::remove_cvref_t<decltype(std::declval<M>().*kMember)>, RecordView>;
  }
  return false;
}();

// Each element of a message's list on a line of its own, in kJson an object (or a string) each.
Bytes ShowElements(const TextNode& message, const ReplyStyle& style);

// The line or object of a message, with the line end.
Bytes ShowMessage(const TextNode& message, const ReplyStyle& style);
// "not_found: no such record", or {"error":"not_found", …}; with the line end. `line` is
// that of the request in the input, 0: it has none.
Bytes ShowError(const Status& status, const ErrorDetail& detail, const ReplyStyle& style,
                uint64_t line = 0);

template <class Row>
Reply ShowAnswer(const Answer<Row>& answer, const TextContext& context, const ReplyStyle& style) {
  if (!answer.ok()) {
    return {answer.status(), answer.detail(), ShowError(answer.status(), answer.detail(), style)};
  }
  if constexpr (kAnswersWithValue<typename Row::Response>) {
    if (style.form == ReplyForm::kValue) {
      const auto field = Layout<typename Row::Response>::Fields().first;
      return {{}, {}, Bytes(((*answer).*(field.kMember)).value)};
    }
  }
  TextContext shown = context;
  shown.show_secrets = style.show_secrets;
  return {{}, {}, ShowMessage(ToTree(*answer, shown), style)};
}

// Of a request that could not be sent: it was none, or a value is too large.
ExitStatus StatusOfUnsent(const Status& status);

// One line for stderr that says what is wrong and, where it can be known, what to do about it.
std::string Complaint(const Status& status, const ErrorDetail& detail = {});

}  // namespace smile::cat
