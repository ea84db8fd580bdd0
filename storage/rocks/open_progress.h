// How far the opening of a database has come, for whoever waits for it, and what it found in the
// write-ahead log. Written by the thread that opens, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace smile {

struct OpenProgress {
  // RocksDB reads the log once to see whether it is whole and once to replay it.
  std::atomic<uint64_t> bytes_to_read{0};
  std::atomic<uint64_t> bytes_read{0};
  // What was replayed, once it is open.
  std::atomic<uint64_t> logs{0};
  std::atomic<uint64_t> log_bytes{0};
  std::atomic<uint64_t> writes{0};  // puts and deletes
};

}  // namespace smile
