#include "client/smilecat/path_lookup.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "client/smilecat/pending_reply.h"
#include "model/path.h"
#include "protocol/operations.h"

namespace smile::cat {
namespace {

// The pages of a LIST or SCAN, until all are seen or the time is over.
class Search {
 public:
  Search(Client* client, const PromptSignals& signals)
      : client_(client),
        signals_(signals),
        until_nanos_(clock_.MonotonicNanos() + limits::kCompletionMillis * kNanosPerMilli) {}

  // Calls add(response) for each page. True if there were more.
  template <class Row, class Add>
  bool Run(typename Row::Request request, Add add) {
    for (size_t page = 0; page < limits::kMaxCompletionPages; ++page) {
      const auto continuation = std::make_shared<Bytes>();
      if (!Ask<Row>(request, add, continuation.get())) return true;
      if (continuation->empty()) return false;
      continuation_ = *continuation;
      request.continuation = continuation_;
    }
    return true;
  }

 private:
  // `add` runs on the client's thread while this one waits, or not at all.
  template <class Row, class Add>
  bool Ask(const typename Row::Request& request, Add add, Bytes* continuation) {
    const int64_t left = (until_nanos_ - clock_.MonotonicNanos()) / kNanosPerMilli;
    if (left <= 0) return false;
    const auto answer = std::make_shared<std::optional<Answer<Row>>>();
    const auto pending = std::make_shared<PendingReply>();
    client_->Call<Row>(request, {.deadline_millis = left, .retry = false},
                       [pending, answer](Answer<Row> reply) {
                         const Status status = reply.status();
                         answer->emplace(std::move(reply));
                         pending->Set({.status = status});
                       });
    const std::optional<Reply> reply = pending->WaitOr(signals_.descriptor(), left);
    if (!reply.has_value() || !reply->status.ok()) return false;
    add(***answer);
    *continuation = (***answer).continuation;
    return true;
  }

  const SystemClock clock_;
  Client* const client_;
  const PromptSignals& signals_;
  const int64_t until_nanos_;
  Bytes continuation_;
};

FoundPaths LookUpPartitions(Search* search, const TableInfo& table, std::string_view word,
                            bool records) {
  FoundPaths found;
  const op::List::Request request{.table = table.table, .limit = limits::kMaxListEntries};
  found.more = search->Run<op::List>(request, [&](const op::List::Response& page) {
    for (const ByteView partition : page.partitions) {
      std::string path = FormatPartition({table.table, partition});
      if (!path.starts_with(word)) continue;
      if (records && table.sort_part_count > 0) path.push_back('/');
      found.paths.push_back(std::move(path));
    }
  });
  return found;
}

FoundPaths LookUpRecords(Search* search, const PartitionView& partition, std::string_view word) {
  FoundPaths found;
  op::Scan::Request request{
      .partition = partition, .limit = limits::kMaxScanEntries, .keys_only = true};
  // A name that is typed in part says where to begin; a number does not.
  Bytes from;
  if (InfoOf(partition.table).sort()[0].type == PartType::kName) {
    const Result<Bytes> bound =
        ParseSortBound(partition.table, word.substr(word.find_last_of('/') + 1));
    if (bound.ok()) from = *bound;
  }
  if (!from.empty()) request.from = from;
  found.more = search->Run<op::Scan>(request, [&](const op::Scan::Response& page) {
    for (const auto& entry : page.entries) {
      if (entry.outcome == EntryOutcome::kGap) continue;
      std::string path = FormatKey({partition.table, partition.id, entry.sort});
      if (path.starts_with(word)) found.paths.push_back(std::move(path));
    }
  });
  return found;
}

}  // namespace

FoundPaths LookUpPaths(Client* client, const PromptSignals& signals, std::string_view word,
                       bool records) {
  const size_t slash = word.find('/');
  const auto tables = ClientTables();
  const auto table = std::find_if(tables.begin(), tables.end(), [&](const TableInfo& info) {
    return slash != std::string_view::npos && info.name == word.substr(0, slash);
  });
  if (table == tables.end()) return {};
  Search search(client, signals);
  const size_t second = word.find('/', slash + 1);
  if (second == std::string_view::npos) return LookUpPartitions(&search, *table, word, records);
  const Result<Path> path = ParsePath(word.substr(0, second));
  if (!records || !path.ok() || path->kind != Path::Kind::kPartition) return {};
  return LookUpRecords(&search, {table->table, path->key.partition}, word);
}

}  // namespace smile::cat
