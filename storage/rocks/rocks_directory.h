// The data directory of an engine, except for RocksDB's files:
//
//   LOCK       locked (flock) by the process that serves the directory; names that process
//   FORMAT     the format of the whole directory
//   WATERMARK  up to where writes were acknowledged, and the epoch of versions
//   RESERVE    disk space for deletes on a full disk (storage/rocks/disk_space.h)
//   rocksdb/   the database
//
// storage/FORMAT.md specifies the files.
#pragma once

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/function_ref.h"
#include "base/log.h"
#include "base/result.h"
#include "storage/rocks/watermark.h"

namespace smile {

// kRead: nothing but LOCK is written, and not even that if the file system is read-only.
enum class DirectoryUse : uint8_t { kRead, kWrite };

class RocksDirectory {
 public:
  // Creates the directory if it is missing, locks it, and checks its format, or writes the format
  // into a new one. With kRead the directory exists and has a format. Errors have a message for the
  // operator.
  static Result<std::unique_ptr<RocksDirectory>> Open(const std::string& path, rocksdb::Env* env,
                                                      DirectoryUse use = DirectoryUse::kWrite);
  ~RocksDirectory();
  RocksDirectory(const RocksDirectory&) = delete;
  RocksDirectory& operator=(const RocksDirectory&) = delete;

  // Removes the permissions of everybody but the owner from the directory and all that is in it,
  // and logs that. Looks at each file.
  void KeepPrivate(const Logger& log) const;

  const std::string& path() const { return path_; }
  rocksdb::Env* env() const { return env_; }
  std::string database_path() const { return path_ + "/rocksdb"; }
  // The file that exists while `smiled repair` changes the directory (storage/rocks/repair.h).
  static std::string RepairMarkOf(const std::string& path) { return path + "/REPAIR"; }
  // Logs that a repair was interrupted, if one was.
  void TellOfUnfinishedRepair(const Logger& log) const;

  // All writes up to its sequence number were acknowledged, so recovery must reach it. All zero if
  // there is no file, as in a new directory; kStorageFailed if the file is damaged.
  Result<Watermark> ReadWatermark() const;
  // Whether the file is the one that was written into this directory, and not a copy of it: then
  // sequence numbers continue those of its epoch.
  bool OwnsWatermark(const Watermark& watermark) const;
  // Durable when it returns. Fills in the identity of the file. The epoch has begun (CHECK).
  Status WriteWatermark(uint64_t sequence, const Epoch& epoch) const;
  // Durable when it returns: the directory no longer owns its watermark, so that the next start
  // begins a new epoch. Called before anything that gives up writes.
  Status EndEpoch() const;
  // Makes the entries of the directory durable.
  Status Sync() const;
  // The same for a directory in it; `path` is the whole path.
  Status SyncSubdirectory(const std::string& path) const;

 private:
  RocksDirectory(std::string path, rocksdb::Env* env, int lock)
      : path_(std::move(path)), env_(env), lock_(lock) {}

  void KeepItselfPrivate(const Logger& log) const;
  Status CheckFormat() const;
  Status CheckIsNew() const;
  // Called when the file exists, with its path.
  using ContentOf = FunctionRef<std::string(const std::string& path)>;
  Status WriteDurably(const std::string& name, ContentOf content) const;

  const std::string path_;
  rocksdb::Env* const env_;
  const int lock_;  // a file descriptor
};

}  // namespace smile
