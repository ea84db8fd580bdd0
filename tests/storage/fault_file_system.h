// A file system under RocksDB that fails as the test says: the power goes, an fsync fails, the disk
// is full.
//
// Files really are written, but no fsync is really done: what counts as safe is what this class
// remembers. After PowerCut every write fails, as if the machine were off; ApplyPowerCut then takes
// from the files what a disk might have lost: a random part of what was not synced (any sectors of
// what was overwritten, a tail of what was appended), and files whose making was not followed by a
// sync of their directory. Any thread may call.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace smile::testing {

// What stood where a file was written anew.
struct Overwritten {
  uint64_t offset;
  std::string bytes;
};

// What a file system says when the disk is full.
rocksdb::IOStatus FullDisk(const std::string& path);

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "smile.FaultFileSystem"; }

  // Syncs answer "done" and do nothing: the disk that lies, or a server that does not sync.
  void LieInSyncs();
  // The power goes instead of the n-th sync of a file from now on.
  void PowerCutAtSync(uint64_t n);
  // From now on all syncs of files and directories whose path has this ending fail. An empty
  // ending: none do.
  void FailSyncs(const std::string& ending, const rocksdb::IOStatus& fault);
  // All reads of files whose path ends so fail so from now on, also of those that are open. An
  // empty ending: none do.
  void FailReads(const std::string& ending, const rocksdb::IOStatus& fault);
  void SetFull(bool full);
  // Appends to files whose name begins so meet a full disk; empty: none do.
  void SetFullFor(const std::string& beginning);
  // How large the disk is: what is appended and not deleted again takes of it, with what stands
  // there already, until it is full.
  void SetDiskBytes(uint64_t bytes);
  bool was_full() const;
  // From now on the n-th call that changes or opens a file (from 1) fails as `fault` says; if
  // `lasting` all after it fail too.
  void FailCall(uint64_t n, const rocksdb::IOStatus& fault, bool lasting);
  void EndFaults();
  // Since the last FailCall.
  uint64_t calls() const;
  // What the file system says is free, and goes on writing. ~0: the truth.
  void SetFreeBytes(uint64_t bytes);

  // Once nothing uses the files any more. Ends all faults.
  void ApplyPowerCut(uint64_t seed);
  bool power_is_cut() const;
  uint64_t syncs_of_logs() const;
  // Whether the directory that holds this was synced when it was there.
  bool EntryIsSynced(const std::string& path) const;

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* bytes, rocksdb::IODebugContext* debug) override;

  // For the files it hands out.
  rocksdb::IOStatus BeforeRead(const std::string& path);
  rocksdb::IOStatus BeforeAppend(const std::string& path, uint64_t bytes);
  rocksdb::IOStatus BeforeWriteAt(const std::string& path, uint64_t offset, uint64_t bytes);
  rocksdb::IOStatus BeforeTruncate(const std::string& path, uint64_t size);
  rocksdb::IOStatus BeforeSync(const std::string& path);
  rocksdb::IOStatus BeforeSyncOfDirectory(const std::string& path);

 private:
  struct File {
    uint64_t size = 0;
    uint64_t synced_size = 0;
    std::vector<Overwritten> overwritten;  // of what was synced, since then
    bool in_synced_directory = false;
  };

  rocksdb::IOStatus Fault();
  uint64_t UsedBytes() const;

  mutable std::mutex mutex_;
  std::map<std::string, File> files_;
  std::set<std::string> synced_entries_;
  bool lies_ = false;
  bool cut_ = false;
  bool full_ = false;
  uint64_t disk_bytes_ = 0;  // 0: no bound
  bool was_full_ = false;
  std::string full_beginning_;
  uint64_t calls_ = 0;
  uint64_t failing_call_ = 0;
  bool fault_lasts_ = false;
  rocksdb::IOStatus fault_;
  uint64_t free_bytes_ = ~uint64_t{0};
  uint64_t syncs_ = 0;
  uint64_t syncs_of_logs_ = 0;
  uint64_t cut_at_sync_ = 0;
  std::string failing_ending_;
  std::string unreadable_ending_;
  rocksdb::IOStatus read_fault_;
  rocksdb::IOStatus sync_fault_;
};

}  // namespace smile::testing
