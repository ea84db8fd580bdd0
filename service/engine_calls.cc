#include "service/engine_calls.h"

#include <optional>
#include <utility>

#include "base/callback_await.h"
#include "base/hash.h"

namespace smile {

Task<Result<ReadReply>> EngineCalls::Read(ReadRequest request) const {
  co_return co_await FromCallback<Result<ReadReply>>(
      [&](auto done) { engine_.Read(std::move(request), std::move(done)); });
}

Task<Result<Record>> EngineCalls::Read(Key key, CallContext call) const {
  std::optional<Record> there;
  const PeekResult peeked =
      engine_.Peek(key.view(), [&](const RecordView& record) { there = Record(record); });
  if (peeked == PeekResult::kFound) co_return std::move(*there);
  if (peeked == PeekResult::kAbsent) co_return Status(Code::kNotFound, "");
  ReadRequest request{.keys = {}, .call = call};
  request.keys.push_back(std::move(key));
  Result<ReadReply> reply = co_await Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  co_return std::move(reply->front());
}

void ContinueScan(const ScanPage& page, ScanRequest* request) {
  if (page.resume_from) {
    request->from = *page.resume_from;
    request->after.clear();
  } else {
    request->after = Bytes(page[page.size() - 1].sort);
  }
}

void ContinueList(const ListPage& page, ListRequest* request) {
  request->from = page.resume_from;
  if (!request->from) request->after = page.partitions.back();
}

WriteRequest RequestOf(Table table, ByteView partition, const std::vector<Change>& changes,
                       uint64_t source) {
  return RequestOf(table, partition, changes, CallContext{.source = source});
}

WriteRequest RequestOf(Table table, ByteView partition, const std::vector<Change>& changes,
                       const CallContext& call) {
  std::vector<MutationView> mutations;
  mutations.reserve(changes.size());
  for (const Change& change : changes) {
    mutations.push_back({.kind = change.kind,
                         .sort = change.sort,
                         .condition = change.condition,
                         .expires_ms = change.expires_ms,
                         .checksum = change.kind == MutationKind::kPut ? Hash64(change.value) : 0,
                         .value = change.value});
  }
  return {{table, partition}, std::move(mutations), call.deadline_nanos, call.source};
}

WriteRequest RequestOf(const Key& key, Change change) {
  return RequestOf(key, std::move(change), CallContext());
}

WriteRequest RequestOf(const Key& key, Change change, const CallContext& call) {
  change.sort = key.sort;
  std::vector<Change> changes;
  changes.push_back(std::move(change));
  return RequestOf(key.table, key.partition, changes, call);
}

Task<WriteReply> EngineCalls::Write(Table table, Bytes partition,
                                    std::vector<Change> changes) const {
  co_return co_await Write(RequestOf(table, partition, changes));
}

Task<WriteReply> EngineCalls::Write(Key key, Change change) const {
  co_return co_await Write(RequestOf(key, std::move(change)));
}

Task<Result<ScanPage>> EngineCalls::Scan(ScanRequest request) const {
  co_return co_await FromCallback<Result<ScanPage>>(
      [&](auto done) { engine_.Scan(std::move(request), std::move(done)); });
}

Task<Result<ListPage>> EngineCalls::List(ListRequest request) const {
  co_return co_await FromCallback<Result<ListPage>>(
      [&](auto done) { engine_.List(std::move(request), std::move(done)); });
}

}  // namespace smile
