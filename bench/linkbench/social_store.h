// What LinkBench measures: a server that stores nodes and links, with its clients.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "bench/linkbench/graph.h"
#include "bench/linkbench/linkbench_options.h"
#include "bench/linkbench/requests.h"

namespace smile::bench {

// What the clients do. For one client the functions are called one after the other, for different
// ones also at the same time on different threads.
class ClientWork {
 public:
  virtual ~ClientWork() = default;
  // The client's next request, or false if it has none. Called again only after Done.
  virtual bool Next(uint32_t client, LinkRequest* request) = 0;
  virtual void Done(uint32_t client, const LinkRequest& request, const Status& status,
                    const LinkAnswer& answer) = 0;
};

// Nodes of the load with their links, which are the same on every call with the same node.
class LoadSource {
 public:
  virtual ~LoadSource() = default;
  // Any thread: the next `count` nodes that no one has taken, from *first on; returns how many, 0
  // at the end.
  virtual uint64_t Take(uint64_t count, uint64_t* first) = 0;
  // Any thread: they are written.
  virtual void Written(uint64_t nodes, uint64_t links) = 0;
};

class SocialStore {
 public:
  virtual ~SocialStore() = default;

  // Connects all clients. kUnavailable if there is no server.
  virtual Status Connect() = 0;
  // Makes what the graph is stored in, and writes all nodes and links. Its own threads and batches.
  virtual Status Load(const Graph& graph, LoadSource* source) = 0;
  // Runs all clients, each with one request in flight, until they have no more.
  virtual Status Run(ClientWork* work) = 0;
};

// A store for the target of the options, which outlive it.
Result<std::unique_ptr<SocialStore>> MakeSmileStore(const LinkBenchOptions& options);
Result<std::unique_ptr<SocialStore>> MakeMysqlStore(const LinkBenchOptions& options);

}  // namespace smile::bench
