// Checks and messages that the files of the login service share.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

namespace smile {

inline Status CheckLogin(ByteView login) {
  if (!login.empty() && login.size() <= limits::kMaxNameBytes) return {};
  return {Code::kInvalid, "the login has " + std::to_string(login.size()) +
                              " bytes; it must have 1 to " + std::to_string(limits::kMaxNameBytes)};
}

inline Status CheckPassword(ByteView password) {
  if (password.empty()) return {Code::kInvalid, "the password is empty"};
  if (password.size() <= limits::kMaxPasswordBytes) return {};
  return {Code::kTooLarge, "the password has " + std::to_string(password.size()) +
                               " bytes, more than " + std::to_string(limits::kMaxPasswordBytes)};
}

inline Status LoginIsTaken() {
  return {Code::kConditionFailed, "the login is taken"};
}

inline Status UserHasLogin() {
  return {Code::kConditionFailed, "the user has a login already: add another one (LOGIN_ADD)"};
}

inline Status TooManyLogins() {
  return {Code::kTooLarge, "the user has " + std::to_string(limits::kMaxLoginsPerUser) +
                               " logins, which is the limit"};
}

inline Status NoSuchLogin() {
  return {Code::kNotFound, "there is no such login"};
}

inline Status DamagedLogin() {
  return {Code::kCorrupt, "the record of the login is damaged"};
}

inline Status PasswordChanged() {
  return {Code::kConditionFailed, "the password was changed meanwhile"};
}

// The same for both, so that nobody learns which logins exist.
inline Status WrongPassword() {
  return {Code::kNotFound, "there is no such login, or the password is wrong"};
}

}  // namespace smile
