// Consecutive requests that one record answers, looked up together, so that the processor waits for
// the memory of all of them at once, with a single call of the engine.
#pragma once

#include <array>
#include <cstddef>
#include <variant>

#include "base/limits.h"
#include "protocol/frame.h"
#include "protocol/operations.h"
#include "service/links/link_records.h"

namespace smile {

// Operations of which a request may be answered by one record: the handlers say by which.
using LookupOperations = OperationList<op::Get, op::LinkCount, op::LinkCheck>;

// The key of the record that answers a request; may borrow from the request's frame.
class LookupKey {
 public:
  LookupKey() = default;
  explicit LookupKey(const KeyView& key) : key_(key) {}
  explicit LookupKey(const LinkRecordId& id) : key_(LinkKeyBytes(id)) {}

  // Borrows from this object, too.
  KeyView view() const {
    if (const auto* key = std::get_if<KeyView>(&key_)) return *key;
    return std::get<LinkKeyBytes>(key_).view();
  }

 private:
  std::variant<KeyView, LinkKeyBytes> key_;
};

// A request of one of these operations.
template <class Row>
struct LookupRequest {
  typename Row::Request request;
};

template <class List>
struct LookupRequestOf;
template <class... Rows>
struct LookupRequestOf<OperationList<Rows...>> {
  using type = std::variant<LookupRequest<Rows>...>;
};

struct LookupRun {
  // Enough to overlap the cache misses of one with the work on others.
  static constexpr size_t kMost = 16;
  static_assert(kMost <= limits::kMaxPeekKeys, "an event loop looks up few keys at once");

  // The request borrows from the frame, which stays valid until the run is answered.
  struct Item {
    Frame frame;
    LookupRequestOf<LookupOperations>::type request;
    LookupKey key;
  };

  std::array<Item, kMost> items;
  size_t size = 0;
};

// Calls visit(Row{}, request).
template <class Visit>
decltype(auto) VisitRequest(const LookupRun::Item& item, Visit&& visit) {
  return std::visit(
      [&]<class Row>(const LookupRequest<Row>& one) -> decltype(auto) {
        return visit(Row{}, one.request);
      },
      item.request);
}

}  // namespace smile
