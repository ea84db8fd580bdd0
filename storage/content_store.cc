#include "storage/content_store.h"

#include "base/text.h"

namespace smile {

std::string ContentId::ToHex() const {
  return smile::ToHex(ByteView(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace smile
