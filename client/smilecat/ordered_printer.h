// Prints answers that come in any order in the order of their requests, on a thread of its own: the
// threads that answer never wait for the output, and a reader that waits for input does not hold
// back what has been answered.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/reply.h"

namespace smile::cat {

// All functions may be called from any thread.
class OrderedPrinter {
 public:
  // At most `max_open` requests are in flight.
  OrderedPrinter(std::FILE* out, size_t max_open);

  // Waits until all that was opened has been answered and printed.
  ~OrderedPrinter();
  OrderedPrinter(const OrderedPrinter&) = delete;
  OrderedPrinter& operator=(const OrderedPrinter&) = delete;

  // The place of the request of this input line, which will be sent now. Waits while too many are
  // in flight.
  uint64_t Open(uint64_t line);

  // Does not block.
  void Answer(uint64_t place, Reply reply);

  // Waits until all that was opened has been printed.
  void WaitForAll();

  // Of the answers so far.
  struct Tally {
    uint64_t answers = 0;
    uint64_t failures = 0;
    uint64_t first_failed_line = 0;
    ExitStatus worst = ExitStatus::kOk;
  };
  Tally tally() const;
  // What was printed did not all get to its place: the disk is full, say.
  bool output_failed() const;
  // The first line for which the server was out of reach, and why.
  std::optional<std::pair<uint64_t, Status>> lost() const;

 private:
  struct OpenRequest {
    uint64_t line;
    std::optional<Reply> reply;
  };

  void Run();
  void Count(uint64_t line, ExitStatus status);

  std::FILE* const out_;
  const size_t max_open_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<OpenRequest> open_;  // from place first_ on
  uint64_t first_ = 0;
  bool ending_ = false;
  bool output_failed_ = false;
  Tally tally_;
  std::optional<std::pair<uint64_t, Status>> lost_;
  std::thread thread_;
};

}  // namespace smile::cat
