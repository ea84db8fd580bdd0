// The operations of Smile's protocol, version 1: the one table from which encoder, decoder,
// dispatch, client calls, text form, documentation and fuzz seeds derive.
//
// A row is a struct with its number, name, summary, effect, the version it came with, and its
// Request and Response. To add an operation, write its row, put it into Operations, and write its
// handler in the server and its line in the client; without them it does not compile. Numbers are
// never reused.
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
      1, "hello", "opens a connection: versions, features and limits are agreed", Effect::kAdmin,
      1};

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
          Field<&Request::first_version>{"first_version", "oldest version the client speaks", 0,
                                         TextForm::kPlain, kHasDefault},
          Field<&Request::last_version>{"last_version", "newest version the client speaks", 0,
                                        TextForm::kPlain, kHasDefault},
          Field<&Request::features>{"features", "bits of what the client can do; version 1: 0", 0,
                                    TextForm::kPlain, kHasDefault},
          Field<&Request::max_frame_bytes>{"max_frame_bytes",
                                           "longest reply the client takes, from 32,768; 0: 4 MiB",
                                           0, TextForm::kPlain, kHasDefault},
          Field<&Request::client_name>{"client_name", "for the server's log, up to 64 bytes", 2}};
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
          Field<&Response::version>{"version", "spoken from here on"},
          Field<&Response::features>{"features", "bits both sides have"},
          Field<&Response::max_frame_bytes>{"max_frame_bytes",
                                            "longest reply that the server sends"},
          Field<&Response::max_in_flight>{"max_in_flight",
                                          "open requests, then the server stops reading"},
          Field<&Response::max_value_bytes>{"max_value_bytes", "longest value of a record"},
          Field<&Response::server_name>{"server_name", "name and version of the server", 2}};
    }
  };
};

struct Ping {
  static constexpr OperationInfo kInfo{
      2, "ping", "answers with the bytes it was sent, and whether the server is well",
      Effect::kRead, 1};

  struct Request {
    ByteView payload = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Request::payload>{"payload", "any bytes, up to 1,024", 0,
                                                 TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    ByteView payload = {};
    std::optional<ByteView> trouble = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::payload>{"payload", "as sent"},
          Field<&Response::trouble>{
              "trouble", "what the operator has to see to, in a word; absent: nothing", 2}};
    }
  };
};

struct Get {
  static constexpr OperationInfo kInfo{3, "get", "reads one record", Effect::kRead, 1};

  struct Request {
    KeyView key = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Request::key>{"key", "which record"}};
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
            "outcome", "ask_again: nothing is known of this key yet; too_large: GET it by itself"},
        Field<&KeyResult::record>{"record", "all zero and empty unless found"}};
  }
};

struct MGet {
  static constexpr OperationInfo kInfo{
      4, "mget", "reads up to 1,000 records, of any tables and partitions", Effect::kRead, 1};

  struct Request {
    std::vector<KeyView> keys = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Request::keys>{"keys", "which records"}};
    }
  };

  struct Response {
    std::vector<KeyResult> results = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::results>{"results", "one for each key, in their order"}};
    }
  };
};

struct Put {
  static constexpr OperationInfo kInfo{5, "put", "writes one record", Effect::kWrite, 1};

  struct Request {
    KeyView key = {};
    Condition condition = {};
    uint64_t checksum = 0;
    ByteView value = {};
    std::optional<uint32_t> expire_seconds = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::key>{"key", "which record"},
          Field<&Request::condition>{"condition", "what must hold for it to be written"},
          Field<&Request::checksum>{"checksum", "XXH3-64 of the value", 0, TextForm::kChecksum},
          Field<&Request::value>{"value", "the content, up to 1 MiB", 0, TextForm::kValue},
          Field<&Request::expire_seconds>{
              "expire_seconds", "from now until the record is no longer seen, from 1", 1}};
    }
  };

  struct Response {
    uint64_t version = 0;

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::version>{"version", "the record's new version"}};
    }
  };
};

struct Delete {
  static constexpr OperationInfo kInfo{
      6, "delete", "removes one record; absent ones may be removed", Effect::kWrite, 1};

