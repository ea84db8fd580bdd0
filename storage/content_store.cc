#include "storage/content_store.h"

#include <sys/random.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace smile {

ContentId RandomContentId() {
  ContentId id;
  do {
    // Does not fail, and is not interrupted, for so few bytes.
    CHECK(getrandom(id.bytes.data(), id.bytes.size(), 0) == static_cast<ssize_t>(id.bytes.size()));
  } while (IsIdOfStore(id));
  return id;
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
