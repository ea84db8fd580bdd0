// `scan … --all`: all pages of a scan or list, printed as they come or collected into one reply.
#pragma once

#include <cstddef>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "client/client.h"
#include "client/smilecat/patience.h"
#include "client/smilecat/reply.h"
#include "client/smilecat/requests.h"
#include "protocol/text_tree.h"

namespace smile::cat {

// Whether the replies of an operation are pages.
template <class Row>
inline constexpr bool kHasPages = requires(typename Row::Request request,
                                           typename Row::Response response) {
  request.limit;
  request.continuation = response.continuation;
};

// Reads a request whose reply is pages, and calls handler(Row{}, request). Otherwise kInvalid, or
// as ReadAnyRequest.
template <class Handler>
Status ReadPagedRequest(std::span<const TextToken> tokens, Handler&& handler) {
  Status status = CheckRequest(tokens, {});
  if (!status.ok()) return status;
  status = {Code::kInvalid, "--all: only scan and list have pages; leave it out"};
  AnsweredRequests::ForEach([&]<class Row>() {
    if constexpr (kHasPages<Row>) {
      if (Row::kInfo.name != tokens[0].text) return;
      const Result<TextRequest<Row>> read = ReadRequest<Row>(tokens.subspan(1));
      status = read.status();
      if (read.ok()) handler(Row{}, read->request);
    }
  });
  return status;
}

// Whether parts of a page could not be read.
template <class Response>
bool HasGap(const Response& page) {
  bool gap = false;
  if constexpr (requires { page.gap; }) gap = page.gap;
  if constexpr (requires { page.entries; }) {
    for (const auto& entry : page.entries) gap = gap || entry.outcome != EntryOutcome::kFound;
  }
  return gap;
}

struct AllPagesOptions {
  CallOptions call;
  ReplyStyle style;
};

struct AllPagesEnd {
  std::optional<Reply> reply;  // of the last page; none: cancelled
  bool printed = true;         // false: stdout cannot be written
  bool gap = false;            // parts could not be read
};

// Requests page by page and prints each as it comes.
template <class Row>
AllPagesEnd RunAllPages(Client* client, typename Row::Request request,
                        const AllPagesOptions& options, const Patience& patience) {
  AllPagesEnd end;
  Bytes continuation;
  request.limit = limits::kMaxScanEntries;
  while (true) {
    const auto pending = std::make_shared<PendingReply>();
    const auto next = std::make_shared<std::pair<Bytes, bool>>();
    client->template Call<Row>(
        request, options.call,
        [pending, next, style = options.style,
         context = ContextOf(request)](const Answer<Row>& answer) {
          if (!answer.ok()) return pending->Set(ShowAnswer(answer, context, style));
          next->first = (*answer).continuation;
          next->second = HasGap(*answer);
          pending->Set({.shown = ShowElements(ToTree(*answer, context), style)});
        });
    end.reply = patience.wait(pending.get());
    if (!end.reply.has_value() || !end.reply->status.ok()) return end;
    const Bytes& text = end.reply->shown;
    end.printed = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    end.gap = end.gap || next->second;
    if (!end.printed || next->first.empty()) return end;
    continuation = std::move(next->first);
    request.continuation = continuation;
  }
}

// The reply for pages that are together over limits::kMaxCollectedBytes.
Reply TooManyPages(const ReplyStyle& style);

// Pages as the tree of one message, as if a single page had all their elements. Borrows from them.
class CollectedPages {
 public:
  void Add(TextNode page);

  const TextNode& message() const { return message_; }
  // About the memory of all pages.
  size_t bytes() const { return bytes_; }

 private:
  TextNode message_;
  size_t bytes_ = 0;
};

// All pages as one reply, for a pipe, where a request has one line. kTooLarge if they are over
// limits::kMaxCollectedBytes. Blocks.
template <class Row>
Reply CollectAllPages(Client* client, typename Row::Request request,
                      const AllPagesOptions& options) {
  const TextContext context = ContextOf(request);
  std::vector<Answer<Row>> pages;
  CollectedPages collected;
  bool gap = false;
  request.limit = limits::kMaxScanEntries;
  bool more = true;
  while (more) {
    const auto promise = std::make_shared<std::promise<Answer<Row>>>();
    client->template Call<Row>(request, options.call, [promise](Answer<Row> answer) {
      promise->set_value(std::move(answer));
    });
    pages.push_back(promise->get_future().get());
    const Answer<Row>& page = pages.back();
    if (!page.ok()) return ShowAnswer(page, context, options.style);
    gap = gap || HasGap(*page);
    collected.Add(ToTree(*page, context));
    if (collected.bytes() > limits::kMaxCollectedBytes) return TooManyPages(options.style);
    request.continuation = page->continuation;
    more = !page->continuation.empty();
  }
  Reply reply{.shown = ShowMessage(collected.message(), options.style)};
  if (gap) reply.exit_status = ExitStatus::kIncomplete;
  return reply;
}

}  // namespace smile::cat
