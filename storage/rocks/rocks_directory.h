// The directory of an engine, without what RocksDB keeps in it:
//
//   LOCK       held (flock) by the process that serves the directory; says which one
//   FORMAT     the format of the whole directory
//   WATERMARK  up to where writes were acknowledged, and the epoch of versions
//   RESERVE    room for deletes on a full disk (storage/rocks/disk_space.h)
//   rocksdb/   the database
//
// See storage/FORMAT.md for what the files hold.
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

  // All writes up to its sequence number were acknowledged, so recovery has to reach it. All zero
  // if there is none, as in a new directory; kStorageFailed if the file is damaged.
  Result<Watermark> ReadWatermark() const;
  // Whether the file is the one that was written into this directory, and not a copy of it: then
  // sequence numbers go on where its epoch left them.
  bool OwnsWatermark(const Watermark& watermark) const;
  // Durable when it returns; the file's identity is filled in.
  Status WriteWatermark(uint64_t sequence, const Epoch& epoch) const;
  // Durable when it returns: the directory does not own its watermark any more, so that whoever
  // opens it next begins a new epoch. Before anything that gives up writes.
  Status EndEpoch() const;
  // What was made in the directory so far is there after a power cut.
  Status Sync() const;

 private:
  RocksDirectory(std::string path, rocksdb::Env* env, int lock)
      : path_(std::move(path)), env_(env), lock_(lock) {}

  Status CheckFormat() const;
  Status CheckIsNew() const;
  // `content` is asked for when the file is there, under the name that it is given.
  using ContentOf = FunctionRef<std::string(const std::string& path)>;
  Status WriteDurably(const std::string& name, ContentOf content) const;

  const std::string path_;
  rocksdb::Env* const env_;
  const int lock_;  // a file descriptor
};

}  // namespace smile
