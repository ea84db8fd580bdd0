#include "client/smilecat/load_writer.h"

#include <chrono>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/progress.h"
#include "client/smilecat/link_path.h"
#include "client/smilecat/login_path.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr int kMaxWriteTries = 5;
constexpr std::chrono::milliseconds kWriteWait{200};

std::string Report(const LineRange& lines, std::string_view words) {
  if (lines.count() == 1) return fmt::format("{}: {}", lines.ToString(), words);
  return fmt::format("{}: {}; {} lines are lost", lines.ToString(), words,
                     WithCommas(lines.count()));
}

LinkName NameOfLink(const Key& key) {
  const std::optional<uint64_t> user = DecodePartition(key.partition);
  const std::optional<LinkSort> sort = DecodeLinkSort(key.sort);
  CHECK(user && sort, "it was made by LinkKey");
  return {*user, static_cast<uint8_t>(sort->kind), sort->first};
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
  while (!left_.wait_for(*lock, kWriteWait, condition)) {
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
  if (record.key.table == Table::kLinks) return SendLink(write);
  if (record.key.table == Table::kLogins) return SendLogin(write);
  op::Put::Request request;
  request.key = record.key.view();
  if (options_.if_absent) request.condition.kind = ConditionKind::kIfAbsent;
  request.checksum = Hash64(record.value);
  request.value = record.value;
  request.expire_seconds = record.expire_seconds;
  // No other write of this key is in flight, and records of different keys have no order.
  client_->Call<op::Put>(
      request, {.deadline_millis = options_.deadline_millis, .any_order = true},
      [this, write](const Answer<op::Put>& answer) { OnAnswer(write, answer.status()); });
}

// The same link twice is the same result, too.
void LoadWriter::SendLink(const WritePtr& write) {
  const LoadedRecord& record = write->record;
  if (options_.if_absent) {
    return Refuse(write, {Code::kInvalid, "links are not loaded with --if-absent"});
  }
  const LinkName link = NameOfLink(record.key);
  const op::Link::Request request{.user = link.user,
                                  .kind = link.kind,
                                  .other = link.other,
                                  .value = record.value,
                                  .inverse = record.inverse,
                                  .time_ms = record.time_ms};
  client_->Call<op::Link>(
      request, {.deadline_millis = options_.deadline_millis, .any_order = true},
      [this, write](const Answer<op::Link>& answer) { OnAnswer(write, answer.status()); });
}

// The same login with the same user and credential is the same result; any other one stays as it
// is.
void LoadWriter::SendLogin(const WritePtr& write) {
  const LoadedRecord& record = write->record;
  const Result<LoginValue> value = ParseLoginValue(record.value);
  CHECK(value.ok(), "the mapping checks it");
  client_->Call<op::LoginImport>(
      {.login = record.key.partition, .user = value->user, .credential = value->credential},
      {.deadline_millis = options_.deadline_millis, .any_order = true},
      [this, write](const Answer<op::LoginImport>& answer) { OnAnswer(write, answer.status()); });
}

void LoadWriter::OnAnswer(const WritePtr& write, const Status& status) {
  if (status.ok()) return Finish(write, &LoadCounts::written);
  const bool is_link = write->record.key.table == Table::kLinks;
  if (status.code() == Code::kConditionFailed && !is_link) {
    const bool is_login = write->record.key.table == Table::kLogins;
    return write->uncertain && !is_login ? Compare(write) : Finish(write, &LoadCounts::present);
  }
  if (status.code() == Code::kOutcomeUnknown) {
    write->uncertain = true;
    return write->tries < kMaxWriteTries ? Send(write) : GiveUp(write, status);
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
  const Key& key = write->record.key;
  const std::string path = key.table == Table::kLinks
                               ? FormatLink(NameOfLink(key), options_.link_kinds)
                               : FormatKey(key.view());
  reports_.push_back(Report(write->lines, fmt::format("{}: {}", path, status.ToString())));
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
