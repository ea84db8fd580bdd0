// For tests: an engine that finds less in memory than it could, whenever it is told to.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "storage/engine.h"
#include "tests/service/forwarding_engine.h"

namespace smile::testing {

class ForgetfulEngine final : public ForwardingEngine {
 public:
  // Chooses from 0 to `count` - 1.
  using Below = std::function<uint64_t(uint64_t count)>;

  // `engine` outlives it.
  ForgetfulEngine(Engine* engine, Below below)
      : ForwardingEngine(engine), below_(std::move(below)) {}

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override {
    return below_(4) == 0 ? PeekResult::kUnknown : engine().Peek(key, found);
  }
  bool PeekScan(const ScanRequest& request, FoundPage found) override {
    return below_(2) == 0 && engine().PeekScan(request, found);
  }
  void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) override {
    engine().PeekFirst(table, partitions, [&](size_t i, PeekResult result, ByteView sort) {
      const bool forget = below_(3) == 0;
      each(i, forget ? PeekResult::kUnknown : result, forget ? ByteView() : sort);
    });
  }

 private:
  const Below below_;
};

}  // namespace smile::testing
