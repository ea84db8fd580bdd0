// One stream: content that is moved by `Start`, piece by piece.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/status.h"
#include "bench/smilebench/stream_content.h"
#include "bench/smilebench/streams_options.h"
#include "client/client.h"

namespace smile::bench {

// What all streams of a run share. All outlive them.
struct StreamShared {
  const StreamsOptions* options;
  const StreamContent* content;
  std::atomic<uint64_t>* bytes;       // of pieces that were moved
  const std::atomic<bool>* stopping;  // streams end at their next piece
};

class StreamTransfer {
 public:
  virtual ~StreamTransfer() = default;

  // Moves the content with this number; `name` is that of the upload or media record. `done` is
  // called once, on another thread or in this call, possibly long after the last piece. Destroyed
  // only after `done`.
  virtual void Start(uint64_t name, uint64_t content, std::function<void(Status)> done) = 0;
};

// Of `client`, which outlives it.
std::unique_ptr<StreamTransfer> MakeSmileUpload(const StreamShared& shared, Client* client);
std::unique_ptr<StreamTransfer> MakeSmileDownload(const StreamShared& shared, Client* client);

// The plain program. Its input is DIRECTORY/NAME.in, which PrepareFileUpload makes; it leaves a
// copy in DIRECTORY/NAME. Each has a thread of its own.
std::unique_ptr<StreamTransfer> MakeFileUpload(const StreamShared& shared);
Status PrepareFileUpload(const StreamShared& shared, uint64_t name, uint64_t content);

// From `smilebench serve`; the connection is made by Start. Each has a thread of its own.
std::unique_ptr<StreamTransfer> MakePlainDownload(const StreamShared& shared);

}  // namespace smile::bench
