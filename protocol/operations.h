// The operations of Smile's protocol, version 1: the one table from which encoder, decoder,
// dispatch, client calls, text form, documentation and fuzz seeds are derived.
//
// A row is a struct with its code, name, summary, effect, first version, Request and Response. To
// add an operation, write its row, put it into Operations, and write its handler in the server and
// its line in the client; without them it does not compile. Codes are never reused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/error_body.h"
#include "protocol/field.h"
#include "protocol/operation_list.h"
#include "protocol/outcomes.h"

namespace smile {

inline constexpr uint8_t kProtocolVersion = 1;
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
      return std::tuple{
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
      return std::tuple{
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
      return std::tuple{Field<&Request::payload>{"payload", "any bytes, at most 1,024", 0,
                                                 TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    ByteView payload = {};
    std::optional<ByteView> trouble = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::payload>{"payload", "the payload of the request"},
          Field<&Response::trouble>{
              "trouble", "problem that needs the operator's attention; absent if there is none",
              2}};
    }
  };
};

struct Get {
  static constexpr OperationInfo kInfo{3, "get", "reads a record", Effect::kRead, 1};

  struct Request {
    KeyView key = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Request::key>{"key", "key of the record"}};
    }
  };

  struct Response {
    RecordView record = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::record>{"record", "the record"}};
    }
  };
};

struct KeyResult {
  KeyOutcome outcome = KeyOutcome::kNotFound;
  RecordView record = {};

  static constexpr auto Fields() {
    return std::tuple{
        Field<&KeyResult::outcome>{
            "outcome", "retry: not read, send the key again; too_large: read it with GET"},
        Field<&KeyResult::record>{"record", "zero and empty unless found"}};
  }
};

struct MGet {
  static constexpr OperationInfo kInfo{
      4, "mget", "reads up to 1,000 records from any tables and partitions", Effect::kRead, 1};

  struct Request {
    std::vector<KeyView> keys = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Request::keys>{"keys", "keys of the records"}};
    }
  };

  struct Response {
    std::vector<KeyResult> results = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::results>{"results", "one per key, in the order of the keys"}};
    }
  };
};

struct Put {
  static constexpr OperationInfo kInfo{5, "put", "writes a record", Effect::kWrite, 1};

  struct Request {
    KeyView key = {};
    Condition condition = {};
    uint64_t checksum = 0;
    ByteView value = {};
    std::optional<uint32_t> expire_seconds = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::key>{"key", "key of the record"},
          Field<&Request::condition>{"condition", "what must hold for the write to take effect"},
          Field<&Request::checksum>{"checksum", "XXH3-64 of the value", 0, TextForm::kChecksum},
          Field<&Request::value>{"value", "content, at most 1 MiB", 0, TextForm::kValue},
          Field<&Request::expire_seconds>{"expire_seconds",
                                          "TTL in seconds, at least 1; absent: never expires", 1}};
    }
  };

  struct Response {
    uint64_t version = 0;

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::version>{"version", "new version of the record"}};
    }
  };
};

struct Delete {
  static constexpr OperationInfo kInfo{
      6, "delete", "deletes a record; not an error if it is absent", Effect::kWrite, 1};

  struct Request {
    KeyView key = {};
    Condition condition = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::key>{"key", "key of the record"},
          Field<&Request::condition>{"condition", "what must hold for the delete to take effect"}};
    }
  };

  struct Response {
    uint64_t version = 0;

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::version>{"version", "version of the delete"}};
    }
  };
};

// One put or delete of a BATCH.
struct BatchItem {
  MutationKind kind = MutationKind::kPut;
  ByteView sort = {};
  Condition condition = {};
  uint32_t expire_seconds = 0;
  uint64_t checksum = 0;
  ByteView value = {};

  static constexpr auto Fields() {
    return std::tuple{
        Field<&BatchItem::kind>{"kind", "put or delete"},
        Field<&BatchItem::sort>{"sort", "sort key within the partition", 0, TextForm::kSort},
        Field<&BatchItem::condition>{"condition",
                                     "what must hold, after the items before this one"},
        Field<&BatchItem::expire_seconds>{"expire_seconds",
                                          "put: TTL in seconds (0: never expires); delete: 0", 0,
                                          TextForm::kPlain, kHasDefault},
        Field<&BatchItem::checksum>{"checksum", "put: XXH3-64 of the value; delete: 0", 0,
                                    TextForm::kChecksum},
        Field<&BatchItem::value>{"value", "put: content; delete: empty", 0, TextForm::kValue}};
  }
};

