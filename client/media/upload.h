// Uploads: content from a ByteSource becomes a media record.
//
//   smile::FileSource video(descriptor);
//   smile::UploadRequest request{.owner = 42, .content_type = "video/mp4"};
//   const smile::Result<smile::Media> stored =
//       co_await smile::Upload(client, &video, std::move(request));
//
// In a program without coroutines: `smile::Upload(...).Wait()`, on any thread but the client's.
// With GCC 12, a request in braces inside a co_await is destroyed twice: put it into a variable.
//
// Content of at most 1 MiB whose size is known is sent in one request. Other content is sent in
// pieces, several in flight; a piece that was lost with its connection is sent again. The upload
// computes the SHA-256 of what it reads, and compares it with what the server has stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "client/client.h"
#include "client/media/byte_source.h"
#include "client/media/media.h"

namespace smile {

// What is uploaded.
struct UploadRequest {
  uint64_t owner = 0;  // id of the owner
  // Id of the media record, such as from PostIds. 0: a new one.
  uint64_t media = 0;
  Bytes content_type = {};  // such as image/jpeg; with the next two at most 4,096 bytes
  Bytes name = {};          // such as a file name
  Bytes custom = {};        // any bytes
  // Number of bytes that the source has, if known. Others are an error.
  std::optional<uint64_t> size = {};
};

// Options of an upload.
struct UploadOptions {
  // Length of a piece, from 64 KiB to 1 MiB. An upload that is resumed keeps that of its begin.
  uint32_t piece_bytes = kDefaultPieceBytes;
  // Maximum bytes of pieces in flight, but always one piece. All of a client count towards
  // ClientOptions::max_queued_bytes. The server accepts up to 2 MiB of one upload at a time.
  size_t max_in_flight_bytes = size_t{1} << 20;
  // Time limit of each request, retries included: how long the server may be away.
  int64_t deadline_millis = 60'000;
  // Called with the id of an upload that was begun: with it, another process can resume it. Not
  // called for content that is sent in one request.
  std::function<void(ByteView upload)> begun = {};
  // Called with the number of bytes that the server has, one call at a time, on any thread. Must
  // not block.
  std::function<void(uint64_t done_bytes)> progress = {};
  // The id of an upload to resume, begun with the same owner. Only what the server does not have is
  // sent, but all of the source is read, from its start, for its hash. Empty: a new upload.
  Bytes resume = {};
  // Ends the upload between two pieces, as kUnavailable; it may be resumed until it expires. To
  // drop it at once, send op::MediaCancel.
  std::stop_token stop = {};
};

// Reads the source to its end and stores its content. The result is the media record. `client` and
// `source` must outlive the task.
//
// kInvalid: the source failed, or is not of the declared size. kNotFound: there is no upload to
// resume, or it has expired; begin again. kDamagedInTransit: the server stored other bytes than
// were read, as when a file was changed between begin and resume; they were deleted. kNoSpace: the
// server's disk is full. kOutcomeUnknown, kUnavailable: no answer before the deadline; resume. Any
// other error is the server's answer.
Task<Result<Media>> Upload(Client* client, ByteSource* source, UploadRequest request,
                           UploadOptions options);
// With default options.
Task<Result<Media>> Upload(Client* client, ByteSource* source, UploadRequest request);

}  // namespace smile
