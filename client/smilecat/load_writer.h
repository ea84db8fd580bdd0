// Writes the records of a load through a client: many in flight, each acknowledged before it
// counts, and in the end as if they had been written one after the other.
//
// A record waits for an earlier one with the same key, so that the last row wins also when writes
// are sent again. A write whose outcome is unknown is sent again: the same bytes at the same key
// are the same result. With if_absent the second try may meet the first one's success, so it is
// compared with what is there: the same value counts as written.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/smilecat/dump_line.h"
#include "client/smilecat/load_tracker.h"
#include "client/smilecat/row.h"
#include "model/key.h"
#include "protocol/operations.h"

namespace smile::cat {

struct LoadWriterOptions {
  int64_t deadline_millis = 0;  // of one try
  bool if_absent = false;
  LinkKinds link_kinds = {};      // for reports
  std::function<void()> waiting;  // called a few times per second while a call waits for answers
};

class LoadWriter {
 public:
  LoadWriter(Client* client, const LoadWriterOptions& options, LoadTracker tracker)
      : client_(client), options_(options), tracker_(std::move(tracker)) {}

  // After WaitForAll.
  ~LoadWriter() = default;
  LoadWriter(const LoadWriter&) = delete;
  LoadWriter& operator=(const LoadWriter&) = delete;

  // The records of the row in `lines`; the next row begins at `next`. Waits while too much is
  // in flight. Once failure() is not ok it writes nothing.
  void WriteRow(const LineRange& lines, const Position& next, std::vector<LoadedRecord> records);

  // A row that makes no record, and why.
  void CountBadRow(const LineRange& lines, const Position& next, const std::string& words);

  // WriteRow() writes nothing from now on, and one that waits returns: its row stays open, so that
  // the position does not pass it. From `waiting`, or where no call is in flight.
  void Stop();

  // Until nothing is in flight any more.
  void WaitForAll();

  struct State {
    Position position;  // all before it is acknowledged
    LoadCounts counts;
    std::vector<std::string> reports;  // of refused records and bad rows, each given once
    Status failure;  // not ok: the server could not be reached or does not answer; the load is over
  };
  State TakeState();

 private:
  struct Write {
    LoadedRecord record;
    uint64_t row = 0;
    LineRange lines;
    int tries = 0;
    bool uncertain = false;  // an earlier try may have taken effect
  };
  using WritePtr = std::shared_ptr<Write>;

  void Send(const WritePtr& write);
  void SendLink(const WritePtr& write);
  void SendLogin(const WritePtr& write);
  void OnAnswer(const WritePtr& write, const Status& status);
  void Compare(const WritePtr& write);
  void Finish(const WritePtr& write, uint64_t LoadCounts::*count);
  void Refuse(const WritePtr& write, const Status& status);
  // The record stays open: the position does not pass it.
  void GiveUp(const WritePtr& write, const Status& status);
  void Leave(const Write& write);  // with the lock held
  void WaitUntil(std::unique_lock<std::mutex>* lock, const std::function<bool()>& condition);

  Client* const client_;
  const LoadWriterOptions options_;
  std::mutex mutex_;
  std::condition_variable left_;
  LoadTracker tracker_;
  std::set<Key> under_way_;
  size_t bytes_under_way_ = 0;
  bool stopped_ = false;
  std::vector<std::string> reports_;
  Status failure_;
};

}  // namespace smile::cat
