// Continuation tokens as text that a web page can hand out in a link and take back.
//
//   smile::Result<smile::Bytes> at = smile::DecodePageToken(token);  // empty: the first page
//   if (!at.ok()) return BadRequest(at.status().message());
//   const smile::Bytes partition = smile::PartitionOf(42);
//   auto page = blocking.Call<smile::op::Scan>(
//       {.partition = {smile::Table::kPosts, partition}, .limit = 20, .continuation = *at});
//   if (page.ok()) next = smile::EncodePageToken(page->continuation);  // empty: this was the last
//
// A token is checked for damage, not signed: whoever knows the format can make one that starts
// anywhere in the partition, and can read the sort key in it. Which partition is scanned is the
// caller's choice, never the token's.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace smile {

// The continuation of a scan or list as URL-safe text, in the alphabet A-Z a-z 0-9 - _ (base64url
// without padding, RFC 4648, section 5). Empty if the continuation is.
std::string EncodePageToken(ByteView continuation);

// The continuation that the token was made of. kInvalid, with a message, for any other text, such
// as a token that was cut or has a typing error.
Result<Bytes> DecodePageToken(std::string_view token);

}  // namespace smile
