// An in-memory connection for tests and the simulation: two Transports that make progress only in
// Step(). A seed determines everything: how bytes are split into pieces, in which order the two
// directions move, and when faults happen. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>

#include "net/transport.h"

namespace smile {

struct PipeOptions {
  uint64_t seed = 0;
  size_t max_piece_bytes = 4096;         // per OnBytes; 1: every possible split point
  size_t wire_bytes = size_t{64} << 10;  // in transit per direction; more stay unsent
  uint32_t max_delay_steps = 0;          // maximum time of a piece in transit
  double cut_probability = 0;            // per piece, for the whole connection
  size_t cut_after_bytes = std::numeric_limits<size_t>::max();  // delivered in both directions
  double flip_probability = 0;                                  // per piece, of one of its bits
};

class MemoryPipe {
 public:
  explicit MemoryPipe(const PipeOptions& options);
  // Destroyed after both ends.
  ~MemoryPipe();
  MemoryPipe(const MemoryPipe&) = delete;
  MemoryPipe& operator=(const MemoryPipe&) = delete;

  // The two ends; each can be taken once.
  std::unique_ptr<Transport> TakeClient();
  std::unique_ptr<Transport> TakeServer();

  // Performs one event, if any is possible: bytes are sent, a piece arrives, or an end is reported.
  // False: nothing can happen until an end is called. (An end that lingers after Close() for a peer
  // that does not end gets its OnClosed when nothing else can happen.)
  bool Step();

  // Steps until nothing can happen, at most `max_steps` times. False: that was not reached.
  bool RunUntilIdle(size_t max_steps = 1'000'000);

  // Cuts the connection for both ends, as a broken network does.
  void Cut();

 private:
  class End;
  enum class Action : uint8_t { kPutOnWire, kDeliver, kTellEnd, kTellClosed };
  struct Choice {
    Action action;
    End* end;
  };

  bool Happen(const Choice& choice);
  bool Deliver(End* to);
  bool WaitForDelays();
  bool EndLingering();
  bool Chance(double probability);
  size_t Below(size_t bound);

  const PipeOptions options_;
  std::mt19937_64 random_;
  size_t delivered_bytes_ = 0;
  const std::unique_ptr<End> client_;
  const std::unique_ptr<End> server_;
};

}  // namespace smile
