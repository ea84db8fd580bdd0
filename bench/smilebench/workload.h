// What a run asks for, which records it uses, and what has to be in them.
//
// A record is known by its number. Its value is made from the number and a generation, so that a
// reader can tell a right value from a wrong one without knowing who wrote it last.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "bench/smilebench/options.h"
#include "model/key.h"

namespace smile::bench {

inline constexpr uint32_t kKeysPerMGet = 32;

// What the share of operations that are no reads does.
enum class WriteKind : uint8_t {
  kUpdate,           // puts one of the records anew
  kInsert,           // puts one that was not there
  kReadModifyWrite,  // gets one of the records, then puts it; one operation
};
enum class ReadKind : uint8_t { kGet, kMGet, kScan };

struct WorkloadInfo {
  WorkloadKind kind;
  std::string_view name;
  std::string_view summary;
  uint32_t read_percent;
  ReadKind reads = ReadKind::kGet;
  WriteKind writes = WriteKind::kUpdate;
  Distribution distribution = Distribution::kUniform;  // unless the options say otherwise
  uint32_t value_bytes = 100;                          // likewise
  uint32_t posts_per_author = 0;                       // 0: the records are of users
  uint32_t fewest_scanned = 0;                         // of one author; the most are all
  uint64_t first_author = 0;  // so that workloads with other authors leave these alone
  bool photos =
      false;          // the records are photos (bench/smilebench/photos.h), each used once in turn
  bool adds = false;  // a put adds 1 to a number instead

  uint64_t first_number() const { return first_author * posts_per_author; }
};

inline constexpr std::array<WorkloadInfo, 14> kWorkloads = {{
    {WorkloadKind::kGet, "get", "reads", 100},
    {WorkloadKind::kPut, "put", "durable writes", 0},
    {WorkloadKind::kMGet, "mget", "reads of 32 keys in one request (Tarantool: 32 in one pipeline)",
     100, ReadKind::kMGet},
    {WorkloadKind::kMixed, "mixed", "95 % reads, 5 % writes", 95},
    {WorkloadKind::kScan, "scan", "the 20 newest posts of one author", 100, ReadKind::kScan,
     WriteKind::kUpdate, Distribution::kUniform, 100, 20, 20},
    {WorkloadKind::kYcsbA, "ycsb-a", "half reads, half updates", 50, ReadKind::kGet,
     WriteKind::kUpdate, Distribution::kZipfian, 1'000},
    {WorkloadKind::kYcsbB, "ycsb-b", "95 % reads, 5 % updates", 95, ReadKind::kGet,
     WriteKind::kUpdate, Distribution::kZipfian, 1'000},
    {WorkloadKind::kYcsbC, "ycsb-c", "reads", 100, ReadKind::kGet, WriteKind::kUpdate,
     Distribution::kZipfian, 1'000},
    {WorkloadKind::kYcsbD, "ycsb-d", "95 % reads of the latest, 5 % inserts", 95, ReadKind::kGet,
     WriteKind::kInsert, Distribution::kLatest, 1'000},
    {WorkloadKind::kYcsbE, "ycsb-e",
     "95 % scans of an author's 1 to 100 newest posts, 5 % new posts of other authors", 95,
     ReadKind::kScan, WriteKind::kInsert, Distribution::kZipfian, 1'000, 100, 1, 1'000'000'000},
    {WorkloadKind::kYcsbF, "ycsb-f", "half reads, half read-modify-writes (counted as writes)", 50,
     ReadKind::kGet, WriteKind::kReadModifyWrite, Distribution::kZipfian, 1'000},
    {.kind = WorkloadKind::kPhotoPut,
     .name = "photo-put",
     .summary = "writes each of --keys photos of 20 to 400 KiB once",
     .read_percent = 0,
     .photos = true},
    {.kind = WorkloadKind::kPhotoGet,
     .name = "photo-get",
     .summary = "reads photos, each once before any of them again",
     .read_percent = 100,
     .photos = true},
    {.kind = WorkloadKind::kAdd,
     .name = "add",
     .summary = "durable additions of 1 to --keys numbers (Redis: INCR)",
     .read_percent = 0,
     .adds = true},
}};

const WorkloadInfo& InfoOf(WorkloadKind kind);
std::string_view NameOf(WorkloadKind kind);

// How many keys one operation asks for.
uint32_t KeysPerOperation(WorkloadKind kind);

// The key of the record with this number. If there are posts_per_author, it is a post of one of the
// authors, who are numbered from 0, as are the posts of each; else it is in a partition of its own.
// Its bytes are in itself, for it is made for each request.
class RecordKey {
 public:
  RecordKey(uint32_t posts_per_author, uint64_t number);

  // Good while this is where it is.
  KeyView view() const;

 private:
  Table table_;
  std::array<char, sizeof(uint64_t)> partition_;
  std::array<char, sizeof(uint64_t)> post_;
};

// How many authors the posts with numbers below `keys` have: at least one.
uint64_t Authors(uint32_t posts_per_author, uint64_t keys);

// How many of these posts this author has.
uint32_t PostsOf(uint32_t posts_per_author, uint64_t author, uint64_t keys);

// Replaces *value by the value of `size` bytes of this record and generation. Values of less than
// 16 bytes are the same in all generations.
void MakeValue(uint64_t number, uint64_t generation, size_t size, Bytes* value);

// Whether this is a value that MakeValue makes for this record.
bool IsValueOf(uint64_t number, size_t size, ByteView value);

}  // namespace smile::bench
