#include "protocol/text_token.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"

namespace smile {
namespace {

// Whether SplitLine reads `token` as one token, `text`.
bool ReadsAs(std::string_view token, std::string_view text) {
  const Result<std::vector<TextToken>> read = SplitLine(token);
  return read.ok() && read->size() == 1 && read->front().text == text;
}

constexpr bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct Escape {
  char letter;
  char byte;
};
constexpr Escape kEscapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'},
                               {'0', '\0'}, {'"', '"'},  {'\\', '\\'}};

// Removes an escape, without its '\', from the front of `text`.
Status TakeEscape(std::string_view* text, std::string* out) {
  if (text->empty()) return {Code::kInvalid, "unterminated quote"};
  const char letter = text->front();
  text->remove_prefix(1);
  for (const Escape& escape : kEscapes) {
    if (escape.letter == letter) {
      out->push_back(escape.byte);
      return {};
    }
  }
  if (letter == 'x') {
    if (const auto byte = FromHex(text->substr(0, 2)); byte.has_value() && byte->size() == 1) {
      out->append(*byte);
      text->remove_prefix(2);
      return {};
    }
  }
  return {Code::kInvalid,
          "invalid escape in quotes: after '\\' comes one of n r t 0 \" \\ or x and two "
          "hexadecimal digits"};
}

Status EndOfQuoted(std::string_view text) {
  if (text.empty() || IsBlank(text.front())) return {};
  return {Code::kInvalid, "missing space after the closing quote"};
}

// Removes a token in single quotes, without the opening one, from the front of `text`.
Status TakeSingleQuoted(std::string_view* text, std::string* out) {
  const size_t end = text->find('\'');
  if (end == std::string_view::npos) {
    return {Code::kInvalid, "unterminated quote"};
  }
  *out = text->substr(0, end);
  text->remove_prefix(end + 1);
  return EndOfQuoted(*text);
}

// A quote in the middle of a token, that a space may have cut off from its other half. Whoever
// wrote users/1/'a b' did not mean the record users/1/'a.
Status ValidateUnquoted(std::string_view token) {
  const bool single = token.find('\'') != std::string_view::npos;
  if (!single && std::count(token.begin(), token.end(), '"') % 2 == 0) return {};
  return {Code::kInvalid,
          fmt::format("{} has a quote inside: quote the whole argument", Quote(token))};
}

// Removes a token in double quotes, without the opening one, from the front of `text`.
Status TakeQuoted(std::string_view* text, std::string* out) {
  while (!text->empty()) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '\\') {
      SMILE_TRY(TakeEscape(text, out));
    } else if (c != '"') {
      out->push_back(c);
    } else {
      return EndOfQuoted(*text);
    }
  }
  return {Code::kInvalid, "unterminated quote"};
}

// After "--", which is removed, every token is literal.
void Append(TextToken token, bool* rest_is_literal, std::vector<TextToken>* tokens) {
  if (!token.literal && !*rest_is_literal && token.text == "--") {
    *rest_is_literal = true;
    return;
  }
  token.literal = token.literal || *rest_is_literal;
  tokens->push_back(std::move(token));
}

}  // namespace

Result<std::vector<TextToken>> SplitLine(std::string_view line) {
  std::vector<TextToken> tokens;
  bool rest_is_literal = false;
  while (true) {
    while (!line.empty() && IsBlank(line.front())) line.remove_prefix(1);
    if (line.empty()) return tokens;
    TextToken token;
    const char first = line.front();
    if (first == '"' || first == '\'') {
      token.literal = true;
      line.remove_prefix(1);
      SMILE_TRY(first == '"' ? TakeQuoted(&line, &token.text)
                             : TakeSingleQuoted(&line, &token.text));
    } else {
      size_t size = 0;
      while (size < line.size() && !IsBlank(line[size])) ++size;
      token.text = line.substr(0, size);
      line.remove_prefix(size);
      SMILE_TRY(ValidateUnquoted(token.text));
    }
    Append(std::move(token), &rest_is_literal, &tokens);
  }
}

std::vector<TextToken> TokensOf(std::span<const std::string> arguments) {
  std::vector<TextToken> tokens;
  bool rest_is_literal = false;
  for (const std::string& argument : arguments) {
    Append({argument, false}, &rest_is_literal, &tokens);
  }
  return tokens;
}

std::string Quote(std::string_view text) {
  const std::string_view original = text;
  std::string quoted = "\"";
  while (!text.empty()) {
    const size_t size = Utf8SequenceSize(text);
    const char c = text[0];
    if (size > 0 && !IsUnsafe(text, size) && c != '"' && c != '\\') {
      quoted.append(text.substr(0, size));
      text.remove_prefix(size);
      continue;
    }
    const Escape* known = nullptr;
    for (const Escape& escape : kEscapes) {
      if (escape.byte == c) known = &escape;
    }
    quoted.append(known != nullptr ? fmt::format("\\{}", known->letter)
                                   : fmt::format("\\x{:02x}", static_cast<uint8_t>(c)));
    text.remove_prefix(1);
  }
  quoted.push_back('"');
  CHECK(quoted.size() >= 2 && quoted.front() == '"');
  if (kExpensiveChecks) CHECK(ReadsAs(quoted, original), "what is written can be read");
  return quoted;
}

std::string QuoteToken(std::string_view text) {
  const bool special = text.empty() || text[0] == '"' || text[0] == '-' || text[0] == '@';
  if (!special && text.find_first_of(" '") == std::string_view::npos) {
    const std::string quoted = Quote(text);
    // Longer if a character was escaped.
    if (quoted.size() == text.size() + 2) return std::string(text);
  }
  return Quote(text);
}

}  // namespace smile
