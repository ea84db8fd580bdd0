// The operations on sessions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

namespace op {

struct SessionMake {
  static constexpr OperationInfo kInfo{
      50, "session_make", "makes a session of a user, with a random token", Effect::kWrite, 1};

  struct Request {
    uint64_t user = 0;
    ByteView label = {};
    uint32_t expire_seconds = 2'592'000;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of the user"},
          Field<&Request::label>{"label", "such as the name of a device; at most 1,024 bytes", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::expire_seconds>{"expire_seconds",
                                          "time until it expires (1–3,153,600,000)", 0,
                                          TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    ByteView token = {};
    ByteView session = {};
    uint64_t expires_ms = 0;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::token>{"token", "32 bytes; whoever has it is the user", 0,
                                  TextForm::kToken},
          Field<&Response::session>{"session", "its id, 32 bytes", 0, TextForm::kOpaque},
          Field<&Response::expires_ms>{"expires_ms", "when it expires, Unix milliseconds", 0,
                                       TextForm::kTime}};
    }
  };
};

struct SessionVerify {
  static constexpr OperationInfo kInfo{51, "session_verify", "finds the session of a token",
                                       Effect::kRead, 1};

  struct Request {
    ByteView token = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::token>{"token", "32 bytes; whoever has it is the user", 0,
                                              TextForm::kToken}};
    }
  };

  struct Response {
    uint64_t user = 0;
    ByteView session = {};
    ByteView label = {};
    uint64_t created_ms = 0;
    uint64_t expires_ms = 0;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::user>{"user", "id of the user"},
          Field<&Response::session>{"session", "its id", 0, TextForm::kOpaque},
          Field<&Response::label>{"label", "as given"},
          Field<&Response::created_ms>{"created_ms", "Unix milliseconds", 0, TextForm::kPast},
          Field<&Response::expires_ms>{"expires_ms", "Unix milliseconds", 0, TextForm::kTime}};
    }
  };
};

// A session in the reply of SESSION_LIST.
struct SessionEntry {
  ByteView session = {};
  ByteView label = {};
  uint64_t created_ms = 0;
  uint64_t expires_ms = 0;

  static constexpr auto Fields() {
    return FieldList{
        Field<&SessionEntry::session>{"session", "its id", 0, TextForm::kOpaque},
        Field<&SessionEntry::label>{"label", "as given"},
        Field<&SessionEntry::created_ms>{"created_ms", "Unix milliseconds", 0, TextForm::kPast},
        Field<&SessionEntry::expires_ms>{"expires_ms", "Unix milliseconds", 0, TextForm::kTime}};
  }
};

struct SessionList {
  static constexpr OperationInfo kInfo{
      52, "session_list", "reads the sessions of a user, oldest first", Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;
    uint32_t limit = 100;
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of the user"},
          Field<&Request::limit>{"limit", "maximum number of entries (1–1,000)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<SessionEntry> sessions = {};
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::sessions>{"sessions", "without their tokens, which are not stored"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

struct SessionRevoke {
  static constexpr OperationInfo kInfo{53, "session_revoke", "revokes a session of a user",
                                       Effect::kWrite, 1};

  struct Request {
    uint64_t user = 0;
    ByteView session = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"},
                       Field<&Request::session>{"session", "its id", 0, TextForm::kOpaque}};
    }
  };

  struct Response {
    bool revoked = false;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::revoked>{"revoked", "there was such a session of this user",
                                                 0, TextForm::kAnswer}};
    }
  };
};

struct SessionRevokeAll {
  static constexpr OperationInfo kInfo{54, "session_revoke_all", "revokes all sessions of a user",
                                       Effect::kWrite, 1};

  struct Request {
    uint64_t user = 0;
    std::optional<ByteView> keep_session = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of the user"},
          Field<&Request::keep_session>{"keep_session", "id of a session that is not revoked", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    uint64_t revoked_sessions = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::revoked_sessions>{"revoked_sessions",
                                                          "number of sessions that were revoked"}};
    }
  };
};

}  // namespace op

// The operations of this family.
using SessionOperations = OperationList<op::SessionMake, op::SessionVerify, op::SessionList,
                                        op::SessionRevoke, op::SessionRevokeAll>;

}  // namespace smile
