// What can be asked for by name: all operations but HELLO and CANCEL, which libsmile sends itself.
//
// The functions are for those who do not know the types of the operations. The text form of all of
// them is compiled once, in requests.cc, because that takes long.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/status.h"
#include "client/client.h"
#include "client/smilecat/reply.h"
#include "protocol/describe.h"
#include "protocol/operations.h"
#include "protocol/text_reader.h"
#include "protocol/text_token.h"

namespace smile::cat {

using Requests = decltype(Without<op::Cancel>(Without<op::Hello>(Operations())));
// Those with one answer.
using AnsweredRequests = decltype(Without<op::Watch>(Requests()));

// The syntax of one of Operations (CHECK).
TextUsage UsageOfOperation(std::string_view name);

// Whether the tokens are one of Requests: ok, or what ReadAnyRequest says.
Status CheckRequest(std::span<const TextToken> tokens, const ContentReader& content);

// SendRequest for one of AnsweredRequests (client/smilecat/request.h).
Status SendAnyRequest(Client* client, std::span<const TextToken> tokens,
                      const ContentReader& content, const CallOptions& options,
                      const ReplyStyle& style,
                      FunctionRef<std::function<void(Reply)>(const OperationInfo&)> begin);

// DescribeFrame and RequestInfoOf for Operations (protocol/describe.h).
std::vector<FramePart> DescribeAnyFrame(ByteView bytes, const std::optional<RequestInfo>& request);
std::optional<RequestInfo> InfoOfAnyRequest(const Frame& frame);

}  // namespace smile::cat
