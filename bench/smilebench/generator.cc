#include "bench/smilebench/generator.h"

#include <algorithm>

namespace smile::bench {
namespace {

// A prime: multiples of it, modulo the number of photos, come to all of them, in no order.
constexpr uint64_t kPhotoStride = 2'654'435'761;

}  // namespace

Generator::Generator(const BenchOptions& options, uint32_t index)
    : workload_(InfoOf(options.workload)),
      distribution_(options.distribution),
      keys_(options.keys),
      first_(options.first),
      threads_(options.threads),
      index_(index),
      random_(Random(index).Next()),
      scrambled_keys_(keys_),
      scrambled_authors_(
          workload_.posts_per_author == 0 ? 1 : Authors(workload_.posts_per_author, keys_)) {
  if (distribution_ == Distribution::kLatest) latest_.emplace(keys_);
}

Generator::Choice Generator::Next(std::span<uint64_t> numbers) {
  if (workload_.photos) return NextPhoto();
  if (random_.Below(100) < workload_.read_percent) return Read(numbers);
  switch (workload_.writes) {
    case WriteKind::kUpdate:
      return {.kind = OperationKind::kPut, .number = NextNumber()};
    case WriteKind::kInsert:
      later_there_.push_back(false);
      return {.kind = OperationKind::kPut, .number = NumberOfInsert(inserts_++)};
    case WriteKind::kReadModifyWrite:
      break;
  }
  return {.kind = OperationKind::kGet, .then_put = true, .number = NextNumber()};
}

Generator::Choice Generator::Read(std::span<uint64_t> numbers) {
  switch (workload_.reads) {
    case ReadKind::kScan:
      return Scan();
    case ReadKind::kMGet:
      numbers = numbers.first(kKeysPerMGet);
      for (uint64_t& number : numbers) number = NextNumber();
      return {.kind = OperationKind::kMGet};
    case ReadKind::kGet:
      break;
  }
  return {.kind = OperationKind::kGet, .number = NextNumber()};
}

Generator::Choice Generator::NextPhoto() {
  const uint64_t nth = photos_++ % keys_;
  if (workload_.read_percent == 0) return {.kind = OperationKind::kPut, .number = first_ + nth};
  return {.kind = OperationKind::kGet, .number = first_ + nth * kPhotoStride % keys_};
}

// Inserted posts are not scanned: they are of authors after those that `keys` has.
Generator::Choice Generator::Scan() {
  const uint32_t per_author = workload_.posts_per_author;
  const uint64_t author = NextOf(Authors(per_author, keys_), scrambled_authors_);
  const uint32_t there = PostsOf(per_author, author, keys_);
  const uint64_t lengths = per_author - workload_.fewest_scanned + 1;
  const auto wanted = workload_.fewest_scanned + static_cast<uint32_t>(random_.Below(lengths));
  return {.kind = OperationKind::kScan,
          .limit = std::min(wanted, there),
          .number = workload_.first_author + author};
}

uint64_t Generator::NextNumber() {
  if (latest_.has_value()) return NextLatest();
  return NextOf(keys_, scrambled_keys_);
}

uint64_t Generator::NextOf(uint64_t count, const ScrambledZipfian& zipfian) {
  if (distribution_ == Distribution::kUniform) return random_.Below(count);
  return zipfian.Next(&random_);
}

uint64_t Generator::NextLatest() {
  const uint64_t age = latest_->Next(&random_);
  if (age < inserted_) return NumberOfInsert(inserted_ - 1 - age);
  return keys_ - 1 - (age - inserted_);
}

// Each loader inserts records of its own. Posts are of whole authors that are not scanned.
uint64_t Generator::NumberOfInsert(uint64_t nth) const {
  const uint64_t per_author = std::max(workload_.posts_per_author, 1u);
  const uint64_t first = (keys_ + per_author - 1) / per_author * per_author;
  return workload_.first_number() + first + nth * threads_ + index_;
}

void Generator::WasPut(uint64_t number) {
  if (workload_.writes != WriteKind::kInsert || number < NumberOfInsert(inserted_)) return;
  later_there_[(number - NumberOfInsert(inserted_)) / threads_] = true;
  while (!later_there_.empty() && later_there_.front()) {
    later_there_.pop_front();
    ++inserted_;
  }
  if (latest_.has_value()) latest_->Grow(keys_ + inserted_);
}

}  // namespace smile::bench
