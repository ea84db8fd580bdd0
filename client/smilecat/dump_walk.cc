#include "client/smilecat/dump_walk.h"

#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/reply.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr uint32_t kPartitionsPerPage = 1000;
constexpr std::chrono::milliseconds kPageWait{200};

// Ends the gap, if there is one, before a path; empty: it is the end.
template <class Gap>
void EndGap(std::optional<Gap>* gap, const std::string& what, const std::string& before,
            const DumpWalk::Sink& sink) {
  if (!gap->has_value()) return;
  const std::string& after = (*gap)->after;
  sink.gap(fmt::format("{} {}, {}", what, after.empty() ? "from the beginning" : "after " + after,
                       before.empty() ? "to the end" : "before " + before));
  gap->reset();
}

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
    std::optional<Page> page = WaitForPage();
    if (!page.has_value()) {
      const Status waited = sink.waiting();
      if (status.ok()) status = waited;
    } else if (const auto* list = std::get_if<Answer<op::List>>(&*page)) {
      listing_ = false;
      if (status.ok()) status = TakeList(*list, sink);
    } else {
      --scans_under_way_;
      if (status.ok()) status = TakePage(std::move(*page), sink);
    }
    // After a failure what is in flight is waited for, no more is asked.
    if (status.ok()) AskForMore();
  }
  return status;
}

void DumpWalk::AskForMore() {
  if (!listing_ && next_list_.has_value() && to_scan_.size() < kPartitionsPerPage) AskList();
  while (scans_under_way_ < limits::kMaxDumpScansInFlight && !to_scan_.empty()) {
    if (table_ == Table::kLinks) {
      AskCounts(to_scan_.front());
    } else {
      AskScan({.partition = std::move(to_scan_.front())});
    }
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

void DumpWalk::AskScan(ScanPlace from) {
  const auto place = std::make_shared<ScanPlace>(std::move(from));  // the request points to it
  op::Scan::Request request;
  request.partition = {table_, place->partition};
  request.limit = limits::kMaxScanEntries;
  if (!place->continuation.empty()) request.continuation = place->continuation;
  ++scans_under_way_;
  client_->Call<op::Scan>(request, {.deadline_millis = deadline_millis_},
                          [this, place](Answer<op::Scan> answer) {
                            Push(ScanPage{std::move(*place), std::move(answer)});
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
  if (!arrived_.wait_for(lock, kPageWait, [&] { return !pages_.empty(); })) {
    return std::nullopt;
  }
  Page page = std::move(pages_.front());
  pages_.pop_front();
  return page;
}

Status DumpWalk::TakeList(const Answer<op::List>& answer, const Sink& sink) {
  if (!answer.ok()) return answer.status();
  const std::string what = fmt::format("some or all partitions of {}", InfoOf(table_).name);
  if (answer->gap) {
    if (!list_gap_.has_value()) list_gap_ = Gap{last_listed_};
  } else if (!answer->partitions.empty()) {
    EndGap(&list_gap_, what, FormatPartition({table_, answer->partitions.front()}), sink);
  }
  for (const ByteView partition : answer->partitions) to_scan_.emplace_back(partition);
  if (!answer->partitions.empty()) {
    last_listed_ = FormatPartition({table_, answer->partitions.back()});
  }
  partitions_ += answer->partitions.size();
  if (answer->continuation.empty()) {
    next_list_.reset();
    EndGap(&list_gap_, what, "", sink);
  } else {
    next_list_ = Bytes(answer->continuation);
  }
  return {};
}

Status DumpWalk::TakeScan(ScanPage page, const Sink& sink) {
  ScanPlace& place = page.place;
  const PartitionView partition = {table_, place.partition};
  if (page.answer.ok()) SMILE_TRY(TakeEntries(&page, sink));
  const bool done = !page.answer.ok() || page.answer->continuation.empty();
  if (!done) {
    place.continuation = page.answer->continuation;
    AskScan(std::move(place));
    return {};
  }
  EndGap(&place.gap, fmt::format("records of {}", FormatPartition(partition)), "", sink);
  return page.answer.ok() ? Status() : Refused(partition, page.answer.status(), sink);
}

// The rest of a partition cannot be read.
Status DumpWalk::Refused(const PartitionView& partition, const Status& status,
                         const Sink& sink) const {
  if (ExitStatusOf(status) == ExitStatus::kConnection) return status;
  sink.refused(partition, status);
  return {};
}

Status DumpWalk::TakePage(Page page, const Sink& sink) {
  if (auto* const scan = std::get_if<ScanPage>(&page)) return TakeScan(std::move(*scan), sink);
  if (auto* const links = std::get_if<LinksPage>(&page)) return TakeLinks(std::move(*links), sink);
  return TakeCounts(std::get<CountsPage>(page), sink);
}

Status DumpWalk::TakeEntries(ScanPage* page, const Sink& sink) {
  ScanPlace& place = page->place;
  const std::string what = fmt::format("records of {}", FormatPartition({table_, place.partition}));
  for (const op::ScanEntry& entry : page->answer->entries) {
    if (entry.outcome == EntryOutcome::kGap) {
      const bool at_beginning = place.last.empty();
      const KeyView last = {table_, place.partition, place.last};
      if (!place.gap.has_value()) place.gap = Gap{at_beginning ? "" : FormatKey(last)};
      continue;
    }
    const KeyView key = {table_, place.partition, entry.sort};
    place.last = entry.sort;
    if (place.gap.has_value()) EndGap(&place.gap, what, FormatKey(key), sink);
    if (entry.outcome == EntryOutcome::kFound) {
      SMILE_TRY(sink.record(key, entry.record));
    } else {
      sink.unread(key);
    }
  }
  return {};
}

}  // namespace smile::cat
