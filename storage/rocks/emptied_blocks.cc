#include "storage/rocks/emptied_blocks.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <utility>

#include "base/check.h"
#include "storage/rocks/file_overlay.h"
#include "storage/rocks/table_blocks.h"

namespace smile {
namespace {

class FileWithOverlays final : public rocksdb::FSRandomAccessFile {
 public:
  FileWithOverlays(std::unique_ptr<rocksdb::FSRandomAccessFile> file,
                   const std::vector<FileOverlay>* overlays)
      : file_(std::move(file)), overlays_(overlays) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    rocksdb::IOStatus status = file_->Read(offset, size, options, result, scratch, debug);
    if (!status.ok()) return status;
    CHECK(result->size() <= size);
    if (result->data() != scratch) std::copy_n(result->data(), result->size(), scratch);
    *result = rocksdb::Slice(scratch, result->size());
    ApplyOverlays(*overlays_, offset, result->size(), scratch);
    return status;
  }

 private:
  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
  const std::vector<FileOverlay>* const overlays_;
};

class EmptiedBlocksFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  EmptiedBlocksFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base,
                          const std::vector<DamagedBlock>& blocks)
      : FileSystemWrapper(base) {
    for (const DamagedBlock& block : blocks) {
      overlays_[block.file].push_back({block.offset, bytes_.emplace_back(EmptyBlock(block.size))});
    }
  }

  const char* Name() const override { return "smile.EmptiedBlocksFileSystem"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = target()->NewRandomAccessFile(path, options, file, debug);
    const auto found = overlays_.find(std::filesystem::path(path).filename().string());
    if (status.ok() && found != overlays_.end()) {
      *file = std::make_unique<FileWithOverlays>(std::move(*file), &found->second);
    }
    return status;
  }

 private:
  std::deque<Bytes> bytes_;                                   // of the overlays
  std::map<std::string, std::vector<FileOverlay>> overlays_;  // by file
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> MakeEmptiedBlocksFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, const std::vector<DamagedBlock>& blocks) {
  return std::make_shared<EmptiedBlocksFileSystem>(base, blocks);
}

}  // namespace smile
