// The partitions of a request. Operations of one connection on one partition keep their order, in
// client and server.
#pragma once

#include "model/key.h"

namespace smile {

// Whether requests of the operation are about partitions, whose order they keep.
template <class Row>
inline constexpr bool kNamesPartitions = requires(typename Row::Request request) {
  request.key;
}
|| requires(typename Row::Request request) {
  request.partition;
}
|| requires(typename Row::Request request) {
  request.keys;
};

// Calls `visit` with the PartitionView of each key, or of the partition, of the request; possibly
// with the same one several times. Other operations have none.
template <class Row, class Visit>
void ForEachPartition(const typename Row::Request& request, Visit&& visit) {
  if constexpr (requires { request.key; }) {
    visit(request.key.partition_view());
  } else if constexpr (requires { request.partition; }) {
    visit(request.partition);
  } else if constexpr (requires { request.keys; }) {
    for (const KeyView& key : request.keys) visit(key.partition_view());
  }
}

}  // namespace smile
