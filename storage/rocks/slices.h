// RocksDB's byte views as Smile's.
#pragma once

#include <rocksdb/slice.h>

#include "base/bytes.h"

namespace smile {

// The same bytes, owned by whom they were.
inline ByteView ViewOf(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace smile
