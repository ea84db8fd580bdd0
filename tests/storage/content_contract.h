// The fixture of the contract suite of storage/content_store.h.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "storage/content/content_files.h"
#include "storage/memory_content_store.h"
#include "tests/storage/blocking_content.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {

inline constexpr uint32_t kContractChunk = limits::kMinChunkBytes;

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<ContentStore>(const std::string& directory, const Clock* clock)>
      make;

  friend std::ostream& operator<<(std::ostream& out, const StoreKind& kind) {
    return out << kind.name;
  }
};

inline std::vector<StoreKind> AllStores() {
  return {{"memory",
           [](const std::string&, const Clock*) { return std::make_unique<MemoryContentStore>(); }},
          {"files", [](const std::string& directory, const Clock* clock) {
             return std::move(ContentFiles::Open({.directory = directory}, clock)).value();
           }}};
}

inline ContentId ContentOf(uint8_t number) {
  ContentId id;
  id.bytes.fill(number);
  return id;
}

class ContentContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  ContentContract()
      : store_(GetParam().make(directory_ / "content", &clock_)), content_(store_.get()) {}

  Bytes Random(size_t size) { return RandomBytes(&random_, size); }
  Status Upload(const ContentId& id, const Bytes& bytes) {
    SMILE_TRY(content_.Begin({.id = id, .chunk_bytes = kContractChunk, .size = bytes.size()}));
    for (size_t offset = 0; offset < bytes.size(); offset += kContractChunk) {
      SMILE_TRY(content_.Append(id, offset, bytes.substr(offset, kContractChunk)));
    }
    return content_.Seal(id);
  }

  TempDirectory directory_;
  ManualClock clock_;
  std::mt19937_64 random_{1};
  const std::unique_ptr<ContentStore> store_;
  BlockingContent content_;
};

}  // namespace smile::testing
