#include "client/smilecat/dump_walk.h"

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "client/smilecat/reply.h"

namespace smile::cat {
namespace {

constexpr uint32_t kPartitionsPerPage = 1000;
constexpr std::chrono::milliseconds kWaitingPeriod{200};

}  // namespace

void DumpWalk::Only(Bytes partition) {
  next_list_.reset();
  to_scan_.push_back(std::move(partition));
  partitions_ = 1;
}

Status DumpWalk::Run(const Sink& sink) {
  Status status;
  AskForMore();
  while (listing_ || scans_under_way_ > 0) {
    const std::optional<Page> page = WaitForPage();
    if (!page.has_value()) {
      const Status waited = sink.waiting();
      if (status.ok()) status = waited;
    } else if (const auto* list = std::get_if<Answer<op::List>>(&*page)) {
      listing_ = false;
      if (status.ok()) status = TakeList(*list);
    } else {
      --scans_under_way_;
      if (status.ok()) status = TakeScan(std::get<ScanPage>(*page), sink);
    }
    // After a failure what is under way is waited for, no more is asked.
    if (status.ok()) AskForMore();
  }
  return status;
}

void DumpWalk::AskForMore() {
  if (!listing_ && next_list_.has_value() && to_scan_.size() < kPartitionsPerPage) AskList();
  while (scans_under_way_ < limits::kMaxDumpScansInFlight && !to_scan_.empty()) {
    AskScan(to_scan_.front(), {});
    to_scan_.pop_front();
  }
}

void DumpWalk::AskList() {
  op::List::Request request;
  request.table = table_;
  request.limit = kPartitionsPerPage;
  if (!next_list_->empty()) request.continuation = *next_list_;
  listing_ = true;
  client_->Call<op::List>(request, {.deadline_millis = deadline_millis_},
                          [this](Answer<op::List> answer) { Push(std::move(answer)); });
}

void DumpWalk::AskScan(const Bytes& partition, const Bytes& continuation) {
  op::Scan::Request request;
  request.partition = {table_, partition};
  request.limit = limits::kMaxScanEntries;
  if (!continuation.empty()) request.continuation = continuation;
  ++scans_under_way_;
  client_->Call<op::Scan>(request, {.deadline_millis = deadline_millis_},
                          [this, partition](Answer<op::Scan> answer) {
                            Push(ScanPage{partition, std::move(answer)});
                          });
}

void DumpWalk::Push(Page page) {
  // Under the lock, so that whoever takes the last page may destroy this afterwards.
  const std::lock_guard lock(mutex_);
  pages_.push_back(std::move(page));
  arrived_.notify_one();
}

// None: nothing has come for a while.
std::optional<DumpWalk::Page> DumpWalk::WaitForPage() {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, kWaitingPeriod, [&] { return !pages_.empty(); })) {
    return std::nullopt;
  }
  Page page = std::move(pages_.front());
  pages_.pop_front();
  return page;
}

Status DumpWalk::TakeList(const Answer<op::List>& answer) {
  if (!answer.ok()) return answer.status();
  for (const ByteView partition : answer->partitions) to_scan_.emplace_back(partition);
  partitions_ += answer->partitions.size();
  if (answer->continuation.empty()) {
    next_list_.reset();
  } else {
    next_list_ = Bytes(answer->continuation);
  }
  return {};
}

Status DumpWalk::TakeScan(const ScanPage& page, const Sink& sink) {
  if (!page.answer.ok()) {
    if (ExitStatusOf(page.answer.status()) == ExitStatus::kConnection) return page.answer.status();
    sink.refused({table_, page.partition}, page.answer.status());
    return {};
  }
  for (const op::ScanEntry& entry : page.answer->entries) {
    SMILE_TRY(sink.record({table_, page.partition, entry.sort}, entry.record));
  }
  if (!page.answer->continuation.empty()) {
    AskScan(page.partition, Bytes(page.answer->continuation));
  }
  return {};
}

}  // namespace smile::cat
