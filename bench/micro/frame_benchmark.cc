// Frames: writing and reading them, which is mostly their checksum.
#include <cstdint>

#include <benchmark/benchmark.h>

#include "base/hash.h"
#include "protocol/frame.h"

namespace smile {
namespace {

Bytes FrameOf(size_t body_bytes) {
  Bytes bytes;
  FrameWriter writer(&bytes, {.id = 1, .code = 2});
  bytes.append(body_bytes, 'x');
  writer.Finish();
  return bytes;
}

void FrameChecksumOf(benchmark::State& state) {
  const Bytes frame = FrameOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(FrameChecksum(frame));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * frame.size()));
}
BENCHMARK(FrameChecksumOf)->Arg(0)->Arg(100)->Arg(1 << 10)->Arg(64 << 10)->Arg(1 << 20);

void WriteFrame(benchmark::State& state) {
  const Bytes body(static_cast<size_t>(state.range(0)), 'x');
  Bytes out;
  for (auto _ : state) {
    out.clear();
    FrameWriter writer(&out, {.id = 1, .code = 2});
    out.append(body);
    writer.Finish();
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(WriteFrame)->Arg(0)->Arg(100)->Arg(64 << 10);

void ReadFrames(benchmark::State& state) {
  constexpr int64_t kFrames = 32;  // that arrive together
  Bytes stream;
  for (int64_t i = 0; i < kFrames; ++i) stream += FrameOf(static_cast<size_t>(state.range(0)));
  FrameReader reader(size_t{4} << 20);
  Frame frame;
  for (auto _ : state) {
    reader.Feed(stream);
    while (reader.Next(&frame) == FrameReader::Event::kFrame) {
      benchmark::DoNotOptimize(frame.header.id);
    }
    reader.Keep();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kFrames);
}
BENCHMARK(ReadFrames)->Arg(0)->Arg(100)->Arg(4 << 10);

}  // namespace
}  // namespace smile
