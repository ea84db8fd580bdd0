#include "client/smilecat/requests.h"

#include "base/check.h"
#include "client/smilecat/request.h"

namespace smile::cat {

TextUsage UsageOfOperation(std::string_view name) {
  CHECK(Operations::Find(name) != nullptr);
  TextUsage usage;
  Operations::ForEach([&]<class Row>() {
    if (Row::kInfo.name == name) usage = UsageOf<Row>();
  });
  return usage;
}

Status CheckRequest(std::span<const TextToken> tokens, const ContentReader& content) {
  return ReadAnyRequest<Requests>(tokens, content, [](auto, const auto&) {});
}

Status SendAnyRequest(Client* client, std::span<const TextToken> tokens,
                      const ContentReader& content, const CallOptions& options,
                      const ReplyStyle& style,
                      FunctionRef<std::function<void(Reply)>(const OperationInfo&)> begin) {
  return SendRequest<AnsweredRequests>(client, tokens, content, options, style, begin);
}

std::vector<FramePart> DescribeAnyFrame(ByteView bytes, const std::optional<RequestInfo>& request) {
  return DescribeFrame<Operations>(bytes, request);
}

std::optional<RequestInfo> InfoOfAnyRequest(const Frame& frame) {
  return RequestInfoOf<Operations>(frame);
}

}  // namespace smile::cat
