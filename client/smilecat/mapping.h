// How a row of an imported file becomes records: `smilecat load`'s --table, --key, --value, --json,
// --expire.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/smilecat/dump_line.h"
#include "client/smilecat/link_kinds.h"
#include "client/smilecat/row.h"
#include "client/smilecat/template.h"

namespace smile::cat {

// As the command line gives them.
struct MappingOptions {
  std::string table;                             // put before each key; may be empty
  std::vector<std::string> keys;                 // templates of paths; none: a dump's lines
  std::optional<std::string> value;              // template
  std::optional<std::vector<std::string>> json;  // columns of a JSON object; empty: all
  std::string expire;                            // template of seconds; empty: never
  LinkKinds link_kinds = {};                     // of keys
};

class Mapping {
 public:
  // `columns` as in FindColumn. kInvalid, with a message, if the options do not fit each other or
  // name a column that is not there.
  static Result<Mapping> Make(const MappingOptions& options,
                              const std::vector<std::string>* columns);

  // The records of a row: one for each key, and one for keys that are the same. kInvalid or
  // kTooLarge, with a message, if it makes none.
  Result<std::vector<LoadedRecord>> Apply(const Row& row, int64_t wall_millis) const;

 private:
  Result<Bytes> ValueOf(const Row& row) const;
  Result<std::optional<uint32_t>> ExpiryOf(const Row& row) const;

  std::vector<Template> keys_;
  std::optional<Template> value_;  // else a JSON object
  std::vector<Column> members_;    // of the JSON object; empty: the row's own
  std::optional<Template> expire_;
  LinkKinds link_kinds_;
};

}  // namespace smile::cat
