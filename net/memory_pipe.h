// A connection in memory, for tests and the simulation: two Transports, and nothing happens between
// them but by Step(). A seed decides everything: in which pieces bytes arrive, in which order the
// two directions move, and when faults strike. One thread.
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
  size_t max_piece_bytes = 4096;         // one OnBytes; 1: every split point there is
  size_t wire_bytes = size_t{64} << 10;  // on their way in one direction; more waits unsent
  uint32_t max_delay_steps = 0;          // a piece may stay on its way for so many steps
  double cut_probability = 0;            // at each piece, for the whole connection
  size_t cut_after_bytes = std::numeric_limits<size_t>::max();  // delivered in both directions
  double flip_probability = 0;                                  // at each piece, of one of its bits
};

class MemoryPipe {
 public:
  explicit MemoryPipe(const PipeOptions& options);
  // After both ends.
  ~MemoryPipe();
  MemoryPipe(const MemoryPipe&) = delete;
  MemoryPipe& operator=(const MemoryPipe&) = delete;

  // The two ends; each is taken once.
  std::unique_ptr<Transport> TakeClient();
  std::unique_ptr<Transport> TakeServer();

  // Lets one thing happen, if any can: bytes go on their way, a piece arrives, an end is told of.
  // False: nothing can happen until somebody calls an end. (An end that lingers after Close() for a
  // peer that does not end has its OnClosed when nothing else can happen.)
  bool Step();

  // Steps until nothing can happen, at most `max_steps` times. False: it went on.
  bool RunUntilIdle(size_t max_steps = 1'000'000);

  // Ends the connection for both ends, as a broken network does.
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
