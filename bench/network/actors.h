// People of a network who are online and act.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "bench/linkbench/permutation.h"
#include "bench/network/network.h"
#include "bench/network/network_connections.h"
#include "bench/network/notifications.h"
#include "bench/network/people.h"
#include "bench/smilebench/photos.h"
#include "bench/smilebench/random.h"
#include "bench/smilebench/zipf.h"
#include "client/post_ids.h"

namespace smile::bench {

// Belongs to the thread of the connections' loop.
class Actors {
 public:
  // All outlive it.
  Actors(const NetworkOptions& options, const People& people, const Clock& clock,
         NetworkConnections* connections, const NetworkHooks& hooks, NetworkResults* results);

  // Makes a session for each of them. Blocks; a failure is in the results.
  void LogIn();

  // Each of them watches what concerns her. Blocks.
  void Watch();

  // They act at the rate of the options until `end_nanos`; acts that are due from `count_from` on
  // are counted. Blocks until all are done.
  void Act(int64_t count_from_nanos, int64_t end_nanos);

  // What they were told at once since the last Act began.
  const Notifications& notifications() const { return notifications_; }

 private:
  struct Person {
    uint64_t id = 0;
    std::string token;
  };
  // An act in flight.
  struct Doing {
    smile::bench::Act act = smile::bench::Act::kProfile;
    const Person* person = nullptr;
    uint64_t other = 0;  // person who is looked at
    uint64_t post = 0;   // of that person
    int64_t due_nanos = 0;
    uint32_t requests_in_flight = 0;
    uint8_t step = 0;
    Status failure;
  };

  void LogInNext();
  void OnSession(Person* person, const Answer<op::SessionMake>& answer);
  void BeginDue();
  bool IsOver() const { return results_->interrupted || next_due_nanos_ >= end_nanos_; }
  void Begin(int64_t due_nanos);
  smile::bench::Act ChooseAct();
  // Sends the requests of the next step; none are left: it is done.
  void Step(Doing* doing);
  void Verify(Doing* doing);
  void Look(Doing* doing);
  void Write(Doing* doing);
  void End(Doing* doing);

  // Calls `take` with the answer, unless it is null.
  template <class Row>
  void Send(Doing* doing, const typename Row::Request& request,
            std::function<void(const Answer<Row>&)> take = nullptr);
  void SendPost(Doing* doing, uint64_t partition, size_t bytes);
  void SendLink(Doing* doing, uint8_t kind, uint64_t other);
  void AwaitNotifications();

  const NetworkOptions& options_;
  const People& people_;
  const Clock& clock_;
  NetworkConnections* const connections_;
  const NetworkHooks& hooks_;
  NetworkResults* const results_;
  const Zipfian popularity_;
  const Permutation popular_;  // rank to person - 1
  const Photos photos_;
  PostIds ids_;
  Notifications notifications_;
  Random random_;
  std::vector<Person> people_online_;
  size_t next_login_ = 0;
  std::vector<std::unique_ptr<Doing>> doing_;  // all that were ever needed
  std::vector<Doing*> idle_;
  int64_t count_from_nanos_ = 0;
  int64_t end_nanos_ = 0;
  int64_t next_due_nanos_ = 0;
  double due_ = 0;  // of the next act, exactly
  uint64_t in_flight_ = 0;
  uint64_t counted_requests_ = 0;
};

}  // namespace smile::bench