struct Batch {
  static constexpr OperationInfo kInfo{
      7, "batch", "applies up to 1,000 puts and deletes to one partition, all or none",
      Effect::kWrite, 1};

  struct Request {
    PartitionView partition = {};
    std::vector<BatchItem> items = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::partition>{"partition", "partition of all items"},
          Field<&Request::items>{"items", "puts and deletes, applied in this order; at least one"}};
    }
  };

  struct Response {
    std::vector<uint64_t> versions = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::versions>{"versions", "one per item, in the order of the items"}};
    }
  };
};

struct ScanEntry {
  EntryOutcome outcome = EntryOutcome::kFound;
  ByteView sort = {};
  RecordView record = {};

  static constexpr auto Fields() {
    return std::tuple{
        Field<&ScanEntry::outcome>{
            "outcome",
            "corrupt: the value cannot be read; gap: records here cannot be read; too_large: read "
            "it with GET"},
        Field<&ScanEntry::sort>{"sort", "sort key within the partition; empty for a gap", 0,
                                TextForm::kSort},
        Field<&ScanEntry::record>{"record",
                                  "zero and empty unless found; without its value if keys_only"}};
  }
};

struct Scan {
  static constexpr OperationInfo kInfo{
      8, "scan", "reads the records of a partition in the table's order", Effect::kRead, 1};

  struct Request {
    PartitionView partition = {};
    uint32_t limit = 100;
    uint32_t max_bytes = 0;
    bool keys_only = false;
    std::optional<ByteView> from = {};
    std::optional<ByteView> to = {};
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::partition>{"partition", "the partition"},
          Field<&Request::limit>{"limit", "maximum number of entries (1–10,000)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::max_bytes>{"max_bytes",
                                     "maximum bytes of values (0: 1 MiB); ignored if keys_only", 0,
                                     TextForm::kPlain, kHasDefault},
          Field<&Request::keys_only>{"keys_only", "omit the values", 0, TextForm::kKeysOnly,
                                     kHasDefault},
          Field<&Request::from>{"from",
                                "start of the range, inclusive: a sort key or its leading parts", 1,
                                TextForm::kSortFrom},
          Field<&Request::to>{
              "to", "end of the range, exclusive, not empty: a sort key or its leading parts", 3,
              TextForm::kSortTo},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 5,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<ScanEntry> entries = {};
    ByteView continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::entries>{"entries", "records found, and what could not be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

struct List {
  static constexpr OperationInfo kInfo{9, "list", "lists the partitions of a table", Effect::kRead,
                                       1};

  struct Request {
    Table table = Table::kUsers;
    uint32_t limit = 100;
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::table>{"table", "number of the table"},
          Field<&Request::limit>{"limit", "maximum number of partitions (1–10,000)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<ByteView> partitions = {};
    bool gap = false;
    ByteView continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::partitions>{"partitions", "each once, in unspecified order", 0,
                                       TextForm::kPartition},
          Field<&Response::gap>{"gap", "true if partitions of this page cannot be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

struct Stat {
  ByteView name = {};
  uint64_t value = 0;

  static constexpr auto Fields() {
    return std::tuple{Field<&Stat::name>{"name", "dotted name that ends in the unit"},
                      Field<&Stat::value>{"value", "current value"}};
  }
};

struct Stats {
  static constexpr OperationInfo kInfo{10, "stats", "returns counters and gauges of the server",
                                       Effect::kAdmin, 1};

  struct Request {
    static constexpr auto Fields() { return std::tuple{}; }
  };

  struct Response {
    std::vector<Stat> stats = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::stats>{"stats", "sorted by name"}};
    }
  };
};

}  // namespace op

using Operations = OperationList<op::Hello, op::Ping, op::Get, op::MGet, op::Put, op::Delete,
                                 op::Batch, op::Scan, op::List, op::Stats>;

static_assert(Operations::NumbersAndNamesAreUnique());
static_assert(op::Hello::kInfo.code == 1, "a server of any version has to know HELLO");
static_assert(Operations::CodesAreIn(1, 127) && Operations::AreSince(kProtocolVersion));
static_assert(Operations::MessagesAreSound());

}  // namespace smile
