// One request in text form, sent through a client. Derived from the operations table: a new row is
// read, sent and shown with no edit here.
#pragma once

#include <functional>
#include <span>
#include <utility>

#include "base/function_ref.h"
#include "base/status.h"
#include "client/client.h"
#include "client/smilecat/reply.h"
#include "protocol/operation_list.h"
#include "protocol/text_reader.h"
#include "protocol/text_token.h"

namespace smile::cat {

// Reads a request of List and calls it. If the answer is a failure it was not sent. Once it has
// been read, `begin` gives whoever gets the reply, on the client's thread. `ClientType` has
// Client's Call.
template <class List, class ClientType>
Status SendRequest(ClientType* client, std::span<const TextToken> tokens,
                   const ContentReader& content, const CallOptions& options,
                   const ReplyStyle& style,
                   FunctionRef<std::function<void(Reply)>(const OperationInfo&)> begin) {
  return ReadAnyRequest<List>(tokens, content, [&]<class Row>(Row, TextRequest<Row> read) {
    client->template Call<Row>(
        read.request, options,
        [done = begin(Row::kInfo), style, context = ContextOf(read.request)](Answer<Row> answer) {
          done(ShowAnswer(answer, context, style));
        });
  });
}

}  // namespace smile::cat
