// For tests: a media service on an engine, with content in memory.
#pragma once

#include "base/clock.h"
#include "service/media/media_service.h"
#include "storage/memory_content_store.h"

namespace smile {

struct MemoryMedia {
  MemoryMedia(Engine& engine, const Clock& clock)
      : service(engine, store, clock, RandomContentId) {}

  MemoryContentStore store;
  const MediaService service;
};

}  // namespace smile
