#include "bench/linkbench/graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace smile::bench {
namespace {

struct DegreePoint {
  uint64_t degree;
  double more;  // share of nodes with a larger one
};

// From config/Distribution.dat, "nlinks".
constexpr std::array<DegreePoint, 25> kDegrees = {{
    {0, 1 - 0.4533160573},      {1, 1 - 0.7746259112},      {2, 1 - 0.8695805953},
    {3, 1 - 0.9199305428},      {4, 1 - 0.9445079910},      {5, 1 - 0.9582807169},
    {6, 1 - 0.9672252805},      {8, 1 - 0.9776142319},      {10, 1 - 0.9832803368},
    {15, 1 - 0.9902687903},     {20, 1 - 0.9932695560},     {30, 1 - 0.9955693901},
    {50, 1 - 0.9972156049},     {97, 1 - 0.9982778664},     {200, 1 - 0.9988513523},
    {500, 1 - 0.9992746369},    {997, 1 - 0.9995056532},    {2'001, 1 - 0.9996938485},
    {4'001, 1 - 0.9998392919},  {10'020, 1 - 0.9999506101}, {20'108, 1 - 0.9999855419},
    {31'027, 1 - 0.9999942346}, {64'236, 1 - 0.9999989793}, {198'095, 1 - 0.9999999045},
    {961'963, 1e-10},
}};

// Standard normal: Box and Muller, 1958.
double NormalOf(Random* random) {
  const double radius = std::sqrt(-2 * std::log(1 - UniformOf(random)));
  return radius * std::cos(2 * std::numbers::pi * UniformOf(random));
}

}  // namespace

double UniformOf(Random* random) {
  return static_cast<double>(random->Next() >> 11) * 0x1p-53;
}

uint64_t OutDegreeAt(double rank) {
  const auto* const above = std::find_if(kDegrees.begin(), kDegrees.end(),
                                         [&](const DegreePoint& at) { return at.more <= rank; });
  if (above == kDegrees.end()) return kDegrees.back().degree;
  if (above == kDegrees.begin()) return above->degree;
  const DegreePoint& below = *(above - 1);
  if (below.degree == 0) return above->degree;
  const double part = std::log(below.more / rank) / std::log(below.more / above->more);
  const auto least = static_cast<double>(below.degree);
  return static_cast<uint64_t>(
      std::ceil(least * std::pow(static_cast<double>(above->degree) / least, part) - 1e-9));
}

uint64_t Graph::OutDegree(uint64_t node) const {
  return OutDegreeAt((static_cast<double>(ranks_.Invert(node - 1)) + 0.5) /
                     static_cast<double>(nodes_));
}

uint64_t Graph::LinksOf(uint64_t node, uint32_t kind) const {
  const uint64_t degree = OutDegree(node);
  return degree / kLinkKinds + (kind < degree % kLinkKinds ? 1 : 0);
}

Payloads::Payloads(double median, size_t most, uint8_t first_byte, uint8_t last_byte, double unique)
    : median_(median),
      most_(most),
      first_byte_(first_byte),
      byte_count_(uint64_t{last_byte} - first_byte + 1),
      unique_(unique) {
  Random random(first_byte);
  while (motif_.size() < kMotifBytes) motif_.push_back(NewByte(&random));
}

char Payloads::NewByte(Random* random) const {
  return static_cast<char>(first_byte_ + random->Below(byte_count_));
}

void Payloads::Make(Random* random, Bytes* payload) const {
  const double drawn = std::round(median_ * std::exp(NormalOf(random)));
  const size_t size = drawn >= static_cast<double>(most_) ? most_ : static_cast<size_t>(drawn);
  payload->clear();
  while (payload->size() < size) {
    const size_t piece = std::min(kPieceBytes, size - payload->size());
    if (UniformOf(random) < unique_) {
      for (size_t i = 0; i < piece; ++i) payload->push_back(NewByte(random));
    } else {
      payload->append(motif_, random->Below(kMotifBytes - piece + 1), piece);
    }
  }
}

}  // namespace smile::bench
