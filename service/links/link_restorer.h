// Restores links after records of them were lost: first each side from what is left of it, its head
// and both views, then from the other side of the link. A link is lost only if all of its records
// are. Of records of a link that say different times, the latest counts. Numbers of links are
// counted anew.
//
// For a database that nobody else uses: changes of links meanwhile would be undone. It may be
// stopped at any time, and repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_records.h"
#include "service/user_range.h"

namespace smile {

struct RestoredLinks {
  uint64_t sides = 0;   // sides of links of which a record was missing
  uint64_t counts = 0;  // heads that were wrong
};

class LinkRestorer {
 public:
  // Called with the number of users done: first of those whose own records were compared, then
  // again from 1, of those whose links were looked for on the other side.
  using Progress = std::function<void(uint64_t users)>;

  // Records of users in these ranges may have been lost, those of others not. The engine outlives
  // the task, and can write together (CHECK).
  LinkRestorer(Engine& engine, std::vector<UserRange> lost, Progress progress);

  // Once. Reads all links; costs two lookups for each record that is compared. Ends with the
  // first failure of the engine; kCorrupt, after the others were restored, if links cannot be read.
  Task<Result<RestoredLinks>> Run();

 private:
  // A record that has to be there, because another one of the side is or a compact head says so.
  struct Expected {
    LinkRecordId id;
    LinkSide side;
    LinkRecord link;
    std::optional<LinkRecordId> because = {};  // one that may be outdated
    bool in_head = false;                      // a compact head says it, which will be replaced
  };
  struct Back {
    LinkSide side;
    LinkRecord link;
  };

  bool IsLost(uint64_t user) const { return Contains(lost_, user); }
  Task<Status> ForEachUser(Task<Status> (LinkRestorer::*visit)(uint64_t user));
  Task<Status> RestoreOwn(uint64_t user);
  Task<Status> JoinHeads(uint64_t user);
  Task<Status> CompareViews(uint64_t user);
  Task<Status> Compare(std::vector<Expected> expected);
  void PutLater(const Expected& one, std::optional<uint64_t> outdated);
  Task<Status> Recount(uint64_t user);
  Task<Status> WriteChanges();
  Task<Status> RestoreBacks(uint64_t user);
  Task<Status> PutBacks(std::vector<Back> backs);

  const EngineCalls engine_;
  const std::vector<UserRange> lost_;
  const Progress progress_;
  RestoredLinks restored_;
  Status gap_;  // why links of some user cannot be counted
  std::map<LinkRecordId, std::optional<Bytes>> changes_;  // none: delete
};

}  // namespace smile
