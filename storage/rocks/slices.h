// Conversion of RocksDB's byte views to Smile's.
#pragma once

#include <rocksdb/slice.h>

#include "base/bytes.h"

namespace smile {

// Borrows the same bytes.
inline ByteView ViewOf(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace smile
