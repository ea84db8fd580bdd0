// Seeded randomness for tests: bytes, also ones that are difficult for encodings, and valid keys of
// any table.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "base/limits.h"
#include "model/key.h"

namespace smile::testing {

using Random = std::mt19937_64;

// 0 … bound-1
inline uint64_t Below(Random* random, uint64_t bound) {
  return std::uniform_int_distribution<uint64_t>(0, bound - 1)(*random);
}

inline Bytes RandomBytes(Random* random, size_t size) {
  Bytes bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(Below(random, 256));
  return bytes;
}

// Mostly the bytes that have a meaning in encodings, and their neighbours.
inline Bytes AwkwardBytes(Random* random, size_t size) {
  static constexpr std::array<uint8_t, 8> kAwkward = {0x00, 0x01, 0x02, 0x7f,
                                                      0x80, 0xfe, 0xff, 'a'};
  Bytes bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(kAwkward[Below(random, kAwkward.size())]);
  return bytes;
}

// Short for the most part, so that prefixes and equal ones are common.
inline Bytes AwkwardName(Random* random) {
  const size_t longest = Below(random, 20) == 0 ? limits::kMaxNameBytes : 4;
  return AwkwardBytes(random, 1 + Below(random, longest));
}

inline Bytes RandomPart(Random* random, const Part& part) {
  return part.type == PartType::kName ? AwkwardName(random)
                                      : AwkwardBytes(random, WidthOf(part.type));
}

inline Bytes RandomSort(Random* random, Table table) {
  Bytes sort;
  for (const Part& part : InfoOf(table).sort()) {
    if (part.only_named) {
      const size_t name = Below(random, part.number_names.size());
      sort.push_back(static_cast<char>(part.number_names[name].number));
    } else {
      sort += RandomPart(random, part);
    }
  }
  return sort;
}

inline Key RandomKey(Random* random, Table table) {
  return {table, RandomPart(random, InfoOf(table).partition), RandomSort(random, table)};
}

// As ScanRequest's `from` and `to` may be: empty, some parts, or all; a name cut anywhere.
inline Bytes RandomBound(Random* random, Table table) {
  Bytes bound;
  for (const Part& part : InfoOf(table).sort()) {
    if (Below(random, 3) == 0) break;
    bound += RandomPart(random, part);
  }
  return bound;
}

}  // namespace smile::testing
