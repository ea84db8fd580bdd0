#include "storage/rocks/emptied_blocks.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "base/check.h"
#include "storage/rocks/table_blocks.h"

namespace smile {
namespace {

struct Overlay {
  uint64_t offset;
  Bytes bytes;
};

class FileWithOverlays final : public rocksdb::FSRandomAccessFile {
 public:
  FileWithOverlays(std::unique_ptr<rocksdb::FSRandomAccessFile> file,
                   const std::vector<Overlay>* overlays)
      : file_(std::move(file)), overlays_(overlays) {}

  rocksdb::IOStatus Read(uint64_t offset, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override {
    rocksdb::IOStatus status = file_->Read(offset, size, options, result, scratch, debug);
    if (!status.ok()) return status;
    CHECK(result->size() <= size);
    if (result->data() != scratch) std::copy_n(result->data(), result->size(), scratch);
    *result = rocksdb::Slice(scratch, result->size());
    for (const Overlay& overlay : *overlays_) {
      const uint64_t begin = std::max(offset, overlay.offset);
      const uint64_t end = std::min(offset + result->size(), overlay.offset + overlay.bytes.size());
      if (begin >= end) continue;
      std::copy_n(overlay.bytes.data() + (begin - overlay.offset), end - begin,
                  scratch + (begin - offset));
    }
    return status;
  }

 private:
  const std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
  const std::vector<Overlay>* const overlays_;
};

class EmptiedBlocksFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  EmptiedBlocksFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base,
                          const std::vector<EmptiedBlock>& blocks)
      : FileSystemWrapper(base) {
    for (const EmptiedBlock& block : blocks) {
      overlays_[block.file].push_back({block.offset, EmptyBlock(block.size)});
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
  std::map<std::string, std::vector<Overlay>> overlays_;  // by file
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> MakeEmptiedBlocksFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, const std::vector<EmptiedBlock>& blocks) {
  return std::make_shared<EmptiedBlocksFileSystem>(base, blocks);
}

}  // namespace smile
