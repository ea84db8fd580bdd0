// Sort keys of `accounts`, where what belongs to a user is listed.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "model/tables.h"

namespace smile {

Bytes AccountSort(AccountPart part, ByteView name);
// The name of an entry; none if it is not of that part.
std::optional<Bytes> DecodeAccountSort(AccountPart part, ByteView sort);
// All entries of the part sort from here on.
Bytes FirstAccountSort(AccountPart part);
// And before this one.
Bytes EndOfAccountSorts(AccountPart part);

}  // namespace smile
