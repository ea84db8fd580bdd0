#include "bench/smilebench/smile_driver.h"

#include <utility>

#include "base/coding.h"
#include "base/hash.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

constexpr uint64_t kPhotosPerOwner = 100;

}  // namespace

SmileDriver::SmileDriver(const BenchOptions& options, const DriverParts& parts, uint32_t active,
                         uint32_t idle)
    : posts_per_author_(InfoOf(options.workload).posts_per_author),
      photos_(InfoOf(options.workload).photos),
      adds_(InfoOf(options.workload).adds),
      active_(active),
      events_(parts.events) {
  const ClientOptions client = {.servers = {options.target.endpoint}, .name = "smilebench"};
  for (uint32_t i = 0; i < active + idle; ++i) {
    connections_.push_back(std::make_unique<Connection>(parts.loop, parts.clock, client));
  }
}

void SmileDriver::Start(uint32_t connection, uint32_t slot, const Operation& operation) {
  if (photos_ && operation.kind != OperationKind::kPing) {
    return StartPhoto(connection, slot, operation);
  }
  switch (operation.kind) {
    case OperationKind::kPing:
      ++pings_open_;
      return Call<op::Ping>(connection, slot, {});
    case OperationKind::kGet: {
      const RecordKey key(posts_per_author_, operation.number);
      return Call<op::Get>(connection, slot, {.key = key.view()});
    }
    case OperationKind::kPut: {
      if (adds_) return StartAdd(connection, slot, operation.number);
      const RecordKey key(posts_per_author_, operation.number);
      op::Put::Request request;
      request.key = key.view();
      request.checksum = Hash64(operation.value);
      request.value = operation.value;
      return Call<op::Put>(connection, slot, request);
    }
    case OperationKind::kMGet: {
      keys_.clear();
      for (const uint64_t number : operation.numbers) {
        keys_.emplace_back(posts_per_author_, number);
      }
      op::MGet::Request request{.keys = std::exchange(key_views_, {})};
      request.keys.clear();
      for (const RecordKey& key : keys_) request.keys.push_back(key.view());
      Call<op::MGet>(connection, slot, request);
      key_views_ = std::move(request.keys);
      return;
    }
    case OperationKind::kScan: {
      const Bytes author = PartitionOf(operation.number);
      op::Scan::Request request;
      request.partition = {Table::kPosts, author};
      request.limit = operation.limit;
      return Call<op::Scan>(connection, slot, request);
    }
  }
}

void SmileDriver::StartAdd(uint32_t connection, uint32_t slot, uint64_t number) {
  const Key key = UserKey(number, "count");
  Call<op::Add>(connection, slot, {.key = key.view(), .amount = 1});
}

// A photo is a media record of an owner; both follow from its number.
void SmileDriver::StartPhoto(uint32_t connection, uint32_t slot, const Operation& operation) {
  const uint64_t owner = 1 + operation.number / kPhotosPerOwner;
  const uint64_t media = 1 + operation.number;
  if (operation.kind == OperationKind::kGet) {
    return Call<op::MediaRead>(connection, slot, {.owner = owner, .media = media});
  }
  op::MediaPut::Request request;
  request.owner = owner;
  request.media = media;
  request.content_type = "image/jpeg";
  request.checksum = Hash64(operation.value);
  request.bytes = operation.value;
  Call<op::MediaPut>(connection, slot, request);
}

template <class Row>
void SmileDriver::Call(uint32_t connection, uint32_t slot, const typename Row::Request& request) {
  // Refusals are to be seen, so nothing is sent twice.
  const CallOptions once = {.retry = false};
  connections_[connection]->Call<Row>(request, once, [this, slot](const Answer<Row>& answer) {
    if constexpr (std::is_same_v<Row, op::Ping>) --pings_open_;
    if (!answer.ok()) return events_->OnAnswer(slot, answer.status(), {});
    OnResponse(slot, *answer);
  });
}

// Idle connections have something to send only until they have been greeted.
void SmileDriver::Flush() {
  const size_t count = pings_open_ > 0 ? connections_.size() : active_;
  for (size_t i = 0; i < count; ++i) connections_[i]->Flush();
}

void SmileDriver::OnResponse(uint32_t slot, const op::Ping::Response& /*response*/) {
  events_->OnAnswer(slot, {}, {});
}

void SmileDriver::OnResponse(uint32_t slot, const op::Put::Response& /*response*/) {
  events_->OnAnswer(slot, {}, {});
}

void SmileDriver::OnResponse(uint32_t slot, const op::Add::Response& /*response*/) {
  events_->OnAnswer(slot, {}, {});
}

void SmileDriver::OnResponse(uint32_t slot, const op::MediaPut::Response& /*response*/) {
  events_->OnAnswer(slot, {}, {});
}

// The client has verified the checksums of all values.
void SmileDriver::OnResponse(uint32_t slot, const op::MediaRead::Response& response) {
  events_->OnAnswer(slot, {}, {.values = {&response.bytes, 1}});
}

void SmileDriver::OnResponse(uint32_t slot, const op::Get::Response& response) {
  events_->OnAnswer(slot, {}, {.values = {&response.record.value, 1}});
}

void SmileDriver::OnResponse(uint32_t slot, const op::MGet::Response& response) {
  values_.clear();
  for (const op::KeyResult& result : response.results) {
    if (result.outcome != KeyOutcome::kFound) {
      const Code code = result.outcome == KeyOutcome::kNotFound  ? Code::kNotFound
                        : result.outcome == KeyOutcome::kCorrupt ? Code::kCorrupt
                                                                 : Code::kTooLarge;
      return events_->OnAnswer(slot, {code, "one of the keys of an MGET"}, {});
    }
    values_.push_back(result.record.value);
  }
  events_->OnAnswer(slot, {}, {.values = values_});
}

void SmileDriver::OnResponse(uint32_t slot, const op::Scan::Response& response) {
  values_.clear();
  posts_.clear();
  for (const op::ScanEntry& entry : response.entries) {
    if (entry.outcome != EntryOutcome::kFound) {
      const bool too_large = entry.outcome == EntryOutcome::kTooLarge;
      const Code code = too_large ? Code::kTooLarge : Code::kCorrupt;
      return events_->OnAnswer(slot, {code, "an entry of a SCAN"}, {});
    }
    values_.push_back(entry.record.value);
    const bool is_post = entry.sort.size() == sizeof(uint64_t);
    posts_.push_back(is_post ? LoadBig<uint64_t>(entry.sort.data()) : UINT64_MAX);
  }
  // Large values may end an answer early, and so may much that is deleted.
  const bool cut_short = !response.continuation.empty();
  events_->OnAnswer(slot, {}, {.values = values_, .posts = posts_, .cut_short = cut_short});
}

}  // namespace smile::bench
