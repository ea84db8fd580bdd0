// What RocksDB says of itself, as numbers. What it does not know is 0.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <string>

namespace smile {

// For properties that RocksDB has as numbers.
uint64_t IntProperty(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                     const std::string& property);
// For those that it only has as words.
uint64_t TextProperty(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                      const std::string& property);

// The number that the text begins with.
uint64_t NumberIn(const std::string& text);

}  // namespace smile
