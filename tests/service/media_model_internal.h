// What the files of media_model share.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "tests/service/media_model.h"

namespace smile::testing {

inline constexpr uint32_t kModelChunk = limits::kMinChunkBytes;
inline constexpr uint64_t kOwners = 2;

inline bool IsTransient(const Status& status) {
  return status.code() == Code::kOutcomeUnknown;
}

inline const Status& StatusOf(const Status& status) {
  return status;
}
template <class T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}

// What a restart replaces.
struct MediaModel::Process {
  explicit Process(MediaModel* model)
      : engine(&model->engine_, &faults),
        store(&model->store_, &faults),
        media(engine, store, model->clock_,
              [model] {
                ContentId id;
                for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(model->random_());
                return id;
              }),
        sweeper(
            engine, model->clock_, [this](WorkItem item) { return media.Finish(std::move(item)); },
            [this] { return media.ReleaseDoubtful(); }) {}

  Faults faults;
  FaultyEngine engine;
  FaultyContentStore store;
  MediaService media;
  Sweeper sweeper;
};

template <class Call>
auto MediaModel::WithFaults(const Call& call, bool* interrupted) {
  PlanFaults();
  auto result = call();
  process_->faults.Clear();
  *interrupted = IsTransient(StatusOf(result));
  if (!*interrupted) return result;
  if (below_(2) == 0) Restart();
  if (below_(2) == 0) Settle();
  return call();
}

}  // namespace smile::testing
