// Records in ordered maps: the oracle of the tests, simple enough to be obviously correct. It
// shares only the contract with rocks_engine: no key encoding, no stored format, no committer.
// Nothing is durable.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/engine.h"

namespace smile {

class MemoryEngine final : public Engine {
 public:
  // Where `done` is called. The operation itself runs under a lock before the call returns.
  enum class Answers : uint8_t {
    kInline,    // before the call returns
    kOnThread,  // on a thread of the engine, in the order of the calls
  };

  // The clock outlives the engine. A page ends after `records_per_page` records were examined, at
  // least 1 (CHECK).
  MemoryEngine(const Clock* clock, Answers answers, size_t records_per_page = SIZE_MAX);
  ~MemoryEngine() override;

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override;
  bool PeekScan(const ScanRequest& request, FoundPage found) override;
  void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) override;
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override;
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override;
  bool can_write_together() const override { return true; }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override;
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override;
  uint64_t Observe(ChangeObserver* observer) override;
  void Stats(std::function<void(EngineStats)> done) override;
  void Close() override;

 private:
  // The order of a table: bytewise, or descending. In both a prefix sorts before what begins with
  // it.
  struct SortOrder {
    bool newest_first = false;
    bool operator()(const Bytes& a, const Bytes& b) const;
  };
  using Partition = std::map<Bytes, Record, SortOrder>;
  using Place = std::pair<Table, Bytes>;
  // What a write did. The changes point into the deques.
  struct Applied {
    WriteReply reply;
    std::deque<Bytes> sums;
    std::deque<MutationView> mutations;
    std::vector<AppliedChange> changes;
  };

  template <class Reply, class Operation>
  Result<Reply> Under(const CallContext& call, const Operation& operation);  // the lock
  const Record* Find(const KeyView& key) const;  // null if absent or expired
  Applied Apply(const WriteRequest& request);
  static Status StatusFor(const MutationView& mutation, const Record& current);
  static const MutationView& Resolve(const MutationView& mutation, const Record& current,
                                     Applied* applied);
  void Put(const KeyView& key, const MutationView& mutation, Applied* applied);
  ReadReply ReadAll(const ReadRequest& request) const;
  ScanPage ScanSome(const ScanRequest& request) const;
  ListPage ListSome(const ListRequest& request) const;
  void Answer(std::function<void()> answer);
  void RunAnswers();

  const Clock* const clock_;
  const Answers answers_;
  const size_t records_per_page_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Place, Partition> partitions_;
  uint64_t last_version_;  // starts at the current time, as in the other engine
  ChangeObserver* observer_ = nullptr;
  uint64_t writes_ = 0;
  bool closed_ = false;
  std::deque<std::function<void()>> waiting_answers_;
  std::thread thread_;
};

}  // namespace smile
