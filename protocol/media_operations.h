// The operations on photos and videos.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/media_fault.h"
#include "protocol/field.h"
#include "protocol/media_info.h"
#include "protocol/operation_list.h"
#include "protocol/outcomes.h"
#include "protocol/upload_operations.h"

namespace smile {

namespace op {

struct MediaPut {
  static constexpr OperationInfo kInfo{16, "media_put",
                                       "stores content of up to 1 MiB, such as a photo, at once",
                                       Effect::kWrite, 1};

  struct Request {
    uint64_t owner = 0;
    uint64_t media = 0;
    ByteView content_type = {};
    ByteView name = {};
    ByteView custom = {};
    uint64_t checksum = 0;
    ByteView bytes = {};
    std::optional<ByteView> sha256 = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::owner>{"owner", "id of the owner"},
          Field<&Request::media>{"media",
                                 "id of the media record (0: the server chooses it). With an id, "
                                 "the request may be repeated",
                                 0, TextForm::kPlain, kHasDefault},
          Field<&Request::content_type>{"content_type",
                                        "such as image/jpeg; with name and custom at most 4,096 "
                                        "bytes",
                                        0, TextForm::kPlain, kHasDefault},
          Field<&Request::name>{"name", "such as a file name", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::custom>{"custom", "any bytes", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::checksum>{"checksum", "XXH3-64 of the bytes", 0, TextForm::kChecksum},
          Field<&Request::bytes>{"bytes", "the content, at most 1 MiB", 0, TextForm::kValue},
          Field<&Request::sha256>{"sha256", "SHA-256 of the content, if known: checked", 1,
                                  TextForm::kOpaque}};
    }
  };

  struct Response {
    MediaInfo info = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::info>{"info", "the media record"}};
    }
  };
};

struct MediaStat {
  static constexpr OperationInfo kInfo{17, "media_stat", "reads a media record", Effect::kRead, 1};

  struct Request {
    uint64_t owner = 0;
    uint64_t media = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::owner>{"owner", "id of the owner"},
                       Field<&Request::media>{"media", "id of the media record"}};
    }
  };

  struct Response {
    MediaInfo info = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::info>{"info", "the media record"}};
    }
  };
};

struct MediaRead {
  static constexpr OperationInfo kInfo{18, "media_read", "reads a range of the content",
                                       Effect::kRead, 1};

  struct Request {
    uint64_t owner = 0;
    uint64_t media = 0;
    uint64_t offset = 0;
    uint32_t size = kMaxPieceBytes;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::owner>{"owner", "id of the owner"},
          Field<&Request::media>{"media", "id of the media record"},
          Field<&Request::offset>{"offset", "start of the range", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::size>{"size", "maximum length of the range (1–1,048,576)", 0,
                                TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    uint64_t content_bytes = 0;
    uint64_t checksum = 0;
    ByteView bytes = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::content_bytes>{"content_bytes", "length of the whole content"},
          Field<&Response::checksum>{"checksum", "XXH3-64 of the bytes", 0, TextForm::kChecksum},
          Field<&Response::bytes>{"bytes", "shorter than requested only at the end of the content",
                                  0, TextForm::kValue}};
    }
  };
};

// A media record, or one that cannot be read.
struct MediaEntry {
  EntryOutcome outcome = EntryOutcome::kFound;
  MediaInfo info = {};

  static constexpr auto Fields() {
    return FieldList{
        Field<&MediaEntry::outcome>{
            "outcome",
            "corrupt: the record cannot be read; gap: records here cannot be read; "
            "too_large: read it with MEDIA_STAT"},
        Field<&MediaEntry::info>{"info", "only with its id unless found; all zero for a gap"}};
  }
};

struct MediaList {
  static constexpr OperationInfo kInfo{
      19, "media_list", "reads the media records of an owner, newest first", Effect::kRead, 1};

  struct Request {
    uint64_t owner = 0;
    uint32_t limit = 100;
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::owner>{"owner", "id of the owner"},
          Field<&Request::limit>{"limit", "maximum number of entries (1–10,000)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<MediaEntry> entries = {};
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::entries>{"entries", "records found, and what could not be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

struct MediaSet {
  static constexpr OperationInfo kInfo{
      20, "media_set", "replaces content type, name and custom field of a media record",
      Effect::kWrite, 1};

  struct Request {
    uint64_t owner = 0;
    uint64_t media = 0;
    ByteView content_type = {};
    ByteView name = {};
    ByteView custom = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::owner>{"owner", "id of the owner"},
          Field<&Request::media>{"media", "id of the media record"},
          Field<&Request::content_type>{"content_type",
                                        "such as image/jpeg; with name and custom at most 4,096 "
                                        "bytes",
                                        0, TextForm::kPlain, kHasDefault},
          Field<&Request::name>{"name", "such as a file name", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::custom>{"custom", "any bytes", 0, TextForm::kPlain, kHasDefault}};
    }
  };

  struct Response {
    static constexpr auto Fields() { return FieldList{}; }
  };
};

struct MediaDelete {
  static constexpr OperationInfo kInfo{
      21, "media_delete", "deletes a media record, and its content if no other refers to it",
      Effect::kWrite, 1};

  struct Request {
    uint64_t owner = 0;
    uint64_t media = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::owner>{"owner", "id of the owner"},
                       Field<&Request::media>{"media", "id of the media record"}};
    }
  };

  struct Response {
    static constexpr auto Fields() { return FieldList{}; }
  };
};

// A fault that MEDIA_CHECK found.
struct MediaFinding {
  MediaFault fault = MediaFault::kDamagedRecord;
  ByteView what = {};
  bool repaired = false;

  static constexpr auto Fields() {
    return FieldList{
        Field<&MediaFinding::fault>{"fault", "what is wrong"},
        Field<&MediaFinding::what>{"what",
                                   "where: the path of a record, possibly of an internal "
                                   "table, or the name of a file"},
        Field<&MediaFinding::repaired>{"repaired", "it was given up, and the space with it"}};
  }
};

struct MediaCheck {
  static constexpr OperationInfo kInfo{22, "media_check",
                                       "verifies that media records, references and content agree",
                                       Effect::kAdmin, 1};

  struct Request {
    bool read_bytes = false;
    bool repair = false;
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::read_bytes>{"read_bytes", "also read all content and verify it", 0,
                                      TextForm::kPlain, kHasDefault},
          Field<&Request::repair>{"repair",
                                  "remove references and content that no media record needs", 0,
                                  TextForm::kPlain, kHasDefault},
          Field<&Request::continuation>{"continuation", "token from the previous reply", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    uint64_t media_records = 0;
    uint64_t references = 0;
    uint64_t contents = 0;
    uint64_t files = 0;
    uint64_t read_bytes = 0;
    std::vector<MediaFinding> findings = {};
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::media_records>{"media_records", "number that this request verified"},
          Field<&Response::references>{"references", "likewise: links of media records to content"},
          Field<&Response::contents>{"contents", "likewise: each once, whoever refers to it"},
          Field<&Response::files>{"files", "likewise"},
          Field<&Response::read_bytes>{"read_bytes", "of content that was read"},
          Field<&Response::findings>{"findings", "what is wrong; empty: nothing"},
          Field<&Response::continuation>{"continuation",
                                         "empty if complete; otherwise pass it to go on", 0,
                                         TextForm::kOpaque}};
    }
  };
};

}  // namespace op

// The operations of this family.
using MediaOperations =
    Joined<UploadOperations,
           OperationList<op::MediaPut, op::MediaStat, op::MediaRead, op::MediaList, op::MediaSet,
                         op::MediaDelete, op::MediaCheck>>;

}  // namespace smile
