// Keys as they stand on disk, as text for an operator.
#pragma once

#include <string>

#include "base/bytes.h"
#include "model/tables.h"

namespace smile {

// "users/42/profile"; the partition or the table alone for bytes that are no whole key of it.
std::string NameOfEncoded(Table table, ByteView encoded);

}  // namespace smile
