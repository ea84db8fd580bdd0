// smile://: over libsmile's connections.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/smilebench/driver.h"
#include "bench/smilebench/workload.h"
#include "client/connection.h"

namespace smile::bench {

class SmileDriver final : public Driver {
 public:
  SmileDriver(const BenchOptions& options, const DriverParts& parts, uint32_t active,
              uint32_t idle);

  void Start(uint32_t connection, uint32_t slot, const Operation& operation) override;
  void Flush() override;

 private:
  void StartAdd(uint32_t connection, uint32_t slot, uint64_t number);
  void StartPhoto(uint32_t connection, uint32_t slot, const Operation& operation);
  template <class Row>
  void Call(uint32_t connection, uint32_t slot, const typename Row::Request& request);

  void OnResponse(uint32_t slot, const op::Ping::Response& response);
  void OnResponse(uint32_t slot, const op::Put::Response& response);
  void OnResponse(uint32_t slot, const op::Add::Response& response);
  void OnResponse(uint32_t slot, const op::Get::Response& response);
  void OnResponse(uint32_t slot, const op::MGet::Response& response);
  void OnResponse(uint32_t slot, const op::Scan::Response& response);
  void OnResponse(uint32_t slot, const op::MediaPut::Response& response);
  void OnResponse(uint32_t slot, const op::MediaRead::Response& response);

  const uint32_t posts_per_author_;
  const bool photos_;
  const bool adds_;
  const uint32_t active_;
  DriverEvents* const events_;
  uint32_t pings_open_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<KeyView> key_views_;  // these are for use inside
  std::vector<RecordKey> keys_;
  std::vector<ByteView> values_;
  std::vector<uint64_t> posts_;
};

}  // namespace smile::bench
