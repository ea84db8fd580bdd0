// Which writes a load has sent and which were acknowledged, and whether the records after a crash
// are consistent with that.
//
// A load consists of chains. A chain belongs to one user and executes its steps in sequence:
// an even step is a batch that puts the step's number into the records "a" and "b", an odd step
// puts it into "c". A chain stops at the first step that is not acknowledged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace smile {

// Step numbers found in a user's records; empty if there is no record.
struct StoredSteps {
  std::optional<uint64_t> a;
  std::optional<uint64_t> b;
  std::optional<uint64_t> c;
};

class WriteHistory {
 public:
  explicit WriteHistory(size_t chains) : chains_(chains) {}

  size_t chains() const { return chains_.size(); }

  // Begins the chain's next step and returns its number, from 1.
  uint64_t Begin(size_t chain) { return ++chains_[chain].begun; }
  void Acknowledge(size_t chain);

  // Since the last Check.
  uint64_t acknowledged() const { return acknowledged_; }

  // Compares, and returns a message per violation. It is also a violation if nothing was
  // acknowledged since the last check: the run has then shown nothing. What was found must be there
  // in later checks.
  std::vector<std::string> Check(const std::vector<StoredSteps>& stored);

 private:
  struct Chain {
    uint64_t begun = 0;
    uint64_t last_batch = 0;  // last step known to be in "a" and "b"; 0: none
    uint64_t last_put = 0;    // last step known to be in "c"
  };

  std::vector<Chain> chains_;
  uint64_t acknowledged_ = 0;
};

}  // namespace smile
