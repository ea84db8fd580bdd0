#include "storage/rocks/rocks_properties.h"

#include <charconv>

namespace smile {

uint64_t IntProperty(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                     const std::string& property) {
  uint64_t value = 0;
  return db->GetIntProperty(family, property, &value) ? value : 0;
}

uint64_t TextProperty(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                      const std::string& property) {
  std::string text;
  return db->GetProperty(family, property, &text) ? NumberIn(text) : 0;
}

uint64_t NumberIn(const std::string& text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace smile
