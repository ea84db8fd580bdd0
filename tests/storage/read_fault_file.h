// A file whose reads fail when a test says so.
#pragma once

#include <rocksdb/file_system.h>

#include <functional>
#include <memory>
#include <utility>

namespace smile::testing {

class ReadFaultFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  // `before` is asked before each read; what is not ok is what comes of it.
  ReadFaultFile(std::function<rocksdb::IOStatus()> before,
                std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), before_(std::move(before)) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    rocksdb::IOStatus status = before_();
    return status.ok() ? target()->Read(offset, size, options, result, scratch, debug) : status;
  }
  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = before_();
    return status.ok() ? target()->MultiRead(requests, count, options, debug) : status;
  }

 private:
  const std::function<rocksdb::IOStatus()> before_;
};

}  // namespace smile::testing
