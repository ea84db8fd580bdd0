#include "storage/rocks/disk_space.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

static_assert(limits::kDiskShare > 0);
constexpr uint64_t kLeastCountedBytes = uint64_t{1} << 20;
// Each byte takes space twice: in the log, and when its memtable is flushed.
constexpr uint64_t kBytesTakenPerByte = 2;
constexpr uint64_t kStatBlockBytes = 512;

}  // namespace

DiskSpace::DiskSpace(std::string directory, uint64_t memtable_bytes, rocksdb::Env* env,
                     const Logger* log)
    : directory_(std::move(directory)),
      env_(env),
      log_(log),
      least_free_(limits::kMinFreeDiskBytes),
      reserve_bytes_(memtable_bytes + limits::kStartFreeDiskBytes) {}

void DiskSpace::Begin() {
  struct statvfs system = {};
  if (statvfs(directory_.c_str(), &system) == 0) {
    const uint64_t share = uint64_t{system.f_blocks} * system.f_frsize / limits::kDiskShare;
    least_free_ = std::min(least_free_.load(), share);
    reserve_bytes_ = std::min(reserve_bytes_.load(), share);
  }
  struct stat file = {};
  if (stat(ReservePath().c_str(), &file) != 0) return;
  // A copy of the file may be sparse.
  const uint64_t taken = static_cast<uint64_t>(file.st_blocks) * kStatBlockBytes;
  has_reserve_ = taken >= reserve_bytes_;
  if (!has_reserve_) (void)unlink(ReservePath().c_str());
}

uint64_t DiskSpace::LookAtFree() {
  uint64_t free = 0;
  if (env_->GetFreeSpace(directory_, &free).ok()) free_.store(free, std::memory_order_relaxed);
  return free_bytes();
}

void DiskSpace::Look(uint64_t memtable_bytes) {
  const std::lock_guard lock(mutex_);
  const uint64_t free = LookAtFree();
  memtables_now_.store(memtable_bytes, std::memory_order_relaxed);
  const uint64_t least = least_free_.load(std::memory_order_relaxed);
  uint64_t needed = least + memtable_bytes;
  if (!has_reserve()) needed += reserve_bytes();
  const bool was_low = low();
  // With hysteresis, so that it does not change with every flush of a memtable.
  const bool is_low = free < (was_low ? needed + least / 4 : needed);
  low_.store(is_low, std::memory_order_relaxed);
  tight_.store(!is_low && free < needed + kBytesTakenPerByte * memtable_bytes,
               std::memory_order_relaxed);
  counted_.store(0, std::memory_order_relaxed);
  CHECK(is_low || free >= needed);
  const uint64_t headroom = is_low ? 0 : free - needed;
  look_at_.store(std::max(headroom / limits::kDiskShare, kLeastCountedBytes),
                 std::memory_order_relaxed);
  if (is_low == was_low) return;
  log_->Warning(
      is_low ? fmt::format("the disk of {} is nearly full ({} bytes are free, {} are needed): puts "
                           "are rejected; free some space",
                           directory_, free, needed)
             : fmt::format("the disk of {} has enough space again: puts are accepted", directory_));
}

bool DiskSpace::Count(uint64_t bytes) {
  const uint64_t taken = kBytesTakenPerByte * bytes;
  return counted_.fetch_add(taken, std::memory_order_relaxed) + taken >=
         look_at_.load(std::memory_order_relaxed);
}

bool DiskSpace::MakeRoom(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (LookAtFree() >= bytes) return true;
  if (!has_reserve()) return false;
  (void)unlink(ReservePath().c_str());
  has_reserve_.store(false, std::memory_order_relaxed);
  log_->Warning(
      fmt::format("the disk of {} is full: RESERVE ({} bytes) was removed to make room for "
                  "deletes; free some space",
                  directory_, reserve_bytes()));
  return LookAtFree() >= bytes;
}

void DiskSpace::KeepReserve() {
  const std::lock_guard lock(mutex_);
  const uint64_t bytes = reserve_bytes();
  const uint64_t least = least_free_.load(std::memory_order_relaxed);
  if (has_reserve() || bytes == 0) return;
  if (LookAtFree() < least + least / 4 + memtables_now_.load(std::memory_order_relaxed) + bytes) {
    return;
  }
  const int file = open(ReservePath().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  const bool made = fallocate(file, 0, 0, static_cast<off_t>(bytes)) == 0;
  const int error = errno;
  close(file);
  if (!made) (void)unlink(ReservePath().c_str());
  if (!made && error == EOPNOTSUPP) {
    reserve_bytes_ = 0;
    log_->Warning(
        fmt::format("the file system of {} cannot reserve space: on a full disk deletes "
                    "may fail",
                    directory_));
  }
  has_reserve_.store(made, std::memory_order_relaxed);
}

}  // namespace smile
