// For tests: an engine that passes everything on to another, for those that change a part of it.
// What is only looked up in memory, but Peek, is not known to it, and Close does nothing.
#pragma once

#include <functional>
#include <utility>

#include "storage/engine.h"

namespace smile::testing {

class ForwardingEngine : public Engine {
 public:
  // `engine` outlives it.
  explicit ForwardingEngine(Engine* engine) : engine_(engine) {}

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override {
    return engine_->Peek(key, found);
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

 protected:
  Engine& engine() const { return *engine_; }

 private:
  Engine* const engine_;
};

}  // namespace smile::testing
