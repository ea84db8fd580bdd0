// Media records in replies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "protocol/media_operations.h"
#include "server/reply.h"
#include "service/media/media_service.h"

namespace smile {

template <size_t N>
ByteView ViewOf(const std::array<uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

// Borrows from the manifest.
op::MediaInfo InfoOf(uint64_t media, const MediaManifest& manifest);

// Writes as much of the page as has room in the reply, and a continuation after that.
void ReplyWithMedia(const MediaPage& page, Reply* reply);

}  // namespace smile
