#include "storage/key_name.h"

#include "model/path.h"
#include "storage/key_encoding.h"

namespace smile {

std::string NameOfEncoded(Table table, ByteView encoded) {
  Key key(table, {}, {});
  if (!DecodePartition(table, encoded, &key.partition)) return std::string(InfoOf(table).name);
  if (!DecodeSort(table, encoded, &key.sort) || !ValidateKey(key.view()).ok()) {
    return FormatPartition({table, key.partition});
  }
  return FormatKey(key.view());
}

}  // namespace smile
