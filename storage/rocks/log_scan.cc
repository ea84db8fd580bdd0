#include "storage/rocks/log_scan.h"

#include <algorithm>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/crc32c.h"
#include "storage/rocks/slices.h"

namespace smile {
namespace {

constexpr size_t kLogBlockBytes = size_t{32} << 10;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kBatchHeaderBytes = sizeof(uint64_t) + sizeof(uint32_t);
constexpr size_t kSectorBytes = 512;  // a disk writes at least this much atomically
constexpr size_t kTypeOffset = 6;     // in a header; the checksum covers everything from here
static_assert(kTypeOffset + sizeof(uint8_t) == kHeaderBytes && kLogBlockBytes % kSectorBytes == 0);

enum class Type : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// RocksDB masks a checksum that is stored next to its data, because the checksum of data that
// contains its own checksum is constant.
uint32_t Masked(uint32_t checksum) {
  return ((checksum >> 15) | (checksum << 17)) + 0xa282ead8u;
}

class Scanner {
 public:
  void Scan(ByteView block) {
    CHECK(block.size() <= kLogBlockBytes && block_ % kLogBlockBytes == 0);
    size_t at = 0;
    while (block.size() - at >= kHeaderBytes) {
      const ByteView rest = block.substr(at);
      const size_t size = kHeaderBytes + LoadLittle<uint16_t>(rest.data() + sizeof(uint32_t));
      const auto type = static_cast<Type>(rest[kTypeOffset]);
      const bool plausible = type >= Type::kFull && type <= Type::kLast && size <= rest.size();
      if (plausible && IsIntact(rest.substr(0, size))) {
        Take(type, rest.substr(kHeaderBytes, size - kHeaderBytes), block_ + at + size);
      } else {
        broken_ = true;
        if (std::all_of(rest.begin(), rest.end(), [](char byte) { return byte == 0; })) break;
        Raise(LogScan::Behind::kTorn);
        // The start of the next fragment is derived only from a header that was written atomically.
        // Anything else may be a value that a client crafted to be taken for a record.
        const bool in_one_sector = (block_ + at) % kSectorBytes <= kSectorBytes - kHeaderBytes;
        if (!plausible || !in_one_sector) break;
      }
      at += size;
    }
    block_ += block.size();
  }

  LogScan End() {
    if (in_record_) Raise(LogScan::Behind::kTorn);
    return scan_;
  }

 private:
  static bool IsIntact(ByteView fragment) {
    return LoadLittle<uint32_t>(fragment.data()) == Masked(Crc32c(fragment.substr(kTypeOffset)));
  }

  // An intact fragment.
  void Take(Type type, ByteView content, uint64_t end) {
    const bool begins = type == Type::kFull || type == Type::kFirst;
    if (begins == in_record_) broken_ = true;  // it has no beginning, or that before it no end
    if (broken_) return Raise(begins ? LogScan::Behind::kRecords : LogScan::Behind::kTorn);
    // A record is a write batch: a sequence number, how many writes it has, and these. Its header
    // may be in two fragments.
    if (begins) batch_header_.clear();
    batch_header_ += content.substr(0, kBatchHeaderBytes - batch_header_.size());
    in_record_ = type == Type::kFirst || type == Type::kMiddle;
    if (in_record_) return;
    CHECK(end > scan_.end);
    scan_.end = end;
    if (batch_header_.size() < kBatchHeaderBytes) return;
    scan_.writes += LoadLittle<uint32_t>(batch_header_.data() + sizeof(uint64_t));
  }

  void Raise(LogScan::Behind behind) { scan_.behind = std::max(scan_.behind, behind); }

  LogScan scan_;
  std::string batch_header_;  // of the current record, as far as it was read
  uint64_t block_ = 0;        // offset of the current block
  bool in_record_ = false;    // the sequence ends within a record
  bool broken_ = false;       // the sequence has ended
};

}  // namespace

Result<LogScan> ScanLog(rocksdb::FSSequentialFile* file) {
  Scanner scanner;
  const std::unique_ptr<char[]> buffer(new char[kLogBlockBytes]);
  rocksdb::Slice block;
  do {
    const rocksdb::IOStatus read =
        file->Read(kLogBlockBytes, rocksdb::IOOptions(), &block, buffer.get(), nullptr);
    if (!read.ok()) return Status(Code::kStorageFailed, read.ToString());
    scanner.Scan(ViewOf(block));
  } while (block.size() == kLogBlockBytes);
  return scanner.End();
}

}  // namespace smile
