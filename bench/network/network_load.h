// Writes all people of a network with what they have at its beginning.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "bench/network/network.h"
#include "bench/network/network_connections.h"
#include "bench/network/people.h"
#include "bench/smilebench/photos.h"

namespace smile::bench {

class NetworkLoad {
 public:
  // All outlive it.
  NetworkLoad(const NetworkOptions& options, const People& people, NetworkConnections* connections,
              const NetworkHooks& hooks, NetworkResults* results)
      : options_(options),
        people_(people),
        connections_(connections),
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
  template <class Row>
  bool Send(const typename Row::Request& request);
  void Next(Part part);
  void OnDone(const Status& status);

  const NetworkOptions& options_;
  const People& people_;
  NetworkConnections* const connections_;
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
