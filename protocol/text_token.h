// The words of a request in text form: of one line, or of a command's arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace smile {

struct TextToken {
  std::string text;
  // Quoted, or behind a "--": it is itself, neither an option nor @FILE nor "-".
  bool literal = false;
};

// Cuts a line at spaces and tabs. A token that begins with '"' ends at the next one and knows
// \n \r \t \0 \" \\ and \xNN; one that begins with a single quote ends at the next one and knows
// no escapes. Inside other tokens pairs of '"', and '\', are themselves. kInvalid for an open
// quote, an unknown escape, and a quote inside a token that a shell would read in another way.
Result<std::vector<TextToken>> SplitLine(std::string_view line);

// Arguments as a shell hands them over: quotes have been dealt with.
std::vector<TextToken> TokensOf(std::span<const std::string> arguments);

// `text` so that SplitLine reads it back as one token, quoted only where it has to be.
std::string QuoteToken(std::string_view text);

// Always in quotes. Well-formed UTF-8 stands as it is, except control characters.
std::string Quote(std::string_view text);

}  // namespace smile
