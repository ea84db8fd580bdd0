#include "bench/smilebench/workload.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "bench/smilebench/random.h"

namespace smile::bench {
namespace {

constexpr size_t kHeadBytes = 16;  // number and generation
constexpr ByteView kRecordName = "bench";

// What a value is made of after its head.
Random ContentOf(uint64_t number, uint64_t generation) {
  return Random(Random(number).Next() ^ generation);
}

}  // namespace

const WorkloadInfo& InfoOf(WorkloadKind kind) {
  const auto& info = kWorkloads[static_cast<size_t>(kind)];
  CHECK(info.kind == kind, "kWorkloads is in the order of WorkloadKind");
  return info;
}

std::string_view NameOf(WorkloadKind kind) {
  return InfoOf(kind).name;
}

uint32_t KeysPerOperation(WorkloadKind kind) {
  return InfoOf(kind).reads == ReadKind::kMGet ? kKeysPerMGet : 1;
}

RecordKey::RecordKey(uint32_t posts_per_author, uint64_t number)
    : table_(posts_per_author > 0 ? Table::kPosts : Table::kUsers) {
  const uint64_t partition = posts_per_author > 0 ? number / posts_per_author : number;
  StoreLittle(partition_.data(), ByteSwap(partition));
  StoreLittle(post_.data(), ByteSwap(number - partition * posts_per_author));
}

KeyView RecordKey::view() const {
  const ByteView partition(partition_.data(), partition_.size());
  if (table_ == Table::kUsers) return {table_, partition, kRecordName};
  return {table_, partition, {post_.data(), post_.size()}};
}

uint64_t Authors(uint32_t posts_per_author, uint64_t keys) {
  return (keys + posts_per_author - 1) / posts_per_author;
}

uint32_t PostsOf(uint32_t posts_per_author, uint64_t author, uint64_t keys) {
  return static_cast<uint32_t>(
      std::min<uint64_t>(posts_per_author, keys - author * posts_per_author));
}

void MakeValue(uint64_t number, uint64_t generation, size_t size, Bytes* value) {
  if (size < kHeadBytes) generation = 0;
  value->clear();
  value->reserve(size + sizeof(uint64_t));
  AppendLittle(value, number);
  AppendLittle(value, generation);
  Random random = ContentOf(number, generation);
  while (value->size() < size) AppendLittle(value, random.Next());
  value->resize(size);
}

bool IsValueOf(uint64_t number, size_t size, ByteView value) {
  if (value.size() != size) return false;
  char word[sizeof(uint64_t)];
  StoreLittle(word, number);
  if (std::memcmp(value.data(), word, std::min(size, sizeof(word))) != 0) return false;
  uint64_t generation = 0;
  if (size >= kHeadBytes) {
    generation = LoadLittle<uint64_t>(value.data() + sizeof(word));
  } else if (size > sizeof(word)) {  // the first of its zeros
    const ByteView rest = value.substr(sizeof(word));
    return rest.find_first_not_of('\0') == ByteView::npos;
  }
  Random random = ContentOf(number, generation);
  size_t at = kHeadBytes;
  for (; at + sizeof(word) <= size; at += sizeof(word)) {
    if (LoadLittle<uint64_t>(value.data() + at) != random.Next()) return false;
  }
  if (at >= size) return true;
  StoreLittle(word, random.Next());
  return std::memcmp(value.data() + at, word, size - at) == 0;
}

}  // namespace smile::bench
