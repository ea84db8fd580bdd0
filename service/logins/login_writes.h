// Writes that the files of the login service share.
#pragma once

#include <utility>

#include "service/engine_calls.h"
#include "service/logins/login_records.h"
#include "storage/engine.h"

namespace smile {

inline WriteRequest LoginPut(ByteView login, const LoginRecord& record) {
  return RequestOf(LoginKey(login), PutChange({}, Encode(record)));
}

inline WriteRequest AccountPut(uint64_t user, ByteView login) {
  return RequestOf(Key(Table::kAccounts, PartitionOf(user), AccountLoginSort(login)),
                   PutChange({}, {}));
}

inline WriteRequest AccountDelete(uint64_t user, ByteView login) {
  return RequestOf(Key(Table::kAccounts, PartitionOf(user), AccountLoginSort(login)),
                   DeleteChange({}));
}

}  // namespace smile
