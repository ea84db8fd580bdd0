#include "client/smilecat/all_pages.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/check.h"

namespace smile::cat {
namespace {

size_t BytesOf(const TextNode& node) {
  size_t bytes = sizeof(TextNode) + node.word.size() + node.bytes.size();
  for (const TextNode& child : node.children) bytes += BytesOf(child);
  return bytes;
}

}  // namespace

void CollectedPages::Add(TextNode page) {
  bytes_ += BytesOf(page);
  if (message_.children.empty()) {
    message_ = std::move(page);
    return;
  }
  CHECK(page.children.size() == message_.children.size(), "pages have the same fields");
  for (size_t i = 0; i < page.children.size(); ++i) {
    TextNode& all = message_.children[i];
    TextNode& more = page.children[i];
    CHECK(all.name == more.name && all.kind == more.kind);
    if (all.kind == TextNode::Kind::kList) {
      std::move(more.children.begin(), more.children.end(), std::back_inserter(all.children));
    } else if (all.kind != TextNode::Kind::kBool || more.number != 0) {
      all = std::move(more);  // the last continuation token; a flag that any page has
    }
  }
}

Reply TooManyPages(const ReplyStyle& style) {
  const Status status(Code::kTooLarge,
                      fmt::format("the pages are over {} MiB together; run the request with --all "
                                  "as a command, which prints page by page",
                                  limits::kMaxCollectedBytes >> 20));
  return {status, {}, ShowError(status, {}, style)};
}

}  // namespace smile::cat
