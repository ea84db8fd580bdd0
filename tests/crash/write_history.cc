#include "tests/crash/write_history.h"

#include <fmt/format.h>

namespace smile {
namespace {

bool IsBatch(uint64_t step) {
  return step % 2 == 0;
}

}  // namespace

void WriteHistory::Acknowledge(size_t chain) {
  Chain& it = chains_[chain];
  (IsBatch(it.begun) ? it.last_batch : it.last_put) = it.begun;
  ++acknowledged_;
}

std::vector<std::string> WriteHistory::Check(const std::vector<StoredSteps>& stored) {
  std::vector<std::string> violations;
  if (acknowledged_ == 0) violations.emplace_back("nothing was acknowledged: nothing was tested");
  for (size_t i = 0; i < chains_.size(); ++i) {
    Chain& chain = chains_[i];
    const uint64_t a = stored[i].a.value_or(0);
    const uint64_t b = stored[i].b.value_or(0);
    const uint64_t c = stored[i].c.value_or(0);
    // The last step may have taken effect without being acknowledged.
    const bool batch_open = IsBatch(chain.begun);
    if (a != b) {
      violations.push_back(fmt::format("user {}: half a batch: a is {}, b is {}", i, a, b));
    }
    if (a != chain.last_batch && !(batch_open && a == chain.begun)) {
      violations.push_back(fmt::format("user {}: a is {}, acknowledged was {}, begun {}", i, a,
                                       chain.last_batch, chain.begun));
    }
    if (c != chain.last_put && !(!batch_open && c == chain.begun)) {
      violations.push_back(fmt::format("user {}: c is {}, acknowledged was {}, begun {}", i, c,
                                       chain.last_put, chain.begun));
    }
    chain.last_batch = a;
    chain.last_put = c;
  }
  acknowledged_ = 0;
  return violations;
}

}  // namespace smile
