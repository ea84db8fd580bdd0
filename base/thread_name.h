// Names of threads, for top -H, perf and debuggers.
#pragma once

namespace smile {

// Names the calling thread. Up to 15 bytes: what the kernel keeps.
void NameThisThread(const char* name);

}  // namespace smile
