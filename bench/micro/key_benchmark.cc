// Keys to the form that they have on disk, and back.
#include <benchmark/benchmark.h>

#include "model/key.h"
#include "storage/key_encoding.h"

namespace smile {
namespace {

void EncodeKey(benchmark::State& state, const Key& key) {
  for (auto _ : state) {
    const EncodedKey encoded(key.view());
    benchmark::DoNotOptimize(encoded.view().data());
  }
}
void DecodeKey(benchmark::State& state, const Key& key) {
  const EncodedKey encoded(key.view());
  Bytes sort;
  for (auto _ : state) {
    if (!DecodeSort(key.table, encoded.view(), &sort)) state.SkipWithError("it does not decode");
    benchmark::DoNotOptimize(sort.data());
  }
}

BENCHMARK_CAPTURE(EncodeKey, user, UserKey(42, "profile"));
BENCHMARK_CAPTURE(EncodeKey, login, LoginKey("ada@example.org"));
BENCHMARK_CAPTURE(EncodeKey, post, PostKey(42, 7310));
BENCHMARK_CAPTURE(DecodeKey, user, UserKey(42, "profile"));
BENCHMARK_CAPTURE(DecodeKey, post, PostKey(42, 7310));

}  // namespace
}  // namespace smile
