#include "tests/simulation/shuffling_engine.h"

#include <algorithm>
#include <memory>

namespace smile {
namespace {

const Status kFault(Code::kOverloaded, "a fault of the simulation", /*retry_after_ms=*/1);

}  // namespace

bool ShufflingEngine::Step() {
  if (waiting_.empty()) return false;
  auto chosen = waiting_.begin() + static_cast<ptrdiff_t>(random_() % waiting_.size());
  if (chosen->is_write) {  // the first one of its partition goes instead
    chosen = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& other) {
      return other.is_write && other.partition == chosen->partition;
    });
  }
  const std::function<void()> task = std::move(chosen->task);
  waiting_.erase(chosen);
  task();
  return true;
}

PeekResult ShufflingEngine::Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) {
  return random_() % 2 == 0 ? PeekResult::kUnknown : engine_.Peek(key, found);
}

bool ShufflingEngine::PeekScan(const ScanRequest& request, FoundPage found) {
  return random_() % 2 == 0 && engine_.PeekScan(request, found);
}

void ShufflingEngine::Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) {
  waiting_.push_back({.task = [this, request, done] {
    if (Fails()) return done(kFault);
    engine_.Read(request, done);
  }});
}

void ShufflingEngine::Write(WriteRequest request, std::function<void(WriteReply)> done) {
  const uint64_t partition = HashOf(request.partition());
  auto shared = std::make_shared<WriteRequest>(std::move(request));
  waiting_.push_back({.is_write = true, .partition = partition, .task = [this, shared, done] {
                        Write(std::move(*shared), done, Fails());
                      }});
}

void ShufflingEngine::Write(WriteRequest request, const std::function<void(WriteReply)>& done,
                            bool fails) {
  if (!fails) return engine_.Write(std::move(request), done);
  if (random_() % 2 == 0) return done({.status = kFault, .versions = {}});
  if (random_() % 2 == 0) engine_.Write(std::move(request), [](const WriteReply&) {});
  done({.status = Status(Code::kOutcomeUnknown, "a fault of the simulation"), .versions = {}});
}

void ShufflingEngine::Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) {
  waiting_.push_back({.task = [this, request, done] {
    if (Fails()) return done(kFault);
    engine_.Scan(request, done);
  }});
}

void ShufflingEngine::List(ListRequest request, std::function<void(Result<ListPage>)> done) {
  waiting_.push_back({.task = [this, request, done] {
    if (Fails()) return done(kFault);
    engine_.List(request, done);
  }});
}

}  // namespace smile
