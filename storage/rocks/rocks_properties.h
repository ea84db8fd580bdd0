// RocksDB's properties as numbers; 0 if a property is unknown.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <string>

namespace smile {

// For properties that RocksDB provides as numbers.
uint64_t IntProperty(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                     const std::string& property);
// For properties that RocksDB provides only as text.
uint64_t TextProperty(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                      const std::string& property);

// The number at the beginning of the text.
uint64_t NumberIn(const std::string& text);

}  // namespace smile
