#include "storage/content_store.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"
#include "storage/content_errors.h"

namespace smile {

ContentId RandomContentId() {
  ContentId id;
  do {
    // Does not fail, and is not interrupted, for so few bytes.
    CHECK(getrandom(id.bytes.data(), id.bytes.size(), 0) == static_cast<ssize_t>(id.bytes.size()));
  } while (IsIdOfStore(id));
  return id;
}

Result<ContentPiece> PieceOf(Bytes content, uint64_t checksum, uint64_t offset, uint32_t size) {
  const uint64_t content_size = content.size();
  if (offset > content_size) return BeyondTheContent(content_size);
  if (offset > 0 || size < content_size) {
    content.erase(0, offset);
    content.resize(std::min<uint64_t>(content.size(), size));
    checksum = Hash64(content);
  }
  return ContentPiece{
      .bytes = std::move(content), .checksum = checksum, .content_size = content_size, .file = {}};
}

std::string ContentId::ToHex() const {
  return smile::ToHex(ByteView(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::optional<ContentId> ContentId::FromHex(std::string_view text) {
  const auto bytes = smile::FromHex(text);
  ContentId id;
  if (!bytes || bytes->size() != id.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

}  // namespace smile
