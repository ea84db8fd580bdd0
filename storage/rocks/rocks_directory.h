// The directory of an engine, without what RocksDB keeps in it:
//
//   LOCK       held (flock) by the process that serves the directory; says which one
//   FORMAT     the format of the whole directory
//   WATERMARK  a sequence number up to which writes were acknowledged
//   rocksdb/   the database
//
// See storage/FORMAT.md for what the files hold.
#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace smile {

class RocksDirectory {
 public:
  // Makes the directory if it is missing, locks it, and sees that its format is ours, or writes the
  // format into a new one. Failures are one sentence for the operator.
  static Result<std::unique_ptr<RocksDirectory>> Open(const std::string& path, rocksdb::Env* env);
  ~RocksDirectory();
  RocksDirectory(const RocksDirectory&) = delete;
  RocksDirectory& operator=(const RocksDirectory&) = delete;

  // Takes away what others than its owner may do with it, and says so.
  void KeepPrivate(const Logger& log) const;

  const std::string& path() const { return path_; }
  std::string database_path() const { return path_ + "/rocksdb"; }

  // All writes up to the watermark were acknowledged, so recovery has to reach it. 0 in a new
  // directory; kStorageFailed if the file is damaged.
  Result<uint64_t> ReadWatermark() const;
  // Durable when it returns.
  Status WriteWatermark(uint64_t sequence) const;
  // What was made in the directory so far is there after a power cut.
  Status Sync() const;

 private:
  RocksDirectory(std::string path, rocksdb::Env* env, int lock)
      : path_(std::move(path)), env_(env), lock_(lock) {}

  Status CheckFormat() const;
  Status CheckIsNew() const;
  Status WriteDurably(const std::string& name, std::string_view content) const;

  const std::string path_;
  rocksdb::Env* const env_;
  const int lock_;  // a file descriptor
};

}  // namespace smile
