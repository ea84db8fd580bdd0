#include "service/engine_calls.h"

#include <utility>

#include "base/callback_await.h"
#include "base/hash.h"

namespace smile {

Task<Result<ReadReply>> EngineCalls::ReadMany(std::vector<Key> keys) const {
  co_return co_await FromCallback<Result<ReadReply>>(
      [&](auto done) { engine_.Read({.keys = std::move(keys)}, std::move(done)); });
}

Task<Result<Record>> EngineCalls::Read(Key key) const {
  std::vector<Key> keys;
  keys.push_back(std::move(key));
  Result<ReadReply> reply = co_await ReadMany(std::move(keys));
  if (!reply.ok()) co_return reply.status();
  co_return std::move(reply->front());
}

Task<WriteReply> EngineCalls::Write(Table table, Bytes partition,
                                    std::vector<Change> changes) const {
  std::vector<MutationView> mutations;
  mutations.reserve(changes.size());
  for (const Change& change : changes) {
    mutations.push_back({.kind = change.kind,
                         .sort = change.sort,
                         .condition = change.condition,
                         .checksum = change.kind == MutationKind::kPut ? Hash64(change.value) : 0,
                         .value = change.value});
  }
  co_return co_await FromCallback<WriteReply>([&](auto done) {
    engine_.Write(WriteRequest({table, partition}, std::move(mutations), 0), std::move(done));
  });
}

Task<WriteReply> EngineCalls::Write(Key key, Change change) const {
  change.sort = std::move(key.sort);
  std::vector<Change> changes;
  changes.push_back(std::move(change));
  co_return co_await Write(key.table, std::move(key.partition), std::move(changes));
}

Task<Result<ScanPage>> EngineCalls::Scan(ScanRequest request) const {
  co_return co_await FromCallback<Result<ScanPage>>(
      [&](auto done) { engine_.Scan(std::move(request), std::move(done)); });
}

}  // namespace smile
