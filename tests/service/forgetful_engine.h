// For tests: an engine that finds less in memory than it could, whenever it is told to.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "storage/engine.h"

namespace smile::testing {

class ForgetfulEngine final : public Engine {
 public:
  // Chooses from 0 to `count` - 1.
  using Below = std::function<uint64_t(uint64_t count)>;

  // `engine` outlives it.
  ForgetfulEngine(Engine* engine, Below below) : engine_(engine), below_(std::move(below)) {}

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override {
    return engine_->Peek(key, found);
  }
  bool PeekScan(const ScanRequest& request, FoundPage found) override {
    return below_(2) == 0 && engine_->PeekScan(request, found);
  }
  void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) override {
    engine_->PeekFirst(table, partitions, [&](size_t i, PeekResult result, ByteView sort) {
      const bool forget = below_(3) == 0;
      each(i, forget ? PeekResult::kUnknown : result, forget ? ByteView() : sort);
    });
  }
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override {
    engine_->Read(std::move(request), std::move(done));
  }
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override {
    engine_->Write(std::move(request), std::move(done));
  }
  bool can_write_together() const override { return engine_->can_write_together(); }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override {
    engine_->Scan(std::move(request), std::move(done));
  }
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override {
    engine_->List(std::move(request), std::move(done));
  }
  void Stats(std::function<void(EngineStats)> done) override { engine_->Stats(std::move(done)); }
  void Close() override {}

 private:
  Engine* const engine_;
  const Below below_;
};

}  // namespace smile::testing
