#include "client/smilecat/user_logins.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "client/blocking.h"

namespace smile::cat {
namespace {

constexpr int kMaxRestoreTries = 5;

using Credentials = std::map<Bytes, Bytes, std::less<>>;  // by login

Result<Credentials> ReadCredentials(Client* client, uint64_t user, const CallOptions& call) {
  Credentials credentials;
  Bytes continuation;
  do {
    op::LoginExport::Request request{.limit = limits::kMaxExportedLogins, .user = user};
    if (!continuation.empty()) request.continuation = continuation;
    const auto page = BlockingClient(client).Call<op::LoginExport>(request, call);
    if (!page.ok()) return page.status();
    for (const op::LoginCredential& login : page->logins) {
      credentials[Bytes(login.login)] = Bytes(login.credential);
    }
    continuation = Bytes(page->continuation);
  } while (!continuation.empty());
  return credentials;
}

}  // namespace

Result<std::vector<UserLogin>> ReadLogins(Client* client, uint64_t user, bool with_credentials,
                                          int64_t deadline_millis) {
  const CallOptions call{.deadline_millis = deadline_millis};
  Credentials credentials;
  if (with_credentials) {
    SMILE_ASSIGN(credentials, ReadCredentials(client, user, call));
  }
  const auto list = BlockingClient(client).Call<op::LoginList>({.user = user}, call);
  if (!list.ok()) return list.status();
  std::vector<UserLogin> logins;
  for (const op::LoginEntry& entry : list->logins) {
    UserLogin login{.login = Bytes(entry.login),
                    .form = Bytes(NameOf(entry.form)),
                    .created_ms = entry.created_ms,
                    .changed_ms = entry.changed_ms,
                    .credential = {}};
    if (with_credentials) {
      const auto found = credentials.find(login.login);
      if (found == credentials.end()) continue;  // claimed meanwhile
      login.credential = found->second;
    }
    logins.push_back(std::move(login));
  }
  return logins;
}

Result<bool> ImportLogin(Client* client, uint64_t user, const UserLogin& login,
                         int64_t deadline_millis) {
  CHECK(login.credential.has_value(), "otherwise it cannot be imported");
  const CallOptions call{.deadline_millis = deadline_millis};
  BlockingClient blocking(client);
  Status status;
  for (int i = 0; i < kMaxRestoreTries; ++i) {  // the same login twice is the same result
    status = blocking
                 .Call<op::LoginImport>(
                     {.login = login.login, .user = user, .credential = *login.credential}, call)
                 .status();
    if (status.code() != Code::kOutcomeUnknown) break;
  }
  if (status.ok()) return true;
  if (status.code() != Code::kConditionFailed) return status;
  const auto list = blocking.Call<op::LoginList>({.user = user}, call);
  if (!list.ok()) return list.status();
  const bool is_ours =
      std::any_of(list->logins.begin(), list->logins.end(),
                  [&](const op::LoginEntry& entry) { return entry.login == login.login; });
  if (!is_ours) return status;
  return false;
}

}  // namespace smile::cat
