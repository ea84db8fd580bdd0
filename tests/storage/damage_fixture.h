// A RocksEngine with records in table files, in which a test overwrites bytes.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/storage/rocks_fixture.h"

namespace smile::testing {

class DamageTest : public RocksTest {
 protected:
  static constexpr uint64_t kUsers = 2000;

  // Bytes that no compression makes fewer.
  static std::string ValueOf(uint64_t user) {
    std::string value = std::to_string(user);
    for (uint64_t state = user + 1; value.size() < 100;) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      value.push_back(static_cast<char>(state >> 56));
    }
    return value;
  }

  void PutUsers(uint64_t first, uint64_t last) {
    for (uint64_t user = first; user < last; ++user) {
      engine_->Write(
          WriteRequest({Table::kUsers, PartitionOf(user)}, {PutOf("profile", ValueOf(user))}, 0),
          [](WriteReply reply) { ASSERT_TRUE(reply.status.ok()); });
    }
    ASSERT_TRUE(engine().Put(UserKey(last, "last"), "v").status.ok());
  }

  // Of a table, the largest first.
  std::vector<rocksdb::LiveFileMetaData> FilesOf(Table table) {
    std::vector<rocksdb::LiveFileMetaData> files, found;
    db()->GetLiveFilesMetaData(&files);
    for (const auto& file : files) {
      if (file.column_family_name == InfoOf(table).name) found.push_back(file);
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.size > b.size; });
    return found;
  }
  static std::string PathOf(const rocksdb::LiveFileMetaData& file) {
    return file.db_path + file.name;
  }

  static void Overwrite(const std::string& path, uint64_t offset,
                        const std::string& bytes = "\xde\xad\xbe\xef\xde\xad\xbe\xef") {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset)) << bytes;
    ASSERT_TRUE(file.good());
  }
  // Of the files in the directory, whose name ends so.
  std::vector<std::string> Files(const std::string& ending) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory + "/rocksdb")) {
      if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

}  // namespace smile::testing
