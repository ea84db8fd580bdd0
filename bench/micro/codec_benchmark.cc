// Requests and replies to bytes and back.
#include <vector>

#include <benchmark/benchmark.h>

#include "base/hash.h"
#include "model/key.h"
#include "protocol/message.h"
#include "protocol/operations.h"

namespace smile {
namespace {

template <class M>
void EncodeMessage(benchmark::State& state, const M& message) {
  Bytes out;
  for (auto _ : state) {
    out.clear();
    Encode(message, &out);
    benchmark::DoNotOptimize(out.data());
  }
}

template <class M>
void DecodeMessage(benchmark::State& state, const M& message) {
  Bytes body;
  Encode(message, &body);
  for (auto _ : state) {
    M decoded;
    if (!Decode(body, &decoded).ok()) state.SkipWithError("it does not decode");
    benchmark::DoNotOptimize(decoded);
  }
}

// A record of 100 bytes, and the messages that carry it.
struct Samples {
  Key key = UserKey(42, "profile");
  Bytes value = Bytes(100, 'v');
  RecordView record{.version = 7, .checksum = Hash64(value), .expires_ms = 0, .value = value};

  op::Get::Request get() const { return {.key = key.view()}; }
  op::Get::Response got() const { return {.record = record}; }
  op::Put::Request put() const {
    op::Put::Request request;
    request.key = key.view();
    request.checksum = record.checksum;
    request.value = value;
    return request;
  }
  op::Scan::Response page(size_t entries) const {
    op::Scan::Response response;
    response.entries.resize(entries, {.sort = key.sort, .record = record});
    return response;
  }
};

void EncodeGet(benchmark::State& state) {
  const Samples samples;
  EncodeMessage(state, samples.get());
}
void DecodeGet(benchmark::State& state) {
  const Samples samples;
  DecodeMessage(state, samples.get());
}
void EncodeGetReply(benchmark::State& state) {
  const Samples samples;
  EncodeMessage(state, samples.got());
}
void DecodeGetReply(benchmark::State& state) {
  const Samples samples;
  DecodeMessage(state, samples.got());
}
void EncodePut(benchmark::State& state) {
  const Samples samples;
  EncodeMessage(state, samples.put());
}
void DecodePut(benchmark::State& state) {
  const Samples samples;
  DecodeMessage(state, samples.put());
}
void EncodeScanReplyOf20(benchmark::State& state) {
  const Samples samples;
  EncodeMessage(state, samples.page(20));
}
void DecodeScanReplyOf20(benchmark::State& state) {
  const Samples samples;
  DecodeMessage(state, samples.page(20));
}

BENCHMARK(EncodeGet);
BENCHMARK(DecodeGet);
BENCHMARK(EncodeGetReply);
BENCHMARK(DecodeGetReply);
BENCHMARK(EncodePut);
BENCHMARK(DecodePut);
BENCHMARK(EncodeScanReplyOf20);
BENCHMARK(DecodeScanReplyOf20);

}  // namespace
}  // namespace smile
