// The operations on uploads.
//
// An upload is no state of a connection: any connection may continue it, several may fill it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/media_info.h"
#include "protocol/operation_list.h"

namespace smile {

namespace op {

// A range of bytes.
struct MediaRange {
  uint64_t offset = 0;
  uint64_t size = 0;

  static constexpr auto Fields() {
    return FieldList{Field<&MediaRange::offset>{"offset", "start of the range"},
                     Field<&MediaRange::size>{"size", "length of the range, at least 1"}};
  }
};

struct MediaBegin {
  static constexpr OperationInfo kInfo{11, "media_begin", "begins an upload of any size",
                                       Effect::kWrite, 1};

  struct Request {
    uint64_t owner = 0;
    uint64_t media = 0;
    uint32_t chunk_bytes = kDefaultPieceBytes;
    ByteView content_type = {};
    ByteView name = {};
    ByteView custom = {};
    std::optional<uint64_t> size = {};
    std::optional<ByteView> sha256 = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::owner>{"owner", "id of the owner"},
          Field<&Request::media>{"media", "id of the media record (0: the server chooses it)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::chunk_bytes>{"chunk_bytes",
                                       "length of every piece except the last (65,536–1,048,576)",
                                       0, TextForm::kPlain, kHasDefault},
          Field<&Request::content_type>{"content_type",
                                        "such as image/jpeg; with name and custom at most 4,096 "
                                        "bytes",
                                        0, TextForm::kPlain, kHasDefault},
          Field<&Request::name>{"name", "such as a file name", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::custom>{"custom", "any bytes", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::size>{"size", "length of the content, if known: MEDIA_COMMIT checks it",
                                1},
          Field<&Request::sha256>{"sha256", "SHA-256 of the content, if known: likewise", 3,
                                  TextForm::kOpaque}};
    }
  };

  struct Response {
    ByteView upload = {};
    uint64_t media = 0;
    uint64_t expires_ms = 0;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::upload>{"upload",
                                   "id of the upload, 16 bytes: whoever knows it may "
                                   "append",
                                   0, TextForm::kOpaque},
          Field<&Response::media>{"media", "id of the media record that MEDIA_COMMIT will write"},
          Field<&Response::expires_ms>{"expires_ms",
                                       "the upload is dropped if it is not committed "
                                       "by then, Unix milliseconds",
                                       0, TextForm::kTime}};
    }
  };
};

struct MediaAppend {
  static constexpr OperationInfo kInfo{
      12, "media_append", "adds a piece to an upload; may be repeated", Effect::kWrite, 1};

  struct Request {
    ByteView upload = {};
    uint64_t offset = 0;
    uint64_t checksum = 0;
    ByteView bytes = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::upload>{"upload", "id of the upload", 0, TextForm::kOpaque},
          Field<&Request::offset>{"offset",
                                  "of the piece in the content: a multiple of "
                                  "chunk_bytes"},
          Field<&Request::checksum>{"checksum", "XXH3-64 of the bytes", 0, TextForm::kChecksum},
          Field<&Request::bytes>{"bytes", "chunk_bytes of the upload, or less at the end", 0,
                                 TextForm::kValue}};
    }
  };

  struct Response {
    static constexpr auto Fields() { return FieldList{}; }
  };
};

struct MediaProgress {
  static constexpr OperationInfo kInfo{
      13, "media_progress", "tells which pieces of an upload are there", Effect::kRead, 1};

  struct Request {
    uint64_t owner = 0;
    ByteView upload = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::owner>{"owner", "id of the owner"},
                       Field<&Request::upload>{"upload", "id of the upload", 0, TextForm::kOpaque}};
    }
  };

  struct Response {
    uint32_t chunk_bytes = 0;
    uint64_t received_bytes = 0;
    uint64_t contiguous_bytes = 0;
    std::vector<MediaRange> missing = {};
    std::optional<uint64_t> size = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::chunk_bytes>{"chunk_bytes", "length of every piece except the last"},
          Field<&Response::received_bytes>{"received_bytes", "of all pieces that are there"},
          Field<&Response::contiguous_bytes>{"contiguous_bytes",
                                             "that are there from the start: go on here"},
          Field<&Response::missing>{"missing",
                                    "the first ranges that are not there, at most 1,000"},
          Field<&Response::size>{"size", "length of the content; absent if not known yet", 2}};
    }
  };
};

struct MediaCommit {
  static constexpr OperationInfo kInfo{14, "media_commit",
                                       "verifies an upload and writes its media record; may be "
                                       "repeated",
                                       Effect::kWrite, 1};

  struct Request {
    uint64_t owner = 0;
    ByteView upload = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::owner>{"owner", "id of the owner"},
                       Field<&Request::upload>{"upload", "id of the upload", 0, TextForm::kOpaque}};
    }
  };

  struct Response {
    MediaInfo info = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::info>{"info", "the media record"}};
    }
  };
};

struct MediaCancel {
  static constexpr OperationInfo kInfo{
      15, "media_cancel", "drops an upload; not an error if there is none", Effect::kWrite, 1};

  struct Request {
    uint64_t owner = 0;
    ByteView upload = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::owner>{"owner", "id of the owner"},
                       Field<&Request::upload>{"upload", "id of the upload", 0, TextForm::kOpaque}};
    }
  };

  struct Response {
    static constexpr auto Fields() { return FieldList{}; }
  };
};

}  // namespace op

// The operations of this family.
using UploadOperations = OperationList<op::MediaBegin, op::MediaAppend, op::MediaProgress,
                                       op::MediaCommit, op::MediaCancel>;

}  // namespace smile
