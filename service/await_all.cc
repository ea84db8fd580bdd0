#include "service/await_all.h"

#include <utility>

namespace smile {

Task<Status> AwaitAll(std::vector<Task<Status>> tasks) {
  Status first;
  for (Task<Status>& task : tasks) {
    Status status = co_await task;
    if (first.ok()) first = std::move(status);
  }
  co_return first;
}

Task<Result<uint64_t>> CountAll(std::vector<Task<Result<bool>>> tasks) {
  Status first;
  uint64_t count = 0;
  for (Task<Result<bool>>& task : tasks) {
    const Result<bool> result = co_await task;
    if (result.ok()) {
      count += *result ? 1 : 0;
    } else if (first.ok()) {
      first = result.status();
    }
  }
  if (!first.ok()) co_return first;
  co_return count;
}

}  // namespace smile
