// Restores records of `accounts` after some were lost: those that list the logins, sessions and
// uploads of a user. Each is derived from the record of the login, session or upload itself, so it
// is lost for good only if that is. The note that a user is being erased is not restored: a work
// item that is left over does not prove that an erase has not ended, and the user may be a new one.
//
// For a database that nobody else uses: what is removed meanwhile could be listed again. It may be
// stopped at any time, and repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/user_range.h"

namespace smile {

class AccountRestorer {
 public:
  // Called with the number of logins, sessions and uploads that were read so far.
  using Progress = std::function<void(uint64_t records)>;

  // Records of users in these ranges may have been lost, those of others not. Engine and clock
  // outlive the task; the engine can write together (CHECK).
  AccountRestorer(Engine& engine, const Clock& clock, std::vector<UserRange> lost,
                  Progress progress);

  // Once. Returns how many records were missing. Reads all logins, sessions and uploads; costs a
  // lookup for each that belongs to such a user. Ends with the first failure of the engine;
  // kCorrupt if some of them cannot be read.
  Task<Result<uint64_t>> Run();

 private:
  // A record that has to be there.
  struct Expected {
    uint64_t user = 0;
    Change put;
  };

  Task<Status> RestoreFrom(Table table);
  Task<Status> RestoreFromPage(Table table, const ListPage& page);
  // What lists this record; none if it cannot be decoded.
  static std::optional<Expected> ExpectedFor(Table table, const Bytes& partition, ByteView value);
  // It may have been lost, and has not expired.
  bool IsOfInterest(const Expected& one) const;
  Task<Status> PutMissing(std::vector<Expected> expected);
  Task<Status> Put(std::vector<Expected> missing);

  const EngineCalls engine_;
  const Clock& clock_;
  const std::vector<UserRange> lost_;
  const Progress progress_;
  uint64_t read_ = 0;
  uint64_t restored_ = 0;
};

}  // namespace smile
