// A List on a reader thread.
#pragma once

#include <functional>
#include <optional>

#include "base/check.h"
#include "storage/engine.h"
#include "storage/rocks/walk_job.h"

namespace smile {

class ListJob final : public WalkJob {
 public:
  using Done = std::function<void(Result<ListPage>)>;

  ListJob(const RocksDatabase* database, const WalkBudget* budget, const Clock* clock,
          ListRequest request, Done done);
  void Refuse(Status why) override { done_(std::move(why)); }
  void End() override {
    CHECK(page_.CanContinue() && page_.partitions.size() <= request_.limit);
    done_(std::move(page_));
  }

 private:
  std::optional<Bytes> Beginning() const;
  Status WalkSlice(SliceMeter* meter) override;
  bool HasNothingYet() const override {
    return page_.more && page_.partitions.empty() && !page_.gap;
  }
  static rocksdb::ReadOptions Options(const SliceMeter& meter);
  Status EndSlice(SliceMeter* meter);
  Status PassGap(const rocksdb::Status& damage, SliceMeter* meter);
  bool Take(ByteView key, ByteView stored, SliceMeter* meter);
  bool Add(ByteView key, ByteView partition);
  void StepOver(ByteView key, SliceMeter* meter);
  Status EndPage() const { return no_memory_ ? NoMemoryForResult() : Status(); }
  Status GoOnFrom(ByteView key);

  const ListRequest request_;
  const Done done_;
  // Encoded; everything before it has been listed. None: the table has been listed.
  std::optional<Bytes> lower_;
  bool no_memory_ = false;  // not even for the first partition
  ListPage page_;
};

}  // namespace smile
