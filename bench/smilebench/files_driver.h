// files: a plain program that keeps each record in a file of its own, in this process: what a
// server of photos without a storage engine could at best do. A put writes a new file, fsyncs and
// renames it; a get reads the file. There is a thread for each connection, so that fsyncs overlap.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/smilebench/driver.h"

namespace smile::bench {

class FilesDriver final : public Driver {
 public:
  // Makes the directory, if it is not there, and directories in it. kStorageFailed.
  static Result<std::unique_ptr<Driver>> Open(const BenchOptions& options,
                                              const DriverParts& parts);
  ~FilesDriver() override;

  void Start(uint32_t connection, uint32_t slot, const Operation& operation) override;
  void Flush() override;
  double StorageCpuSeconds() const override;

 private:
  struct Job {
    uint32_t slot = 0;
    OperationKind kind = OperationKind::kPing;
    uint64_t number = 0;
    Bytes value;  // to be put, or as it was read
    Status status;
  };

  FilesDriver(const BenchOptions& options, const DriverParts& parts);
  void Work();
  void Do(Job* job) const;
  void OnDone(const Job& job);

  const std::string directory_;
  EventLoop* const loop_;
  DriverEvents* const events_;
  std::vector<uint32_t> pings_;
  // Jobs that are done later than this object is destroyed look here whether it is still there.
  std::shared_ptr<FilesDriver*> self_ = std::make_shared<FilesDriver*>(this);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  double cpu_seconds_ = 0;  // of all threads, in jobs

  std::vector<std::thread> threads_;
};

}  // namespace smile::bench
