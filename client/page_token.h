// Continuation tokens as text that a web page can hand out in a link and take back.
//
//   smile::Result<smile::Bytes> at = smile::DecodePageToken(token);  // empty: the first page
//   if (!at.ok()) return BadRequest(at.status().message());
//   const smile::Bytes partition = smile::PartitionOf(42);
//   auto page = blocking.Call<smile::op::Scan>(
//       {.partition = {smile::Table::kPosts, partition}, .limit = 20, .continuation = *at});
//   if (page.ok()) next = smile::EncodePageToken(page->continuation);  // empty: this was the last
//
// A token has a checksum against damage, but no signature: anybody who knows the format can read
// the sort key in it, and make one that starts anywhere in the partition. The caller chooses the
// partition; a token cannot.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace smile {

// The continuation of a scan or list as URL-safe text: base64url without padding (RFC 4648, section
// 5). Empty if the continuation is empty.
std::string EncodePageToken(ByteView continuation);

// The continuation in a token. kInvalid, with a message, for any other text, such as a token that
// was cut off or mistyped.
Result<Bytes> DecodePageToken(std::string_view token);

}  // namespace smile
