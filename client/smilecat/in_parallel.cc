#include "client/smilecat/in_parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace smile::cat {

void InParallel(size_t count, size_t threads, const std::function<void(size_t index)>& work,
                const std::function<void()>& update) {
  constexpr auto kUpdate = std::chrono::milliseconds(100);
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = std::min(count, threads);  // guarded by mutex
  std::vector<std::thread> started;
  for (size_t i = running; i > 0; --i) {
    started.emplace_back([&] {
      for (size_t index = next++; index < count; index = next++) work(index);
      const std::lock_guard lock(mutex);
      --running;
      ended.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, kUpdate, [&] { return running == 0; })) {
      lock.unlock();
      update();
      lock.lock();
    }
  }
  for (std::thread& thread : started) thread.join();
}

}  // namespace smile::cat
