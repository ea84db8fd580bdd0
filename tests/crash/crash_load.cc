#include "tests/crash/crash_load.h"

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "client/client.h"
#include "model/key.h"
#include "tests/crash/calls.h"

namespace smile {
namespace {

// Steps have different sizes, so that records and WAL blocks end anywhere.
std::string ValueOf(uint64_t step) {
  return std::to_string(step) + ":" + std::string(step * 37 % 900, 'x');
}

std::optional<uint64_t> StepOf(const op::KeyResult& result) {
  if (result.outcome != KeyOutcome::kFound) return std::nullopt;
  return std::stoull(std::string(result.record.value));
}

class Load {
 public:
  Load(uint16_t port, uint64_t enough, WriteHistory* history)
      : enough_(enough), history_(history), running_(history->chains()), client_(Connect(port)) {
    for (size_t chain = 0; chain < history->chains(); ++chain) Step(chain);
  }

  void WaitForEnough(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return has_enough_; });
  }
  void WaitForEnd() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void Step(size_t chain) {
    const std::lock_guard lock(mutex_);
    const uint64_t step = history_->Begin(chain);
    const std::string value = ValueOf(step);
    const Bytes user = PartitionOf(chain);
    if (step % 2 == 0) {
      const op::BatchItem item{.checksum = Hash64(value), .value = value};
      op::Batch::Request batch{.partition = {Table::kUsers, user}, .items = {item, item}};
      batch.items[0].sort = "a";
      batch.items[1].sort = "b";
      client_->Call<op::Batch>(batch, kOnce, [this, chain](const Answer<op::Batch>& answer) {
        Done(chain, answer.ok());
      });
    } else {
      const op::Put::Request put{
          .key = {Table::kUsers, user, "c"}, .checksum = Hash64(value), .value = value};
      client_->Call<op::Put>(
          put, kOnce, [this, chain](const Answer<op::Put>& answer) { Done(chain, answer.ok()); });
    }
  }

  void Done(size_t chain, bool acknowledged) {
    {
      const std::lock_guard lock(mutex_);
      if (acknowledged) {
        history_->Acknowledge(chain);
        has_enough_ = history_->acknowledged() >= enough_;
      } else {
        --running_;
      }
      changed_.notify_all();
    }
    if (acknowledged) Step(chain);
  }

  const uint64_t enough_;
  WriteHistory* const history_;  // under mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_enough_ = false;
  size_t running_;
  const std::unique_ptr<Client> client_;  // last: its thread uses all that is above
};

}  // namespace

void RunUntilCrash(uint16_t port, uint64_t enough, std::chrono::milliseconds patience,
                   WriteHistory* history, const std::function<void()>& crash) {
  Load load(port, enough, history);
  load.WaitForEnough(patience);
  crash();
  load.WaitForEnd();
}

std::vector<StoredSteps> ReadStored(uint16_t port, size_t chains) {
  const std::unique_ptr<Client> client = Connect(port);
  std::vector<StoredSteps> stored(chains);
  for (size_t chain = 0; chain < chains; ++chain) {
    const Bytes user = PartitionOf(chain);
    op::MGet::Request mget;
    for (const ByteView name : {"a", "b", "c"}) mget.keys.push_back({Table::kUsers, user, name});
    std::promise<void> done;
    client->Call<op::MGet>(mget, {}, [&](const Answer<op::MGet>& answer) {
      CHECK(answer.ok(), answer.status().ToString());
      const auto& results = answer->results;
      stored[chain] = {StepOf(results[0]), StepOf(results[1]), StepOf(results[2])};
      done.set_value();
    });
    done.get_future().wait();
  }
  return stored;
}

}  // namespace smile
