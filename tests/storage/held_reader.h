// Keeps a thread of a pool of readers busy until a test lets it go.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "storage/reader_pool.h"

namespace smile::testing {

class HeldReader {
 public:
  // When it returns, the thread does nothing else.
  explicit HeldReader(ReaderPool* pool) {
    std::promise<void> held;
    const std::future<void> is_held = held.get_future();
    pool->Submit(std::make_unique<Job>(std::move(held), let_go_.get_future()));
    is_held.wait();
  }
  ~HeldReader() { LetGo(); }
  HeldReader(const HeldReader&) = delete;
  HeldReader& operator=(const HeldReader&) = delete;

  void LetGo() {
    if (std::exchange(holds_, false)) let_go_.set_value();
  }

 private:
  class Job final : public ReaderPool::Job {
   public:
    Job(std::promise<void> held, std::future<void> let_go)
        : ReaderPool::Job({}), held_(std::move(held)), let_go_(std::move(let_go)) {}
    Progress Run() override {
      held_.set_value();
      let_go_.wait();
      return Progress::kDone;
    }
    void Refuse(Status /*why*/) override { held_.set_value(); }

   private:
    std::promise<void> held_;
    const std::future<void> let_go_;
  };

  std::promise<void> let_go_;
  bool holds_ = true;
};

}  // namespace smile::testing
