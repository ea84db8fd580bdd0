// The operations on records.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"
#include "protocol/outcomes.h"

namespace smile {

namespace op {

struct Get {
  static constexpr OperationInfo kInfo{3, "get", "reads a record", Effect::kRead, 1};

  struct Request {
    KeyView key = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::key>{"key", "key of the record"}};
    }
  };

  struct Response {
    RecordView record = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::record>{"record", "the record"}};
    }
  };
};

// What MGET found at one key.
struct KeyResult {
  KeyOutcome outcome = KeyOutcome::kNotFound;
  RecordView record = {};

  static constexpr auto Fields() {
    return FieldList{
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
      return FieldList{Field<&Request::keys>{"keys", "keys of the records"}};
    }
  };

  struct Response {
    std::vector<KeyResult> results = {};

    static constexpr auto Fields() {
      return FieldList{
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
      return FieldList{
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
      return FieldList{Field<&Response::version>{"version", "new version of the record"}};
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
      return FieldList{
          Field<&Request::key>{"key", "key of the record"},
          Field<&Request::condition>{"condition", "what must hold for the delete to take effect"}};
    }
  };

  struct Response {
    uint64_t version = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::version>{"version", "version of the delete"}};
    }
  };
};

// One put, delete or addition of a BATCH.
struct BatchItem {
  ItemKind kind = ItemKind::kPut;
  ByteView sort = {};
  Condition condition = {};
  uint32_t expire_seconds = 0;
  uint64_t checksum = 0;
  ByteView value = {};

  static constexpr auto Fields() {
    return FieldList{
        Field<&BatchItem::kind>{"kind",
                                "put, delete or addition; a saturating one as ADD with `saturate`"},
        Field<&BatchItem::sort>{"sort", "sort key within the partition", 0, TextForm::kSort},
        Field<&BatchItem::condition>{"condition",
                                     "what must hold, after the items before this one"},
        Field<&BatchItem::expire_seconds>{"expire_seconds",
                                          "put: TTL in seconds (0: never expires); others: 0", 0,
                                          TextForm::kPlain, kHasDefault},
        Field<&BatchItem::checksum>{"checksum", "XXH3-64 of the value; delete: 0", 0,
                                    TextForm::kChecksum},
        Field<&BatchItem::value>{"value",
                                 "put: content; delete: empty; addition: the amount, in decimal", 0,
                                 TextForm::kValue}};
  }
};

struct Batch {
  static constexpr OperationInfo kInfo{
      7, "batch", "applies up to 1,000 puts, deletes and additions to one partition, all or none",
      Effect::kWrite, 1};

  struct Request {
    PartitionView partition = {};
    std::vector<BatchItem> items = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::partition>{"partition", "partition of all items"},
          Field<&Request::items>{
              "items", "puts, deletes and additions, applied in this order; at least one"}};
    }
  };

  struct Response {
    std::vector<uint64_t> versions = {};
    std::optional<std::vector<int64_t>> numbers = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::versions>{"versions", "one per item, in the order of the items"},
          Field<&Response::numbers>{"numbers",
                                    "the new numbers of the additions, in their order; absent "
                                    "without additions",
                                    2}};
    }
  };
};

// A record, or a range of records that cannot be read.
struct ScanEntry {
  EntryOutcome outcome = EntryOutcome::kFound;
  ByteView sort = {};
  RecordView record = {};

  static constexpr auto Fields() {
    return FieldList{
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
      return FieldList{
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
      return FieldList{
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
      return FieldList{
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
      return FieldList{
          Field<&Response::partitions>{"partitions", "each once, in unspecified order", 0,
                                       TextForm::kPartition},
          Field<&Response::gap>{"gap", "true if partitions of this page cannot be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

}  // namespace op

// The operations of this family.
using RecordOperations =
    OperationList<op::Get, op::MGet, op::Put, op::Delete, op::Batch, op::Scan, op::List>;

}  // namespace smile
