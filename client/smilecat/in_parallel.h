// The same work for several things at the same time.
#pragma once

#include <cstddef>
#include <functional>

namespace smile::cat {

// Calls `work` for 0 to `count` - 1, on at most `threads` threads, and returns when all have ended.
// Meanwhile `update` is called about ten times per second on the calling thread.
void InParallel(size_t count, size_t threads, const std::function<void(size_t index)>& work,
                const std::function<void()>& update);

}  // namespace smile::cat
