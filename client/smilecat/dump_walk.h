// All records of a table or a partition: walks LIST pages and SCAN continuations, several at a
// time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "client/client.h"
#include "model/key.h"
#include "protocol/operations.h"

namespace smile::cat {

class DumpWalk {
 public:
  // What the walk gives, on the thread that calls Run. An answer that is not ok ends the walk.
  struct Sink {
    std::function<Status(const KeyView& key, const RecordView& record)> record;
    // One whose value the server cannot read.
    std::function<void(const KeyView& key)> unread;
    // "records of users/42 after users/42/a, before users/42/f", which the server cannot read.
    std::function<void(const std::string& where)> gap;
    // In `links`, in place of a record.
    std::function<Status(uint64_t user, uint8_t kind, const op::LinkEntry& entry)> link;
    // A partition of which the rest could not be read, though the server is there.
    std::function<void(const PartitionView& partition, const Status& status)> refused;
    // A few times per second while nothing comes.
    std::function<Status()> waiting;
  };

  DumpWalk(Client* client, int64_t deadline_millis, Table table)
      : client_(client), deadline_millis_(deadline_millis), table_(table) {}

  // After Run has returned.
  ~DumpWalk() = default;
  DumpWalk(const DumpWalk&) = delete;
  DumpWalk& operator=(const DumpWalk&) = delete;

  // One partition only. Without it, all of the table.
  void Only(Bytes partition);

  // A failure: the server is out of reach, or what the sink said.
  Status Run(const Sink& sink);

  uint64_t partitions() const { return partitions_; }

 private:
  // Something the server could not read: what stands after a path and before the next that comes.
  struct Gap {
    std::string after;  // empty: from the beginning
  };
  struct ScanPlace {
    Bytes partition;
    Bytes continuation;
    Bytes last;              // sort key of the last record; empty: none yet
    std::optional<Gap> gap;  // after it
  };
  struct ScanPage {
    ScanPlace place;
    Answer<op::Scan> answer;
  };
  // The links of a user, one kind after the other.
  struct LinksPlace {
    uint64_t user = 0;
    std::deque<uint8_t> kinds;  // the first is being read
    Bytes continuation = {};
  };
  struct CountsPage {
    uint64_t user = 0;
    Answer<op::LinkCounts> answer;
  };
  struct LinksPage {
    LinksPlace place;
    Answer<op::LinkList> answer;
  };
  using Page = std::variant<ScanPage, Answer<op::List>, CountsPage, LinksPage>;

  void AskForMore();
  void AskList();
  void AskScan(ScanPlace from);
  void AskCounts(const Bytes& partition);
  void AskLinks(LinksPlace from);
  void Push(Page page);
  std::optional<Page> WaitForPage();
  Status TakeList(const Answer<op::List>& answer, const Sink& sink);
  Status TakePage(Page page, const Sink& sink);
  Status TakeScan(ScanPage page, const Sink& sink);
  Status TakeEntries(ScanPage* page, const Sink& sink);
  Status TakeCounts(const CountsPage& page, const Sink& sink);
  Status TakeLinks(LinksPage page, const Sink& sink);
  Status Refused(const PartitionView& partition, const Status& status, const Sink& sink) const;

  Client* const client_;
  const int64_t deadline_millis_;
  const Table table_;
  std::deque<Bytes> to_scan_;
  std::optional<Bytes> next_list_ = Bytes();  // continuation of the page to ask for; none: no more
  bool listing_ = false;
  std::string last_listed_;  // path
  std::optional<Gap> list_gap_;
  size_t scans_under_way_ = 0;
  uint64_t partitions_ = 0;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Page> pages_;  // guarded by mutex_; no more than were asked for
};

}  // namespace smile::cat
