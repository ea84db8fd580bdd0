#include "server/login_handlers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"
#include "model/key.h"
#include "server/answer_task.h"
#include "server/continuation.h"
#include "server/page_room.h"
#include "server/request_checks.h"
#include "service/logins/login_errors.h"

namespace smile {
namespace {

Status CheckRecord(const op::FirstRecord& record) {
  SMILE_TRY(ValidateSort(Table::kUsers, record.name));
  if (Hash64(record.value) == record.checksum) return {};
  return {Code::kDamagedInTransit,
          "a value does not match its checksum (XXH3-64, seed 0): send it again"};
}

template <class Row>
void AnswerWithUser(Task<Result<uint64_t>> task, Responder to) {
  (void)Answer(std::move(task), std::move(to),
               [](uint64_t user, Reply& reply) { reply.Ok<Row>({.user = user}); });
}

template <class Row>
void AnswerWithSet(Task<Result<PasswordSet>> task, Responder to) {
  (void)Answer(std::move(task), std::move(to), [](const PasswordSet& set, Reply& reply) {
    reply.Ok<Row>({.user = set.user, .revoked_sessions = set.revoked_sessions});
  });
}

KeptSessions KeptOf(bool all, const std::optional<ByteView>& one) {
  return {.all = all, .one = FromWire<Sha256Digest>(one)};
}

Status CheckLabel(ByteView label) {
  return CheckAtMost("label", label, limits::kMaxCallerLabelBytes);
}

CredentialForm FormOf(ByteView credential) {
  const Result<CredentialInfo> info = ParseCredential(credential);
  return info.ok() ? CredentialForm{static_cast<uint8_t>(info->kind)} : CredentialForm::kNone;
}
static_assert(static_cast<uint8_t>(CredentialForm::kSha512Crypt) ==
              static_cast<uint8_t>(CredentialKind::kSha512Crypt));

// The logins of a user on the page that goes on after the continuation.
LoginPage PageOf(std::vector<LoginInfo> logins, ByteView after, uint32_t limit) {
  LoginPage page{.logins = std::move(logins), .page = {}};
  const auto next =
      std::find_if(page.logins.begin(), page.logins.end(),
                   [&](const LoginInfo& login) { return ByteView(login.login) > after; });
  page.logins.erase(page.logins.begin(), next);
  if (page.logins.size() <= limit) return page;
  page.logins.resize(limit);
  page.page.partitions = {page.logins.back().login};
  page.page.more = true;
  return page;
}

void ReplyWithCredentials(const LoginPage& page, Reply* reply) {
  constexpr size_t kLengths = 2;
  op::LoginExport::Response response{.logins = {}, .gap = page.page.gap, .continuation = {}};
  Bytes continuation = ContinuationOf(page.page);
  PageRoom room(*reply, kLengths);
  for (const LoginInfo& login : page.logins) {
    if (!room.Take(login.login.size() + sizeof(uint64_t) + login.record.credential.size())) {
      CHECK(!response.logins.empty(), "one login fits");
      continuation = ContinuationAfter(response.logins.back().login);
      break;
    }
    response.logins.push_back(
        {.login = login.login, .user = login.record.user, .credential = login.record.credential});
  }
  response.continuation = continuation;
  reply->Ok<op::LoginExport>(response);
}

}  // namespace

// --- Check ---------------------------------------------------------------------------------------

Status LoginHandlers::Check(op::LoginRegister, const op::LoginRegister::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  SMILE_TRY(CheckPassword(request.password));
  if (request.records.size() > limits::kMaxFirstRecords) {
    return {Code::kTooLarge, fmt::format("{} records exceed the limit of {}",
                                         request.records.size(), limits::kMaxFirstRecords)};
  }
  size_t bytes = 0;
  for (const op::FirstRecord& record : request.records) {
    SMILE_TRY(CheckRecord(record));
    bytes += record.value.size();
  }
  if (bytes <= limits::kMaxValueBytes) return {};
  return {Code::kTooLarge, fmt::format("the records have {} bytes of values, more than {}", bytes,
                                       limits::kMaxValueBytes)};
}

Status LoginHandlers::Check(op::LoginVerify, const op::LoginVerify::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  SMILE_TRY(CheckPassword(request.password));
  return CheckLabel(request.label);
}

Status LoginHandlers::Check(op::LoginChange, const op::LoginChange::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  SMILE_TRY(CheckPassword(request.password));
  SMILE_TRY(CheckPassword(request.new_password));
  SMILE_TRY(CheckLabel(request.label));
  return CheckSessionId(request.keep_session);
}

Status LoginHandlers::Check(op::LoginReset, const op::LoginReset::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  SMILE_TRY(CheckPassword(request.new_password));
  SMILE_TRY(CheckLabel(request.label));
  return CheckSessionId(request.keep_session);
}

Status LoginHandlers::Check(op::LoginRename, const op::LoginRename::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  return CheckLogin(request.new_login);
}

Status LoginHandlers::Check(op::LoginRemove, const op::LoginRemove::Request& request) const {
  return CheckLogin(request.login);
}

Status LoginHandlers::Check(op::LoginAdd, const op::LoginAdd::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  return CheckPassword(request.password);
}

Status LoginHandlers::Check(op::LoginImport, const op::LoginImport::Request& request) const {
  SMILE_TRY(CheckLogin(request.login));
  return ParseCredential(request.credential).status();
}

Status LoginHandlers::Check(op::LoginExport, const op::LoginExport::Request& request) const {
  if (!allow_export_) {
    return {Code::kUnsupported,
            "credentials are not exported: the server runs without --allow-credential-export"};
  }
  SMILE_TRY(CheckLimit(request.limit));
  if (request.user.has_value() && GoesOnFrom(request.continuation).has_value()) {
    return {Code::kInvalid, "the continuation is not of a user's logins"};
  }
  return CheckListContinuation(Table::kLogins, request.continuation);
}

// --- Start ---------------------------------------------------------------------------------------

void LoginHandlers::Start(op::LoginRegister, const op::LoginRegister::Request& request,
                          int64_t deadline, Responder to) const {
  RegisterLogin registration{.login = Bytes(request.login),
                             .password = Bytes(request.password),
                             .user = request.user,
                             .records = {},
                             .call = CallOf(deadline, to)};
  for (const op::FirstRecord& record : request.records) {
    registration.records.push_back(
        {.name = Bytes(record.name), .checksum = record.checksum, .value = Bytes(record.value)});
  }
  AnswerWithUser<op::LoginRegister>(logins_.Register(std::move(registration)), std::move(to));
}

void LoginHandlers::Start(op::LoginVerify, const op::LoginVerify::Request& request,
                          int64_t deadline, Responder to) const {
  LoginAttempt attempt{.login = Bytes(request.login),
                       .password = Bytes(request.password),
                       .label = Bytes(request.label),
                       .call = CallOf(deadline, to)};
  AnswerWithUser<op::LoginVerify>(logins_.Verify(std::move(attempt)), std::move(to));
}

void LoginHandlers::Start(op::LoginChange, const op::LoginChange::Request& request,
                          int64_t deadline, Responder to) const {
  LoginAttempt attempt{.login = Bytes(request.login),
                       .password = Bytes(request.password),
                       .label = Bytes(request.label),
                       .call = CallOf(deadline, to)};
  NewPassword next{.password = Bytes(request.new_password),
                   .kept = KeptOf(request.keep_sessions, request.keep_session)};
  AnswerWithSet<op::LoginChange>(logins_.ChangePassword(std::move(attempt), std::move(next)),
                                 std::move(to));
}

void LoginHandlers::Start(op::LoginReset, const op::LoginReset::Request& request, int64_t deadline,
                          Responder to) const {
  LoginAttempt who{.login = Bytes(request.login),
                   .password = {},
                   .label = Bytes(request.label),
                   .call = CallOf(deadline, to)};
  NewPassword next{.password = Bytes(request.new_password),
                   .kept = KeptOf(request.keep_sessions, request.keep_session)};
  AnswerWithSet<op::LoginReset>(logins_.SetPassword(std::move(who), std::move(next)),
                                std::move(to));
}

void LoginHandlers::Start(op::LoginRename, const op::LoginRename::Request& request,
                          int64_t deadline, Responder to) const {
  auto task =
      logins_.Rename(Bytes(request.login), Bytes(request.new_login), WriteCallOf(deadline, to));
  AnswerWithUser<op::LoginRename>(std::move(task), std::move(to));
}

void LoginHandlers::Start(op::LoginRemove, const op::LoginRemove::Request& request,
                          int64_t deadline, Responder to) const {
  auto task = logins_.Remove(Bytes(request.login), WriteCallOf(deadline, to));
  AnswerWithUser<op::LoginRemove>(std::move(task), std::move(to));
}

void LoginHandlers::Start(op::LoginAdd, const op::LoginAdd::Request& request, int64_t deadline,
                          Responder to) const {
  auto task = logins_.Add({.login = Bytes(request.login),
                           .user = request.user,
                           .secret = Bytes(request.password),
                           .call = CallOf(deadline, to)});
  (void)AnswerEmpty<op::LoginAdd>(std::move(task), std::move(to));
}

void LoginHandlers::Start(op::LoginImport, const op::LoginImport::Request& request,
                          int64_t deadline, Responder to) const {
  auto task = logins_.Import({.login = Bytes(request.login),
                              .user = request.user,
                              .secret = Bytes(request.credential),
                              .call = WriteCallOf(deadline, to)});
  (void)AnswerEmpty<op::LoginImport>(std::move(task), std::move(to));
}

void LoginHandlers::Start(op::LoginList, const op::LoginList::Request& request, int64_t deadline,
                          Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  (void)AnswerRead(logins_.List(request.user, call), std::move(to), call.memory,
                   [](const std::vector<LoginInfo>& logins, Reply& reply) {
                     op::LoginList::Response response;
                     for (const LoginInfo& login : logins) {
                       response.logins.push_back({.login = login.login,
                                                  .form = FormOf(login.record.credential),
                                                  .created_ms = login.record.created_ms,
                                                  .changed_ms = login.record.changed_ms});
                     }
                     reply.Ok<op::LoginList>(response);
                   });
}

void LoginHandlers::Start(op::LoginExport, const op::LoginExport::Request& request,
                          int64_t deadline, Responder to) const {
  if (request.user.has_value()) {
    Bytes after(GoesOnAfter(request.continuation).value_or(ByteView()));
    const CallContext call = ReadCallOf(deadline, to);
    (void)AnswerRead(logins_.List(*request.user, call), std::move(to), call.memory,
                     [after = std::move(after), limit = request.limit](
                         const std::vector<LoginInfo>& logins, Reply& reply) {
                       ReplyWithCredentials(PageOf(logins, after, limit), &reply);
                     });
    return;
  }
  const std::optional<ByteView> from = GoesOnFrom(request.continuation);
  ListRequest list{.table = Table::kLogins,
                   .after = Bytes(GoesOnAfter(request.continuation).value_or(ByteView())),
                   .limit = std::min(request.limit, limits::kMaxExportedLogins),
                   .call = ReadCallOf(deadline, to)};
  if (from.has_value()) list.from = ListPlaceOf(*from);
  auto memory = list.call.memory;
  (void)AnswerRead(logins_.Export(std::move(list)), std::move(to), std::move(memory),
                   [](const LoginPage& page, Reply& reply) { ReplyWithCredentials(page, &reply); });
}

}  // namespace smile
