// Writes all people of a network with what they have at its beginning.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "bench/network/network.h"
#include "bench/network/network_store.h"
#include "bench/network/people.h"
#include "bench/smilebench/photos.h"

namespace smile::bench {

class NetworkLoad {
 public:
  // All outlive it.
  NetworkLoad(const NetworkOptions& options, const People& people, EventLoop* loop,
              NetworkStore* store, const NetworkHooks& hooks, NetworkResults* results)
      : options_(options),
        people_(people),
        loop_(loop),
        store_(store),
        hooks_(hooks),
        results_(results) {}

  // Blocks until all is written, or a request failed, or it is interrupted.
  void Run();

 private:
  // The requests of a person: the login, the records, then the others.
  enum class Part : uint8_t { kLogin, kRecords, kFriend, kPost, kPhoto };

  void Fill();
  bool SendNext();
  bool SendPart();
  bool SendPhoto();
  // What a write calls that is in flight from now on.
  NetworkStore::Done Written();
  void Next(Part part);
  void OnDone(const StoreAnswer& answer);

  const NetworkOptions& options_;
  const People& people_;
  EventLoop* const loop_;
  NetworkStore* const store_;
  const NetworkHooks& hooks_;
  NetworkResults* const results_;
  const Photos photos_;
  uint64_t person_ = 1;
  Part part_ = Part::kLogin;
  uint64_t index_ = 0;  // of its friends or posts
  uint64_t in_flight_ = 0;
  Bytes buffer_;
};

}  // namespace smile::bench
