#include "client/smilecat/load_writer.h"

#include <chrono>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/progress.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr int kMaxTries = 5;
constexpr std::chrono::milliseconds kWaitingPeriod{200};

std::string Report(const LineRange& lines, std::string_view words) {
  if (lines.count() == 1) return fmt::format("{}: {}", lines.ToString(), words);
  return fmt::format("{}: {}; {} lines are lost", lines.ToString(), words,
                     WithCommas(lines.count()));
}

}  // namespace

void LoadWriter::WriteRow(const LineRange& lines, const Position& next,
                          std::vector<LoadedRecord> records) {
  std::unique_lock lock(mutex_);
  const uint64_t row = tracker_.BeginRow(next, records.size());
  for (LoadedRecord& record : records) {
    if (record.expired) {
      tracker_.FinishRecord(row, &LoadCounts::expired);
      continue;
    }
    WaitUntil(&lock, [&] {
      return stopped_ || !failure_.ok() ||
             (under_way_.size() < limits::kMaxLoadInFlightRecords &&
              bytes_under_way_ < limits::kMaxLoadInFlightBytes && !under_way_.contains(record.key));
    });
    if (stopped_ || !failure_.ok()) return;
    under_way_.insert(record.key);
    bytes_under_way_ += record.value.size();
    const auto write = std::make_shared<Write>(Write{std::move(record), row, lines});
    lock.unlock();
    Send(write);
    lock.lock();
  }
}

void LoadWriter::CountBadRow(const LineRange& lines, const Position& next,
                             const std::string& words) {
  const std::lock_guard lock(mutex_);
  tracker_.AddBadRow(next);
  reports_.push_back(Report(lines, words));
}

void LoadWriter::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void LoadWriter::WaitForAll() {
  std::unique_lock lock(mutex_);
  WaitUntil(&lock, [&] { return under_way_.empty(); });
}

void LoadWriter::WaitUntil(std::unique_lock<std::mutex>* lock,
                           const std::function<bool()>& condition) {
  while (!left_.wait_for(*lock, kWaitingPeriod, condition)) {
    if (!options_.waiting) continue;
    lock->unlock();
    options_.waiting();
    lock->lock();
  }
}

LoadWriter::State LoadWriter::TakeState() {
  const std::lock_guard lock(mutex_);
  return {tracker_.position(), tracker_.counts(), std::exchange(reports_, {}), failure_};
}

void LoadWriter::Send(const WritePtr& write) {
  const LoadedRecord& record = write->record;
  ++write->tries;
  op::Put::Request request;
  request.key = record.key.view();
  if (options_.if_absent) request.condition.kind = ConditionKind::kIfAbsent;
  request.checksum = Hash64(record.value);
  request.value = record.value;
  request.expire_seconds = record.expire_seconds;
  // No other write of this key is in flight, and records of different keys have no order.
  client_->Call<op::Put>(request, {.deadline_millis = options_.deadline_millis, .any_order = true},
                         [this, write](const Answer<op::Put>& answer) { OnAnswer(write, answer); });
}

void LoadWriter::OnAnswer(const WritePtr& write, const Answer<op::Put>& answer) {
  const Status& status = answer.status();
  if (answer.ok()) return Finish(write, &LoadCounts::written);
  if (status.code() == Code::kConditionFailed) {
    return write->uncertain ? Compare(write) : Finish(write, &LoadCounts::present);
  }
  if (status.code() == Code::kOutcomeUnknown) {
    write->uncertain = true;
    return write->tries < kMaxTries ? Send(write) : GiveUp(write, status);
  }
  const bool not_for_this_record = status.error_class() != ErrorClass::kNever ||
                                   status.code() == Code::kStorageFailed ||
                                   status.code() == Code::kProtocolError;
  return not_for_this_record ? GiveUp(write, status) : Refuse(write, status);
}

void LoadWriter::Compare(const WritePtr& write) {
  op::Get::Request request;
  request.key = write->record.key.view();
  client_->Call<op::Get>(request, {.deadline_millis = options_.deadline_millis},
                         [this, write](const Answer<op::Get>& answer) {
                           if (!answer.ok() && answer.status().code() != Code::kNotFound) {
                             return GiveUp(write, answer.status());
                           }
                           const bool is_ours =
                               answer.ok() && answer->record.value == write->record.value;
                           Finish(write, is_ours ? &LoadCounts::written : &LoadCounts::present);
                         });
}

void LoadWriter::Finish(const WritePtr& write, uint64_t LoadCounts::*count) {
  const std::lock_guard lock(mutex_);
  tracker_.FinishRecord(write->row, count);
  Leave(*write);
}

void LoadWriter::Refuse(const WritePtr& write, const Status& status) {
  const std::lock_guard lock(mutex_);
  reports_.push_back(Report(
      write->lines, fmt::format("{}: {}", FormatKey(write->record.key.view()), status.ToString())));
  tracker_.FinishRecord(write->row, &LoadCounts::refused);
  Leave(*write);
}

void LoadWriter::GiveUp(const WritePtr& write, const Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  Leave(*write);
}

// Under the lock, so that whoever waits for the last record may destroy this afterwards.
void LoadWriter::Leave(const Write& write) {
  under_way_.erase(write.record.key);
  bytes_under_way_ -= write.record.value.size();
  left_.notify_all();
}

}  // namespace smile::cat
