#include "bench/smilebench/verifier.h"

#include "bench/smilebench/workload.h"

namespace smile::bench {

bool Verifier::IsRight(const Operation& operation, const Found& found) const {
  switch (operation.kind) {
    case OperationKind::kPing:
    case OperationKind::kPut:
      return true;
    case OperationKind::kGet:
      return found.values.size() == 1 && IsRightValue(operation.number, found.values[0]);
    case OperationKind::kMGet:
      if (found.values.size() != operation.numbers.size()) return false;
      for (size_t i = 0; i < found.values.size(); ++i) {
        if (!IsValueOf(operation.numbers[i], value_bytes_, found.values[i])) return false;
      }
      return true;
    case OperationKind::kScan:
      return IsRightScan(operation, found);
  }
  return false;
}

bool Verifier::IsRightValue(uint64_t number, ByteView value) const {
  if (photos_ != nullptr) return photos_->IsRight(number, value);
  return IsValueOf(number, value_bytes_, value);
}

bool Verifier::IsRightScan(const Operation& operation, const Found& found) const {
  const size_t count = found.values.size();
  if (count > operation.limit || found.posts.size() != count) return false;
  if (count < operation.limit && !found.cut_short) return false;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t post = operation.newest - i;
    const uint64_t number = operation.number * posts_per_author_ + post;
    if (found.posts[i] != post) return false;
    if (!IsValueOf(number, value_bytes_, found.values[i])) return false;
  }
  return true;
}

}  // namespace smile::bench
