#include "base/wake_together.h"

#include <algorithm>
#include <vector>

namespace smile {
namespace {

thread_local int depth = 0;
// Each once. Keeps its memory.
thread_local std::vector<std::shared_ptr<Wakeable>> waiting;

}  // namespace

WakeTogether::WakeTogether() {
  ++depth;
}

WakeTogether::~WakeTogether() {
  if (--depth > 0) return;
  for (const std::shared_ptr<Wakeable>& one : waiting) one->Wake();
  waiting.clear();
}

void WakeTogether::Wake(const std::shared_ptr<Wakeable>& one) {
  if (depth == 0) return one->Wake();
  if (std::find(waiting.begin(), waiting.end(), one) == waiting.end()) waiting.push_back(one);
}

}  // namespace smile
