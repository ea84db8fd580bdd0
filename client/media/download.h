// Downloads: the content of a media record, whole or in part, goes to a ByteSink.
//
//   smile::FileSink file(descriptor);
//   smile::DownloadRequest request{.owner = 42, .media = id};
//   const smile::Result<smile::Media> got =
//       co_await smile::Download(client, &file, std::move(request));
//
// In a program without coroutines: `smile::Download(...).Wait()`, on any thread but the client's.
// With GCC 12, a request in braces inside a co_await is destroyed twice: put it into a variable.
//
// Several pieces are requested ahead of the one that is written. Each is verified with its
// checksum, and the whole content with its SHA-256.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "client/client.h"
#include "client/media/byte_sink.h"
#include "client/media/media.h"

namespace smile {

// What is downloaded.
struct DownloadRequest {
  uint64_t owner = 0;  // id of the owner
  uint64_t media = 0;  // id of the media record
  // The ranges that are written, in this order. What is past the end of the content is left out.
  // None: the whole content.
  std::vector<op::MediaRange> ranges = {};
};

// Options of a download.
struct DownloadOptions {
  // Length of a piece, from 1 byte to 1 MiB.
  uint32_t piece_bytes = kDefaultPieceBytes;
  // Maximum bytes of pieces that are requested and not yet written, but always one piece.
  size_t max_in_flight_bytes = size_t{1} << 20;
  // Time limit of each request, retries included: how long the server may be away.
  int64_t deadline_millis = 60'000;
  // Called with the media record before the first byte is written. Must not block.
  std::function<void(const Media& media)> begun = {};
  // Called with the number of bytes that were written, one call at a time, on any thread. Must not
  // block.
  std::function<void(uint64_t done_bytes)> progress = {};
  // Ends the download between two pieces, as kUnavailable.
  std::stop_token stop = {};
};

// Writes the content, and returns the media record. `client` and `sink` must outlive the task.
//
// kInvalid: the sink failed, or a range begins past the end. kNotFound: there is no such record.
// kDamagedInTransit: the content does not match its SHA-256; the sink has it nevertheless. Any
// other error is the server's answer, or says that it cannot be reached.
Task<Result<Media>> Download(Client* client, ByteSink* sink, DownloadRequest request,
                             DownloadOptions options);
// With default options.
Task<Result<Media>> Download(Client* client, ByteSink* sink, DownloadRequest request);

}  // namespace smile
