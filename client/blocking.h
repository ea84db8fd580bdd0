// Calls that block until they are answered.
//
//   smile::BlockingClient blocking(client.get());
//   const smile::Key theme = smile::UserKey(42, "theme");
//   const auto put = blocking.Put(theme, "dark", {.condition = smile::IfAbsent()});
//   if (put.met_version()) std::printf("there is version %lu\n", *put.met_version());
//   const smile::Result<smile::Record> record = blocking.Get(theme);
//
// A call blocks its thread, at most until its deadline. A call on the client's own thread, where
// callbacks run, would wait for itself: it stops the process. MGet, CheckLinks and the readers may
// send several requests, and apply the deadline to each.
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

// Options of a put.
struct PutOptions {
  // IfAbsent() or IfVersion(v); by default the put is unconditional.
  Condition condition = {};
  // TTL in seconds, at least 1; by default the record does not expire.
  std::optional<uint32_t> expire_seconds = {};
};

// The result of a write: the version or versions written, or a failure with what a condition met.
template <class T>
class WriteResult : public Result<T> {
 public:
  // A success.
  WriteResult(T value) : Result<T>(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // A failure.
  WriteResult(Status failure, const ErrorDetail& detail)
      : Result<T>(std::move(failure)), detail_(detail) {}

  // After kConditionFailed: the version of the record that the condition met, 0 if it is absent.
  // Empty for other failures, and if an earlier item of the same batch had changed the record.
  std::optional<uint64_t> met_version() const {
    return detail_.met_index.has_value() ? std::nullopt : detail_.version;
  }
  // After kConditionFailed in a batch: the index, from 0, of the item whose condition was not met.
  std::optional<uint32_t> failed_item() const { return detail_.index; }
  // Likewise the index of the earlier item that had changed the record, if one had.
  std::optional<uint32_t> changed_by_item() const { return detail_.met_index; }

 private:
  ErrorDetail detail_;
};

// What MGet found at one key.
struct KeyAnswer {
  KeyOutcome outcome = KeyOutcome::kNotFound;  // never kRetry
  Record record = {};                          // zero and empty unless kFound
};

// A link that CheckLinks found. All but the first two are zero and empty unless kFound.
struct LinkAnswer {
  EntryOutcome outcome = EntryOutcome::kFound;  // or kCorrupt: its value cannot be read
  uint64_t other = 0;                           // id of the other
  uint64_t time_ms = 0;                         // time of the link, Unix time
  uint8_t inverse = 0;                          // kind of the link back, 0: there is none
  Bytes value = {};                             // bytes that were given with the link
};

// Calls of a Client that block. Thread-safe.
class BlockingClient {
 public:
  // `client` must outlive this object.
  explicit BlockingClient(Client* client) : client_(client) {}

  // Any operation, such as one page of a scan: Client::Call, then waits for the answer.
  template <class Row>
  Answer<Row> Call(const typename Row::Request& request, const CallOptions& options = {}) {
    client_->CheckMayBlock();
    WaitFor<Answer<Row>> answer;
    client_->Call<Row>(request, options, [&](Answer<Row> a) { answer.Set(std::move(a)); });
    return answer.Take();
  }

  // Ok if the server answers.
  Status Ping(const CallOptions& options = {});

  // kNotFound if the record is absent.
  Result<Record> Get(const KeyView& key, const CallOptions& options = {});

  // Any number of keys. They are sent in requests of at most 1,000; those for which a reply had no
  // room are sent again. One result per key, in the order of the keys.
  Result<std::vector<KeyAnswer>> MGet(std::span<const KeyView> keys,
                                      const CallOptions& options = {});
  // Likewise.
  Result<std::vector<KeyAnswer>> MGet(std::span<const Key> keys, const CallOptions& options = {});

  // Which of any number of others a user is linked to, in their order. They are sent in requests of
  // at most 1,000; those whose links had no room in a reply are sent again.
  Result<std::vector<LinkAnswer>> CheckLinks(uint64_t user, uint8_t kind,
                                             std::span<const uint64_t> others,
                                             const CallOptions& options = {});

  // Writes a record; the result is its new version.
  WriteResult<uint64_t> Put(const KeyView& key, ByteView value, const PutOptions& put = {},
                            const CallOptions& options = {});

  // Deletes a record; the result is the version of the delete. Deleting an absent record succeeds.
  WriteResult<uint64_t> Delete(const KeyView& key, const Condition& condition = {},
                               const CallOptions& options = {});

  // 1 to 1,000 puts and deletes in one partition, all or none. The result has one version per item.
  WriteResult<std::vector<uint64_t>> Batch(const PartitionView& partition,
                                           std::vector<op::BatchItem> items,
                                           const CallOptions& options = {});

  // The server's counters and gauges, sorted by name.
  Result<std::vector<std::pair<Bytes, uint64_t>>> Stats(const CallOptions& options = {});

 private:
  Client* const client_;
};

// Reads the records of a partition, page by page. Not a snapshot: it may or may not see writes that
// happen meanwhile. A record that the server cannot read does not end the scan; its entry says so
// in `outcome`, so test that before you use the record. For one thread at a time.
//
//   smile::ScanReader posts(
//       &blocking, {.partition = {smile::Table::kPosts, smile::PartitionOf(42)}, .limit = 100});
//   while (const smile::op::ScanEntry* post = posts.Next()) {
//     if (post->outcome != smile::EntryOutcome::kFound) continue;
//     Show(*smile::DecodePostSort(post->sort), post->record.value);
//   }
//   if (!posts.status().ok()) return Fail(posts.status().ToString());
class ScanReader {
 public:
  // `client` must outlive this object; the bytes that `request` points to need not live longer than
  // this call. `request.limit` and `request.max_bytes` apply to each page, not to the whole scan.
  // `request.continuation` is ignored.
  ScanReader(BlockingClient* client, const op::Scan::Request& request,
             const CallOptions& options = {});
  // The request points into this object.
  ScanReader(const ScanReader&) = delete;
  ScanReader& operator=(const ScanReader&) = delete;

  // The next entry, valid until the next call of Next. Null at the end, and after a failure.
  const op::ScanEntry* Next();
  // Ok unless a failure ended the scan.
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

// Reads the ids of the partitions of a table, page by page, each once and in unspecified order. Not
// a snapshot. For one thread at a time.
class ListReader {
 public:
  // `client` must outlive this object.
  ListReader(BlockingClient* client, Table table, const CallOptions& options = {});
  ListReader(const ListReader&) = delete;
  ListReader& operator=(const ListReader&) = delete;

  // The id of the next partition, valid until the next call of Next. Null at the end, and after a
  // failure.
  const ByteView* Next();
  // Ok unless a failure ended the list.
  const Status& status() const { return status_; }
  // True if the server could not read everything so far: partitions may be missing.
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
