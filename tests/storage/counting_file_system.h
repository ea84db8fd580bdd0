// A file system under RocksDB that counts what is read of files whose names end in some way.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace smile::testing {

class CountedFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  CountedFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::atomic<uint64_t>* bytes)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), bytes_(bytes) {}
  rocksdb::IOStatus Read(uint64_t offset, size_t count, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    *bytes_ += count;
    return target()->Read(offset, count, options, result, scratch, debug);
  }
  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override {
    for (size_t i = 0; i < count; ++i) *bytes_ += requests[i].len;
    return target()->MultiRead(requests, count, options, debug);
  }

 private:
  std::atomic<uint64_t>* const bytes_;
};

class CountingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit CountingFileSystem(std::string ending)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), ending_(std::move(ending)) {}
  const char* Name() const override { return "smile.CountingFileSystem"; }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = target()->NewRandomAccessFile(path, options, file, debug);
    if (status.ok() && path.ends_with(ending_)) {
      *file = std::make_unique<CountedFile>(std::move(*file), &bytes);
    }
    return status;
  }

  std::atomic<uint64_t> bytes{0};

 private:
  const std::string ending_;
};

}  // namespace smile::testing
