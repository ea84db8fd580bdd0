#include "storage/rocks/readable_bytes.h"

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace smile {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kChunkBytes = 256 * kPageBytes;
static_assert(kChunkBytes % kPageBytes == 0);

// Into `to`. False if not all of it can be read.
bool Read(const rocksdb::FSRandomAccessFile& file, uint64_t offset, size_t size, char* to) {
  rocksdb::Slice read;
  if (!file.Read(offset, size, rocksdb::IOOptions(), &read, to, nullptr).ok()) return false;
  CHECK(read.size() <= size);
  if (read.data() != to) std::copy_n(read.data(), read.size(), to);
  return read.size() == size;
}

}  // namespace

Bytes ReadReadableBytes(rocksdb::FileSystem* system, const std::string& path) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  uint64_t size = 0;
  const rocksdb::IOOptions options;
  if (!system->GetFileSize(path, options, &size, nullptr).ok() ||
      !system->NewRandomAccessFile(path, rocksdb::FileOptions(), &file, nullptr).ok()) {
    return {};
  }
  Bytes bytes(size, '\0');
  for (size_t chunk = 0; chunk < size; chunk += kChunkBytes) {
    const size_t end = std::min<size_t>(size, chunk + kChunkBytes);
    if (Read(*file, chunk, end - chunk, bytes.data() + chunk)) continue;
    for (size_t page = chunk; page < end; page += kPageBytes) {
      const size_t page_size = std::min(kPageBytes, end - page);
      if (!Read(*file, page, page_size, bytes.data() + page)) {
        std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(page), page_size, '\0');
      }
    }
  }
  return bytes;
}

}  // namespace smile
