#include "client/smilecat/template.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace smile::cat {
namespace {

// '/' would end the part and '%' begin an escape; a path may hold all else as it is.
void AppendPathPart(ByteView bytes, Bytes* path) {
  for (const char byte : bytes) {
    if (byte == '/') {
      path->append("%2F");
    } else if (byte == '%') {
      path->append("%25");
    } else {
      path->push_back(byte);
    }
  }
}

}  // namespace

Result<Column> FindColumn(std::string_view name, const std::vector<std::string>* columns) {
  if (columns == nullptr) return Column{std::string(name)};
  const auto found = std::find(columns->begin(), columns->end(), name);
  if (found != columns->end()) {
    return Column{std::string(name), static_cast<size_t>(found - columns->begin())};
  }
  return Status(Code::kInvalid, fmt::format("there is no column \"{}\"; the columns are {}", name,
                                            fmt::join(*columns, ", ")));
}

Result<Template> Template::Parse(std::string_view text, const std::vector<std::string>* columns) {
  const auto unbalanced = [&] {
    return Status(
        Code::kInvalid,
        fmt::format("\"{}\" has a brace without its pair; a column is written as {{name}}, "
                    "a brace as {{{{ or }}}}",
                    text));
  };
  Template result;
  Piece piece;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_brace = c == '{' || c == '}';
    if (!is_brace) {
      piece.literal.push_back(c);
    } else if (i + 1 < text.size() && text[i + 1] == c) {
      piece.literal.push_back(c);
      ++i;
    } else {
      const size_t close = c == '{' ? text.find('}', i) : std::string_view::npos;
      if (close == std::string_view::npos) return unbalanced();
      SMILE_ASSIGN(piece.column, FindColumn(text.substr(i + 1, close - i - 1), columns));
      piece.has_column = true;
      result.pieces_.push_back(std::move(piece));
      piece = Piece();
      i = close;
    }
  }
  if (!piece.literal.empty()) result.pieces_.push_back(std::move(piece));
  return result;
}

Result<Bytes> Template::Fill(const Row& row) const {
  Bytes filled;
  for (const Piece& piece : pieces_) {
    filled.append(piece.literal);
    if (!piece.has_column) continue;
    SMILE_ASSIGN(const Bytes text, row.Text(piece.column));
    filled.append(text);
  }
  return filled;
}

Result<Bytes> Template::FillPath(const Row& row) const {
  Bytes path;
  for (const Piece& piece : pieces_) {
    path.append(piece.literal);
    if (!piece.has_column) continue;
    SMILE_ASSIGN(const Bytes text, row.Text(piece.column));
    AppendPathPart(text, &path);
  }
  return path;
}

}  // namespace smile::cat
