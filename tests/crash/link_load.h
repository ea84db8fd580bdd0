// The load of the crash test of links: clients that link and unlink users, also the same ones at
// the same time, until the server is killed. Each remembers what was acknowledged; together they
// know what may be there.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "client/blocking.h"

namespace smile {

struct LinkCounts {
  uint64_t links = 0;    // acknowledged
  uint64_t unlinks = 0;  // likewise
  uint64_t checks = 0;   // sides compared after restarts
};

// What is known of the links of all clients. Each link is changed by one client only, so that its
// last acknowledged change is known; users are shared by all.
class LinkHistory {
 public:
  using Link = std::tuple<uint64_t, uint8_t, uint64_t>;  // user, kind, other

  void Begin(const Link& link, bool linked);
  void Acknowledge(const Link& link);

  // Compares all that the server says of the users with what may be there, and makes that certain.
  std::vector<std::string> Check(uint16_t port, uint64_t users);
  const LinkCounts& counts() const { return counts_; }

 private:
  struct State {
    bool linked = false;                 // acknowledged
    std::optional<bool> in_flight = {};  // sent and not answered
  };

  std::mutex mutex_;
  std::map<Link, State> links_;
  LinkCounts counts_;
};

// One client, whose number says which links are its own. One thread.
class LinkClient {
 public:
  static constexpr uint64_t kUsers = 40;  // from 1; the first is in most links

  LinkClient(uint8_t number, uint64_t seed, LinkHistory* history)
      : number_(number), random_(seed), history_(history) {}

  // Until a call fails. Returns another failure than that of a lost connection.
  std::string RunUntilCrash(uint16_t port);

 private:
  const uint8_t number_;
  std::mt19937_64 random_;
  LinkHistory* const history_;
};

}  // namespace smile
