// Calls of a Client that wait for their answers.
//
//   smile::BlockingClient blocking(client.get());
//   smile::Result<smile::Record> profile = blocking.Get(key.view());
//
// Any thread but the client's own (where callbacks run) may call; a call waits, at most until its
// deadline. What asks the server more than once (MGet, the readers) gives each question the whole
// deadline.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/client.h"
#include "client/wait.h"
#include "model/key.h"
#include "model/record.h"

namespace smile {

struct PutOptions {
  Condition condition = {};
  std::optional<uint32_t> expire_seconds = {};
};

// What MGet found at one key.
struct KeyAnswer {
  KeyOutcome outcome = KeyOutcome::kNotFound;  // never kAskAgain
  Record record = {};                          // if kFound
};

class BlockingClient {
 public:
  // `client` outlives it.
  explicit BlockingClient(Client* client) : client_(client) {}

  template <class Row>
  Answer<Row> Call(const typename Row::Request& request, const CallOptions& options = {}) {
    WaitFor<Answer<Row>> answer;
    client_->Call<Row>(request, options, [&](Answer<Row> a) { answer.Set(std::move(a)); });
    return answer.Take();
  }

  Status Ping(const CallOptions& options = {});
  Result<Record> Get(const KeyView& key, const CallOptions& options = {});

  // Any number of keys: they are asked for in pieces, and again where an answer was full. One
  // result for each key, in their order.
  Result<std::vector<KeyAnswer>> MGet(std::span<const KeyView> keys,
                                      const CallOptions& options = {});

  // The record's new version.
  Result<uint64_t> Put(const KeyView& key, ByteView value, const PutOptions& put = {},
                       const CallOptions& options = {});
  // The delete's own version.
  Result<uint64_t> Delete(const KeyView& key, const Condition& condition = {},
                          const CallOptions& options = {});

  // As op::Batch::Response::versions.
  Result<std::vector<uint64_t>> Batch(const PartitionView& partition,
                                      std::vector<op::BatchItem> items,
                                      const CallOptions& options = {});
  Result<std::vector<std::pair<Bytes, uint64_t>>> Stats(const CallOptions& options = {});

 private:
  Client* const client_;
};

// Reads a partition's records one after the other, going on where an answer ended. What is written
// meanwhile may be seen or not. What the server cannot read does not end it: such an entry says so
// in its outcome, which has to be looked at before the record.
class ScanReader {
 public:
  // `client` outlives it; what `request` points to need not. `request.limit` and `max_bytes` are
  // those of one answer; there is no limit for the whole.
  ScanReader(BlockingClient* client, const op::Scan::Request& request,
             const CallOptions& options = {});

  // The next entry, good until the next call; null at the end and after a failure.
  const op::ScanEntry* Next();
  // Ok unless a failure ended it.
  const Status& status() const { return status_; }

 private:
  BlockingClient* const client_;
  const CallOptions options_;
  op::Scan::Request request_;  // points to the next three, and to page_ for the continuation
  const Bytes partition_;
  const Bytes from_;
  const Bytes to_;
  std::optional<Answer<op::Scan>> page_;
  size_t next_ = 0;
  Status status_;
};

// Likewise the ids of a table's partitions.
class ListReader {
 public:
  ListReader(BlockingClient* client, Table table, const CallOptions& options = {});

  // The id of the next partition, good until the next call; null at the end and after a failure.
  const ByteView* Next();
  const Status& status() const { return status_; }
  // The server could not read all: partitions may be missing from what was given.
  bool gap() const { return gap_; }

 private:
  BlockingClient* const client_;
  const CallOptions options_;
  op::List::Request request_;
  std::optional<Answer<op::List>> page_;
  size_t next_ = 0;
  bool gap_ = false;
  Status status_;
};

}  // namespace smile
