// What a reader thread does for List.
#pragma once

#include <functional>
#include <optional>

#include "storage/engine.h"
#include "storage/rocks/walk_job.h"

namespace smile {

class ListJob final : public WalkJob {
 public:
  using Done = std::function<void(Result<ListPage>)>;

  ListJob(const RocksDatabase* database, const WalkBudget* budget, const Clock* clock,
          ListRequest request, Done done);
  void Refuse(Status why) override { done_(std::move(why)); }
  void End() override { done_(std::move(page_)); }

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
  // Encoded: nothing before it is still to be listed. None: the table is at its end.
  std::optional<Bytes> lower_;
  bool no_memory_ = false;  // not even for the first partition
  ListPage page_;
};

}  // namespace smile
