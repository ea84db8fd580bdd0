// The operations of a connection.
#pragma once

#include <cstdint>
#include <optional>

#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

inline constexpr uint8_t kProtocolVersion = 1;       // the only one so far
inline constexpr uint32_t kHelloMagic = 0x4c494d53;  // the bytes "SMIL"

namespace op {

struct Hello {
  static constexpr OperationInfo kInfo{
      1, "hello", "opens a connection: agrees on version, features and limits", Effect::kAdmin, 1};

  struct Request {
    uint32_t magic = kHelloMagic;
    uint8_t first_version = kProtocolVersion;
    uint8_t last_version = kProtocolVersion;
    uint64_t features = 0;
    uint32_t max_frame_bytes = 0;
    std::optional<ByteView> client_name = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::magic>{"magic", "the bytes \"SMIL\"", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::first_version>{"first_version", "oldest version that the client supports",
                                         0, TextForm::kPlain, kHasDefault},
          Field<&Request::last_version>{"last_version", "newest version that the client supports",
                                        0, TextForm::kPlain, kHasDefault},
          Field<&Request::features>{"features", "feature bits of the client; none in version 1", 0,
                                    TextForm::kPlain, kHasDefault},
          Field<&Request::max_frame_bytes>{"max_frame_bytes",
                                           "maximum length of a reply (at least 32,768; 0: 4 MiB)",
                                           0, TextForm::kPlain, kHasDefault},
          Field<&Request::client_name>{"client_name", "name in the server log (at most 64 bytes)",
                                       2}};
    }
  };

  struct Response {
    uint8_t version = 0;
    uint64_t features = 0;
    uint32_t max_frame_bytes = 0;
    uint32_t max_in_flight = 0;
    uint32_t max_value_bytes = 0;
    std::optional<ByteView> server_name = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::version>{"version", "version of this connection"},
          Field<&Response::features>{"features", "feature bits that both sides have"},
          Field<&Response::max_frame_bytes>{"max_frame_bytes", "maximum length of a reply"},
          Field<&Response::max_in_flight>{
              "max_in_flight", "maximum requests in flight; at the limit the server stops reading"},
          Field<&Response::max_value_bytes>{"max_value_bytes", "maximum length of a value"},
          Field<&Response::server_name>{"server_name", "name and version of the server", 2}};
    }
  };
};

struct Ping {
  static constexpr OperationInfo kInfo{
      2, "ping", "returns its payload, and the state of the server", Effect::kRead, 1};

  struct Request {
    ByteView payload = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::payload>{"payload", "any bytes, at most 1,024", 0,
                                                TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    ByteView payload = {};
    std::optional<ByteView> trouble = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::payload>{"payload", "the payload of the request"},
          Field<&Response::trouble>{
              "trouble", "problem that needs the operator's attention; absent if there is none",
              2}};
    }
  };
};

}  // namespace op

// The operations of this family.
using ConnectionOperations = OperationList<op::Hello, op::Ping>;

}  // namespace smile
