// Decodes a request and calls its handler.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "protocol/codec.h"
#include "protocol/operations.h"

namespace smile {

namespace dispatch_internal {

template <class Row, class Handler>
Status DecodeAndHandle(ByteView body, Handler& handler) {
  static_assert(std::is_invocable_v<Handler&, Row, typename Row::Request&>,
                "each operation needs a handler: operator()(Row, Row::Request&)");
  typename Row::Request request;
  if (Status status = Decode(body, &request); !status.ok()) return status;
  handler(Row{}, request);
  return {};
}

template <class Handler, class... Rows>
Status DispatchTo(OperationList<Rows...>, uint8_t code, ByteView body, Handler& handler) {
  Status status;
  const bool known =
      ((Rows::kInfo.code == code ? (status = DecodeAndHandle<Rows>(body, handler), true) : false) ||
       ...);
  if (known) return status;
  return {Code::kUnsupported, "unknown operation code " + std::to_string(code)};
}

}  // namespace dispatch_internal

// Decodes `body` as the request of the operation `code` and calls handler(Row{}, request); the
// request borrows from `body`. On failure the handler is not called: kUnsupported for a code that
// is not in List, otherwise the status of Decode.
template <class List, class Handler>
Status Dispatch(uint8_t code, ByteView body, Handler&& handler) {
  return dispatch_internal::DispatchTo(List{}, code, body, handler);
}

}  // namespace smile
