// An Engine's calls, made and waited for; and short names for what tests write.
#pragma once

#include <future>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "storage/engine.h"

namespace smile::testing {

inline Condition Always() {
  return {};
}
inline Condition IfAbsent() {
  return {.kind = ConditionKind::kIfAbsent};
}
inline Condition IfVersion(uint64_t version) {
  return {.kind = ConditionKind::kIfVersion, .version = version};
}

inline MutationView PutOf(ByteView sort, ByteView value, Condition condition = {},
                          uint64_t expires_ms = 0) {
  return {.kind = MutationKind::kPut,
          .sort = sort,
          .condition = condition,
          .expires_ms = expires_ms,
          .checksum = Hash64(value),
          .value = value};
}
inline MutationView DeleteOf(ByteView sort, Condition condition = {}) {
  return {.kind = MutationKind::kDelete, .sort = sort, .condition = condition, .value = {}};
}

inline std::vector<KeyView> ViewsOf(const std::vector<Key>& keys) {
  std::vector<KeyView> views;
  for (const Key& key : keys) views.push_back(key.view());
  return views;
}

// All that a page says.
inline std::string TextOf(const ScanPage& page) {
  std::string text;
  for (size_t i = 0; i < page.size(); ++i) {
    const RecordView& record = page[i].record;
    text += std::to_string(static_cast<int>(page[i].outcome)) + "," +
            std::to_string(page[i].sort.size()) + ":" + Bytes(page[i].sort) + "=" +
            std::to_string(record.version) + "," + std::to_string(record.checksum) + "," +
            std::to_string(record.expires_ms) + "," + Bytes(record.value) + ";";
  }
  return text + (page.more ? "more" : "end");
}

class BlockingEngine {
 public:
  explicit BlockingEngine(Engine* engine) : engine_(engine) {}

  WriteReply Write(const PartitionView& partition, const std::vector<MutationView>& mutations,
                   int64_t deadline_nanos = 0) {
    return Wait<WriteReply>([&](auto done) {
      engine_->Write(WriteRequest(partition, mutations, deadline_nanos), done);
    });
  }
  WriteReply Write(WriteRequest request) {
    return Wait<WriteReply>([&](auto done) { engine_->Write(std::move(request), done); });
  }
  WriteReply Put(const Key& key, ByteView value, Condition condition = {},
                 uint64_t expires_ms = 0) {
    return Write(key.view().partition_view(), {PutOf(key.sort, value, condition, expires_ms)});
  }
  WriteReply Delete(const Key& key, Condition condition = {}) {
    return Write(key.view().partition_view(), {DeleteOf(key.sort, condition)});
  }

  Result<ReadReply> Read(ReadRequest request) {
    return Wait<Result<ReadReply>>([&](auto done) { engine_->Read(std::move(request), done); });
  }
  Result<Record> Get(const Key& key) {
    Result<ReadReply> reply = Read({.keys = {key}});
    if (!reply.ok()) return reply.status();
    return reply->front();
  }
  // "(not_found)" and the like, where there is no value.
  std::string Value(const Key& key) {
    const Result<Record> record = Get(key);
    return record.ok() ? record->value
                       : "(" + std::string(InfoOf(record.status().code()).name) + ")";
  }

  // Nothing else writes meanwhile: a peek that answers has to answer the same.
  Result<ScanPage> Scan(const ScanRequest& request) {
    ScanPage peeked;
    const bool known = PeekScan(request, &peeked);
    Result<ScanPage> page = JustScan(request);
    EXPECT_TRUE(!known || !page.ok() || TextOf(peeked) == TextOf(*page)) << TextOf(peeked);
    return page;
  }
  // As the server does it.
  Result<ScanPage> PeekOrScan(const ScanRequest& request) {
    ScanPage peeked;
    if (PeekScan(request, &peeked)) return peeked;
    return JustScan(request);
  }
  bool PeekScan(const ScanRequest& request, ScanPage* page) {
    return engine_->PeekScan(request, [&](std::span<const ScanPage::Entry> entries, bool more) {
      for (const ScanPage::Entry& entry : entries) page->Add(entry.sort, entry.record);
      page->more = more;
    });
  }
  Result<ListPage> List(ListRequest request) {
    return Wait<Result<ListPage>>([&](auto done) { engine_->List(std::move(request), done); });
  }
  EngineStats Stats() {
    return Wait<EngineStats>([&](auto done) { engine_->Stats(done); });
  }
  uint64_t Stat(std::string_view name) {
    for (const auto& [stat, value] : Stats())
      if (stat == name) return value;
    ADD_FAILURE() << "there is no statistic " << name;
    return 0;
  }

 private:
  Result<ScanPage> JustScan(const ScanRequest& request) {
    return Wait<Result<ScanPage>>([&](auto done) { engine_->Scan(request, done); });
  }

  template <class Answer, class Call>
  Answer Wait(const Call& call) {
    std::promise<Answer> promise;
    call([&promise](Answer answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }

  Engine* const engine_;
};

}  // namespace smile::testing
