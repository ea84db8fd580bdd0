// Paths and keys: a parsed path gives a valid key, and the path of that key parses to the same key;
// any bytes can be printed.
#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "model/path.h"

namespace smile {
namespace {

void FuzzPath(ByteView text) {
  const Result<Path> path = ParsePath(text);
  if (path.ok() && path->kind != Path::Kind::kTable) {
    const std::string written = FormatKey(path->key.view());
    const Result<Path> again = ParsePath(written);
    CHECK(again.ok(), written);
    CHECK(again->key == path->key && again->kind == path->kind, written);
    CHECK(ValidatePartition(path->key.view().partition_view()).ok());
    CHECK(ValidateSortBound(path->key.table, path->key.sort).ok());
    if (path->kind == Path::Kind::kRecord) CHECK(ValidateKey(path->key.view()).ok());
  }
  // As a key that may be invalid: table, size of the partition, both parts.
  if (text.size() < 2) return;
  const auto table = static_cast<Table>(static_cast<uint8_t>(text[0]) % kTables.size() + 1);
  const ByteView rest = text.substr(2);
  const size_t split = static_cast<uint8_t>(text[1]) % (rest.size() + 1);
  const KeyView key{table, rest.substr(0, split), rest.substr(split)};
  const std::string written = FormatKey(key);
  CHECK(IsUtf8(written));
  if (!ValidateKey(key).ok() || InfoOf(table).internal) return;
  const Result<Key> read = ParseKey(written);
  CHECK(read.ok(), written);
  CHECK(read->view() == key, written);
}

}  // namespace
}  // namespace smile

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smile::FuzzPath({reinterpret_cast<const char*>(data), size});
  return 0;
}
