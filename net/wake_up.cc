#include "net/wake_up.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace smile {

// Owns an eventfd.
class WakeUp::Event final : public Wakeable {
 public:
  explicit Event(int descriptor) : descriptor_(descriptor) {}
  ~Event() override { close(descriptor_); }

  void Wake() override {
    const uint64_t one = 1;
    const ssize_t written = write(descriptor_, &one, sizeof(one));
    // Its counter is full after 2^64 - 2 of them that the loop has not seen.
    CHECK(written == sizeof(one) || errno == EAGAIN);
  }

 private:
  const int descriptor_;
};

WakeUp::~WakeUp() {
  CHECK(event_ == nullptr, "it is closed before the loop");
}

int WakeUp::Open(uv_loop_t* loop, std::function<void()> woken) {
  CHECK(event_ == nullptr && woken != nullptr);
  descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor_ < 0) return uv_translate_sys_error(errno);
  auto event = std::make_shared<Event>(descriptor_);
  if (const int error = uv_poll_init(loop, &poll_, descriptor_); error != 0) {
    return error;
  }
  event_ = std::move(event);
  woken_ = std::move(woken);
  poll_.data = this;
  const int error = uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) {
    static_cast<WakeUp*>(poll->data)->OnReadable();
  });
  CHECK(error == 0);
  return 0;
}

void WakeUp::Close() {
  if (event_ == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
  event_ = nullptr;
}

void WakeUp::OnReadable() {
  uint64_t count = 0;
  CHECK(read(descriptor_, &count, sizeof(count)) == sizeof(count) || errno == EAGAIN);
  woken_();
}

}  // namespace smile
