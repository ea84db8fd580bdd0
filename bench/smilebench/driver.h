// Driver: how a server is spoken to. The loader says what is asked and judges what is answered; a
// driver puts it into its server's bytes. Every driver is on the same terms: one send for each
// connection and turn of the loop, with all that was started in the turn.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "bench/smilebench/options.h"
#include "net/event_loop.h"

namespace smile::bench {

enum class OperationKind : uint8_t { kPing, kGet, kPut, kMGet, kScan };

// Borrows what it points at for the duration of Start.
struct Operation {
  OperationKind kind = OperationKind::kPing;
  uint64_t number = 0;                // get, put: of the record; scan: of the author
  std::span<const uint64_t> numbers;  // mget: of the records
  ByteView value;                     // put
  uint32_t limit = 0;                 // scan: so many posts, the newest first
  uint64_t newest = 0;                // scan: the author's newest post, as was written before
};

// What came with an answer that is ok. Borrowed for the duration of the call.
struct Found {
  std::span<const ByteView> values;  // get: one; mget: in the order of numbers; scan: as they came
  std::span<const uint64_t> posts;   // scan: of each value, as the server named it
  bool cut_short = false;            // scan: there would be more, but the answer was full
};

class DriverEvents {
 public:
  virtual ~DriverEvents() = default;

  // An operation of this slot is answered. kNotFound: one of its records is not there.
  // kUnavailable or kOutcomeUnknown: its connection was lost. Any other failure: it was refused.
  virtual void OnAnswer(uint32_t slot, const Status& status, const Found& found) = 0;
};

// Belongs to the loop's thread.
class Driver {
 public:
  // Connections end, without events.
  virtual ~Driver() = default;

  // `slot` names the operation in its answer, which comes later: from the loop, or from Flush.
  virtual void Start(uint32_t connection, uint32_t slot, const Operation& operation) = 0;

  // Sends what was started. Called at the end of each turn of the loop.
  virtual void Flush() = 0;

  // What the storage itself has used so far, if it is in this process; negative if it is not.
  virtual double StorageCpuSeconds() const { return -1; }
};

// What every driver is made of. All outlive it.
struct DriverParts {
  EventLoop* loop;
  const Clock* clock;
  DriverEvents* events;
};

// Begins to make `active` + `idle` connections; the idle ones, numbered behind the others, are
// asked nothing but one ping. kInvalid or kUnavailable, with a message, if that cannot be.
Result<std::unique_ptr<Driver>> MakeDriver(const BenchOptions& options, const DriverParts& parts,
                                           uint32_t active, uint32_t idle);

}  // namespace smile::bench