  struct Request {
    KeyView key = {};
    Condition condition = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::key>{"key", "which record"},
          Field<&Request::condition>{"condition", "what must hold for it to be removed"}};
    }
  };

  struct Response {
    uint64_t version = 0;

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::version>{"version", "the delete's own version"}};
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
        Field<&BatchItem::sort>{"sort", "sort key inside the partition", 0, TextForm::kSort},
        Field<&BatchItem::condition>{"condition", "what must hold; sees the items before it"},
        Field<&BatchItem::expire_seconds>{"expire_seconds", "put: as in PUT, 0: never; delete: 0",
                                          0, TextForm::kPlain, kHasDefault},
        Field<&BatchItem::checksum>{"checksum", "put: XXH3-64 of the value; delete: 0", 0,
                                    TextForm::kChecksum},
        Field<&BatchItem::value>{"value", "put: the content; delete: empty", 0, TextForm::kValue}};
  }
};

struct Batch {
  static constexpr OperationInfo kInfo{
      7, "batch", "up to 1,000 puts and deletes in one partition, all or nothing", Effect::kWrite,
      1};

  struct Request {
    PartitionView partition = {};
    std::vector<BatchItem> items = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Request::partition>{"partition", "where all of them are"},
                        Field<&Request::items>{"items", "take effect in this order; at least one"}};
    }
  };

  struct Response {
    std::vector<uint64_t> versions = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::versions>{"versions", "one for each item, in their order"}};
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
            "corrupt: its value cannot be read; gap: records here cannot be read; too_large: GET "
            "it by itself"},
        Field<&ScanEntry::sort>{"sort", "sort key inside the partition; empty if gap", 0,
                                TextForm::kSort},
        Field<&ScanEntry::record>{
            "record", "all zero and empty unless found; its value is empty if keys_only"}};
  }
};

struct Scan {
  static constexpr OperationInfo kInfo{
      8, "scan", "reads the records of one partition in the table's order", Effect::kRead, 1};

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
          Field<&Request::partition>{"partition", "which partition"},
          Field<&Request::limit>{"limit", "most entries, from 1; at most 10,000 are given", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::max_bytes>{"max_bytes",
                                     "most bytes of values, 0: 1 MiB; not counted if keys_only", 0,
                                     TextForm::kPlain, kHasDefault},
          Field<&Request::keys_only>{"keys_only", "leave the values out", 0, TextForm::kKeysOnly,
                                     kHasDefault},
          Field<&Request::from>{"from", "first sort key in the table's order, or its leading parts",
                                1, TextForm::kSortFrom},
          Field<&Request::to>{"to", "sort key to stop before, or its leading parts; not empty", 3,
                              TextForm::kSortTo},
          Field<&Request::continuation>{"continuation", "from the reply that this one goes on from",
                                        5, TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<ScanEntry> entries = {};
    ByteView continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::entries>{"entries", "what was found, and what could not be read"},
          Field<&Response::continuation>{"continuation", "empty: that was all; else ask on with it",
                                         0, TextForm::kOpaque}};
    }
  };
};

struct List {
  static constexpr OperationInfo kInfo{9, "list", "walks the partitions of a table, in pages",
                                       Effect::kRead, 1};

  struct Request {
    Table table = Table::kUsers;
    uint32_t limit = 100;
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Request::table>{"table", "number of the table"},
          Field<&Request::limit>{"limit", "most partitions, from 1; at most 10,000 are given", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::continuation>{"continuation", "from the reply that this one goes on from",
                                        1, TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<ByteView> partitions = {};
    bool gap = false;
    ByteView continuation = {};

    static constexpr auto Fields() {
      return std::tuple{
          Field<&Response::partitions>{"partitions", "each once, in an order of the server's own",
                                       0, TextForm::kPartition},
          Field<&Response::gap>{"gap", "partitions that belong into this page cannot be read"},
          Field<&Response::continuation>{"continuation", "empty: that was all; else ask on with it",
                                         0, TextForm::kOpaque}};
    }
  };
};

struct Stat {
  ByteView name = {};
  uint64_t value = 0;

  static constexpr auto Fields() {
    return std::tuple{Field<&Stat::name>{"name", "dotted, with its unit at the end"},
                      Field<&Stat::value>{"value", "now"}};
  }
};

struct Stats {
  static constexpr OperationInfo kInfo{10, "stats", "counters and gauges of the server",
                                       Effect::kAdmin, 1};

  struct Request {
    static constexpr auto Fields() { return std::tuple{}; }
  };

  struct Response {
    std::vector<Stat> stats = {};

    static constexpr auto Fields() {
      return std::tuple{Field<&Response::stats>{"stats", "in the order of their names"}};
    }
  };
};

}  // namespace op

using Operations = OperationList<op::Hello, op::Ping, op::Get, op::MGet, op::Put, op::Delete,
                                 op::Batch, op::Scan, op::List, op::Stats>;

static_assert(Operations::NumbersAndNamesAreUnique());

}  // namespace smile
