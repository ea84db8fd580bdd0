// The operations on logins.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

// How the password of a login is stored.
enum class CredentialForm : uint8_t {
  kNone = 0,         // no password matches
  kArgon2id = 1,     // what Smile makes
  kArgon2i = 2,      // the others are imported, and replaced at the next verification
  kArgon2d = 3,      // likewise
  kBcrypt = 4,       // likewise
  kScrypt = 5,       // likewise
  kYescrypt = 6,     // likewise
  kSha512Crypt = 7,  // likewise
};

template <>
struct EnumTable<CredentialForm> {
  static constexpr std::array<EnumValue<CredentialForm>, 8> kValues{
      {{CredentialForm::kNone, "none"},
       {CredentialForm::kArgon2id, "argon2id"},
       {CredentialForm::kArgon2i, "argon2i"},
       {CredentialForm::kArgon2d, "argon2d"},
       {CredentialForm::kBcrypt, "bcrypt"},
       {CredentialForm::kScrypt, "scrypt"},
       {CredentialForm::kYescrypt, "yescrypt"},
       {CredentialForm::kSha512Crypt, "sha512crypt"}}};
};
static_assert(EnumIsSound<CredentialForm>());

namespace op {

// A record that LOGIN_REGISTER writes.
struct FirstRecord {
  ByteView name = {};
  uint64_t checksum = 0;
  ByteView value = {};

  static constexpr auto Fields() {
    return FieldList{
        Field<&FirstRecord::name>{"name", "such as profile; 1–255 bytes"},
        Field<&FirstRecord::checksum>{"checksum", "XXH3-64 of the value", 0, TextForm::kChecksum},
        Field<&FirstRecord::value>{"value", "content", 0, TextForm::kValue}};
  }
};

struct LoginRegister {
  static constexpr OperationInfo kInfo{
      40, "login_register",
      "claims a login with a password, and writes the first records of its user", Effect::kWrite,
      1};

  struct Request {
    ByteView login = {};
    ByteView password = {};
    uint64_t user = 0;
    std::vector<FirstRecord> records = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::login>{"login", "1–255 bytes, such as a mail address"},
          Field<&Request::password>{"password", "1–1,024 bytes", 0, TextForm::kSecret},
          Field<&Request::user>{"user",
                                "id of the user, who has no login yet (0: the server chooses it)",
                                0, TextForm::kPlain, kHasDefault},
          Field<&Request::records>{
              "records",
              "records of the user, all absent; at most 100, together at most 1 MiB of values", 0,
              TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::user>{"user", "id of the user"}};
    }
  };
};

struct LoginVerify {
  static constexpr OperationInfo kInfo{41, "login_verify", "verifies a password", Effect::kWrite,
                                       1};

  struct Request {
    ByteView login = {};
    ByteView password = {};
    ByteView label = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::login>{"login", "1–255 bytes"},
          Field<&Request::password>{"password", "1–1,024 bytes", 0, TextForm::kSecret},
          Field<&Request::label>{"label",
                                 "what slows down the guesses of one caller, such as a client's "
                                 "address; at most 255 bytes",
                                 0, TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::user>{"user", "id of the user"}};
    }
  };
};

struct LoginChange {
  static constexpr OperationInfo kInfo{
      42, "login_change",
      "replaces a password, which is verified, and revokes the sessions of the user",
      Effect::kWrite, 1};

  struct Request {
    ByteView login = {};
    ByteView password = {};
    ByteView new_password = {};
    ByteView label = {};
    bool keep_sessions = false;
    std::optional<ByteView> keep_session = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::login>{"login", "1–255 bytes"},
          Field<&Request::password>{"password", "1–1,024 bytes", 0, TextForm::kSecret},
          Field<&Request::new_password>{"new_password", "1–1,024 bytes", 0, TextForm::kSecret},
          Field<&Request::label>{"label",
                                 "what slows down the guesses of one caller, such as a client's "
                                 "address; at most 255 bytes",
                                 0, TextForm::kPlain, kHasDefault},
          Field<&Request::keep_sessions>{"keep_sessions", "do not revoke the sessions of the user",
                                         0, TextForm::kPlain, kHasDefault},
          Field<&Request::keep_session>{"keep_session", "id of a session that is not revoked", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    uint64_t user = 0;
    uint64_t revoked_sessions = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::user>{"user", "id of the user"},
                       Field<&Response::revoked_sessions>{"revoked_sessions",
                                                          "number of sessions that were revoked"}};
    }
  };
};

struct LoginReset {
  static constexpr OperationInfo kInfo{
      43, "login_reset",
      "sets a password without the old one, and revokes the sessions of the user", Effect::kWrite,
      1};

