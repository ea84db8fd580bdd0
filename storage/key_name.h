// Encoded keys as text for an operator.
#pragma once

#include <string>

#include "base/bytes.h"
#include "model/tables.h"

namespace smile {

// The path of an encoded key, such as "users/42/profile". Of any bytes: for those that are not a
// key of the table, the path of the partition, or else the name of the table.
std::string NameOfEncoded(Table table, ByteView encoded);

}  // namespace smile
