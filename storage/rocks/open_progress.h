// The progress of opening a database, and what was found in its write-ahead log. Written by the
// opening thread, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace smile {

struct OpenProgress {
  // RocksDB reads the log twice: to verify it and to replay it.
  std::atomic<uint64_t> bytes_to_read{0};
  std::atomic<uint64_t> bytes_read{0};
  // What was replayed, valid once the database is open.
  std::atomic<uint64_t> logs{0};
  std::atomic<uint64_t> log_bytes{0};
  std::atomic<uint64_t> writes{0};  // puts and deletes
};

}  // namespace smile