  struct Request {
    ByteView login = {};
    ByteView new_password = {};
    ByteView label = {};
    bool keep_sessions = false;
    std::optional<ByteView> keep_session = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::login>{"login", "1–255 bytes"},
          Field<&Request::new_password>{"new_password", "1–1,024 bytes", 0, TextForm::kSecret},
          Field<&Request::label>{"label", "of the caller: its guesses of this login are forgotten",
                                 0, TextForm::kPlain, kHasDefault},
          Field<&Request::keep_sessions>{"keep_sessions", "do not revoke the sessions of the user",
                                         0, TextForm::kPlain, kHasDefault},
          Field<&Request::keep_session>{"keep_session", "id of a session that is not revoked", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    uint64_t user = 0;
    uint64_t revoked_sessions = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::user>{"user", "id of the user"},
                       Field<&Response::revoked_sessions>{"revoked_sessions",
                                                          "number of sessions that were revoked"}};
    }
  };
};

struct LoginRename {
  static constexpr OperationInfo kInfo{44, "login_rename", "gives a login another name",
                                       Effect::kWrite, 1};

  struct Request {
    ByteView login = {};
    ByteView new_login = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::login>{"login", "1–255 bytes"},
                       Field<&Request::new_login>{"new_login", "1–255 bytes; not taken"}};
    }
  };

  struct Response {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::user>{"user", "id of the user"}};
    }
  };
};

struct LoginRemove {
  static constexpr OperationInfo kInfo{45, "login_remove", "removes a login; its user remains",
                                       Effect::kWrite, 1};

  struct Request {
    ByteView login = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::login>{"login", "1–255 bytes"}};
    }
  };

  struct Response {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::user>{"user", "id of the user"}};
    }
  };
};

struct LoginAdd {
  static constexpr OperationInfo kInfo{46, "login_add", "claims another login for a user",
                                       Effect::kWrite, 1};

  struct Request {
    ByteView login = {};
    ByteView password = {};
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::login>{"login", "1–255 bytes, such as a mail address"},
                       Field<&Request::password>{"password", "1–1,024 bytes", 0, TextForm::kSecret},
                       Field<&Request::user>{"user", "id of the user"}};
    }
  };

  struct Response {
    static constexpr auto Fields() { return FieldList{}; }
  };
};

struct LoginImport {
  static constexpr OperationInfo kInfo{
      47, "login_import", "claims a login for a user, with a credential that was made elsewhere",
      Effect::kWrite, 1};

  struct Request {
    ByteView login = {};
    uint64_t user = 0;
    ByteView credential = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::login>{"login", "1–255 bytes, such as a mail address"},
          Field<&Request::user>{"user", "id of the user"},
          Field<&Request::credential>{
              "credential",
              "how the password is stored (see *Logins and sessions*); empty: no password matches",
              0, TextForm::kSecret}};
    }
  };

  struct Response {
    static constexpr auto Fields() { return FieldList{}; }
  };
};

// A login in the reply of LOGIN_LIST.
struct LoginEntry {
  ByteView login = {};
  CredentialForm form = CredentialForm::kNone;
  uint64_t created_ms = 0;
  uint64_t changed_ms = 0;

  static constexpr auto Fields() {
    return FieldList{
        Field<&LoginEntry::login>{"login", "its name"},
        Field<&LoginEntry::form>{"form", "how its password is stored"},
        Field<&LoginEntry::created_ms>{"created_ms", "when it was claimed, Unix milliseconds", 0,
                                       TextForm::kPast},
        Field<&LoginEntry::changed_ms>{"changed_ms", "when its password was set", 0,
                                       TextForm::kPast}};
  }
};

struct LoginList {
  static constexpr OperationInfo kInfo{48, "login_list", "reads the logins of a user",
                                       Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"}};
    }
  };

  struct Response {
    std::vector<LoginEntry> logins = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::logins>{"logins", "at most 100"}};
    }
  };
};

// A login with its credential.
struct LoginCredential {
  ByteView login = {};
  uint64_t user = 0;
  ByteView credential = {};

  static constexpr auto Fields() {
    return FieldList{Field<&LoginCredential::login>{"login", "its name"},
                     Field<&LoginCredential::user>{"user", "id of its user"},
                     Field<&LoginCredential::credential>{"credential", "as in LOGIN_IMPORT", 0,
                                                         TextForm::kSecret}};
  }
};

struct LoginExport {
  static constexpr OperationInfo kInfo{49, "login_export",
                                       "reads logins with their credentials, for a backup; "
                                       "rejected unless smiled runs with --allow-credential-export",
                                       Effect::kCredentials, 1};

  struct Request {
    uint32_t limit = 100;
    std::optional<ByteView> continuation = {};
    std::optional<uint64_t> user = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::limit>{"limit", "maximum number of entries (1–1,000)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 1,
                                        TextForm::kOpaque},
          Field<&Request::user>{"user", "only the logins of this user, in the order of their names",
                                3}};
    }
  };

  struct Response {
    std::vector<LoginCredential> logins = {};
    bool gap = false;
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::logins>{"logins", "in no particular order"},
          Field<&Response::gap>{
              "gap",
              "there may be logins that are missing from this page because they cannot be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

}  // namespace op

// The operations of this family.
using LoginOperations =
    OperationList<op::LoginRegister, op::LoginVerify, op::LoginChange, op::LoginReset,
                  op::LoginRename, op::LoginRemove, op::LoginAdd, op::LoginImport, op::LoginList,
                  op::LoginExport>;

}  // namespace smile
