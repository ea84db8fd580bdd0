#include "service/account_sorts.h"

#include "model/key.h"

namespace smile {

Bytes AccountSort(AccountPart part, ByteView name) {
  return FirstAccountSort(part).append(name);
}

std::optional<Bytes> DecodeAccountSort(AccountPart part, ByteView sort) {
  if (sort.size() < 2 || sort[0] != static_cast<char>(part)) return std::nullopt;
  return Bytes(sort.substr(1));
}

Bytes FirstAccountSort(AccountPart part) {
  return Bytes(1, static_cast<char>(part));
}

Bytes EndOfAccountSorts(AccountPart part) {
  return PrefixEnd(FirstAccountSort(part));
}

}  // namespace smile
