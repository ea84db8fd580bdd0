// People of a network who are online and act.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bench/linkbench/permutation.h"
#include "bench/network/network.h"
#include "bench/network/network_store.h"
#include "bench/network/notifications.h"
#include "bench/network/people.h"
#include "bench/smilebench/photos.h"
#include "bench/smilebench/random.h"
#include "bench/smilebench/zipf.h"
#include "client/post_ids.h"

namespace smile::bench {

// Belongs to the thread of the loop.
class Actors {
 public:
  // All outlive it. `loop` is the store's.
  Actors(const NetworkOptions& options, const People& people, const Clock& clock, EventLoop* loop,
         NetworkStore* store, const NetworkHooks& hooks, NetworkResults* results);

  // Makes a session for each of them. Blocks; a failure is in the results.
  void LogIn();

  // Each of them is told of what concerns her. Blocks; a failure is in the results.
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
    StoreCost cost;
  };

  void LogInNext();
  void OnSession(Person* person, const StoreAnswer& answer);
  void Fail(const Status& status);
  void BeginDue();
  bool IsOver() const { return results_->interrupted || next_due_nanos_ >= end_nanos_; }
  void Begin(int64_t due_nanos);
  smile::bench::Act ChooseAct();
  // After the session was verified.
  void Look(Doing* doing);
  void Write(Doing* doing);
  void WritePhotoPost(Doing* doing);
  // What ends an act. If it fails, or nobody is told, `notice` is not expected any more.
  NetworkStore::Done Ending(Doing* doing);
  NetworkStore::Done Ending(Doing* doing, const Notice& notice);
  void End(Doing* doing, const StoreAnswer& last);
  void AwaitNotifications();

  const NetworkOptions& options_;
  const People& people_;
  const Clock& clock_;
  EventLoop* const loop_;
  NetworkStore* const store_;
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
};

}  // namespace smile::bench
