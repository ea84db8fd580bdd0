// The graph of LinkBench: nodes with payloads, and links with payloads and times from each to
// others. All of it follows from a seed and the number of nodes; none of it is held in memory.
//
// LinkBench: Armstrong, Ponnekanti, Borthakur and Callaghan, "LinkBench: a database benchmark based
// on the Facebook social graph", SIGMOD 2013. Numbers here are those of its published configuration
// (https://github.com/facebookarchive/linkbench, config/FBWorkload.properties).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "bench/linkbench/permutation.h"
#include "bench/smilebench/random.h"

namespace smile::bench {

inline constexpr uint32_t kLinkKinds = 2;
inline constexpr uint64_t kMaxGraphNodes = uint64_t{1} << 40;
inline constexpr size_t kMaxLinkBytes = 255;
inline constexpr size_t kMaxNodeBytes = size_t{1} << 20;

// Links that a node has, if the share `rank` (0 to below 1) of all nodes have at least as many. The
// published distribution: 45.33 % have none, 95.83 % at most 5, the maximum is 961,963, the mean is
// 4.10. Between its points in this file it is a power law.
uint64_t OutDegreeAt(double rank);

class Graph {
 public:
  // `nodes` is 1 to kMaxGraphNodes.
  Graph(uint64_t nodes, uint64_t seed)
      : nodes_(nodes), seed_(seed), ranks_(nodes, Random(seed).Next()) {}

  // They have the ids 1 to nodes().
  uint64_t nodes() const { return nodes_; }
  uint64_t seed() const { return seed_; }

  // Links of a kind, below kLinkKinds, that a node has after the load. The first has the id of the
  // node + 1, and so on.
  uint64_t LinksOf(uint64_t node, uint32_t kind) const;
  uint64_t OutDegree(uint64_t node) const;

  // The node with that rank, from 0, which has the most links.
  uint64_t NodeOfRank(uint64_t rank) const { return 1 + ranks_.Apply(rank); }

 private:
  uint64_t nodes_;
  uint64_t seed_;
  Permutation ranks_;  // rank to node - 1
};

// Payloads: of a length with a log-normal distribution (sigma 1), made of pieces of 32 bytes, each
// either new or a copy of a part of a constant.
class Payloads {
 public:
  static Payloads OfLinks() { return {8, kMaxLinkBytes, 32, 100, 0.225}; }  // 8 bytes in the median
  static Payloads OfNodes() { return {128, kMaxNodeBytes, 50, 220, 0.63}; }  // 128 bytes

  // Replaces *payload.
  void Make(Random* random, Bytes* payload) const;

 private:
  static constexpr size_t kMotifBytes = 512;
  static constexpr size_t kPieceBytes = 32;

  Payloads(double median, size_t most, uint8_t first_byte, uint8_t last_byte, double unique);
  char NewByte(Random* random) const;

  double median_;
  size_t most_;
  uint8_t first_byte_;
  uint64_t byte_count_;
  double unique_;
  Bytes motif_;
};

// From 0 to below 1.
double UniformOf(Random* random);

}  // namespace smile::bench
