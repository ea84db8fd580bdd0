// Tokens of a request in text form: of a line, or of command-line arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace smile {

struct TextToken {
  std::string text;
  // Quoted, or after "--": taken literally, not as an option, @FILE or "-".
  bool literal = false;
};

// Splits a line at spaces and tabs. A token in double quotes may contain the escapes
// \n \r \t \0 \" \\ and \xNN; one in single quotes has no escapes. Inside other tokens, pairs of
// '"' and '\' are literal. kInvalid for an unterminated quote, an unknown escape, and a quote
// inside a token that a shell would read differently.
Result<std::vector<TextToken>> SplitLine(std::string_view line);

// Command-line arguments, whose quotes the shell has removed.
std::vector<TextToken> TokensOf(std::span<const std::string> arguments);

// `text` as one token for SplitLine, quoted only if necessary.
std::string QuoteToken(std::string_view text);

// `text` in double quotes. Well-formed UTF-8 is not escaped, except characters that are
// unsafe on a terminal (IsUnsafe in base/text.h).
std::string Quote(std::string_view text);

}  // namespace smile
