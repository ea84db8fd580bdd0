// `scan … --all`: the pages of a walk, one after the other, as one answer.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "client/client.h"
#include "client/smilecat/patience.h"
#include "client/smilecat/reply.h"

namespace smile::cat {

// Whether an operation answers in pages, each of which tells where the next begins.
template <class Row>
inline constexpr bool kHasPages = requires(typename Row::Request request,
                                           typename Row::Response response) {
  request.limit;
  request.continuation = response.continuation;
};

struct AllPagesOptions {
  CallOptions call;
  ReplyStyle style;
};

// How it ended.
struct AllPagesEnd {
  std::optional<Reply> reply;  // of the last page; none: cancelled
  bool printed = true;         // false: stdout takes no more
  bool gap = false;            // parts could not be read
};

// Asks page by page and prints each as it comes.
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
          if constexpr (requires { answer->gap; }) next->second = answer->gap;
          if constexpr (requires { answer->entries; }) {
            for (const auto& entry : answer->entries) {
              next->second = next->second || entry.outcome != EntryOutcome::kFound;
            }
          }
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

}  // namespace smile::cat
