#include "base/thread_name.h"

#include <pthread.h>

#include "base/check.h"

namespace smile {

void NameThisThread(const char* name) {
  CHECK(pthread_setname_np(pthread_self(), name) == 0, "a thread's name has up to 15 bytes");
}

}  // namespace smile
