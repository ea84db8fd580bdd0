// A text with columns in it: "users/{id}/profile". "{{" and "}}" stand for braces.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/row.h"

namespace smile::cat {

// The column of this name. `columns` are those of a CSV file; null if they are not known before
// the rows are (JSON lines). kInvalid, with a message that lists the columns, if it is not there.
Result<Column> FindColumn(std::string_view name, const std::vector<std::string>* columns);

class Template {
 public:
  // kInvalid, with a message, if a brace is not closed or a column is not there. `columns` as
  // above.
  static Result<Template> Parse(std::string_view text, const std::vector<std::string>* columns);

  // With the columns of this row. Or kInvalid: see Row::Text.
  Result<Bytes> Fill(const Row& row) const;

  // The same for the text of a path: what comes from a column stays one part of it, whatever bytes
  // it has.
  Result<Bytes> FillPath(const Row& row) const;

 private:
  struct Piece {
    Bytes literal;  // before the column
    bool has_column = false;
    Column column;
  };

  std::vector<Piece> pieces_;
};

}  // namespace smile::cat
