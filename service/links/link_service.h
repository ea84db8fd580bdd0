// Links between users, and between users and other nodes: both sides of a link change together, in
// one write of an engine that can write together.
//
// All calls may be made on any thread, at the same time. They answer what Engine answers beside
// what is said here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/common_links.h"
#include "service/links/link_list.h"
#include "service/links/link_records.h"
#include "service/links/link_writer.h"
#include "storage/call_context.h"

namespace smile {

// Those that a user is linked to, without what the links say.
struct LinkedOthers {
  std::vector<LinkPlace> links;  // newest first
  bool more = false;             // there are more
  bool gap = false;              // some may be missing because they cannot be read
};

struct LinkCheckRequest {
  LinksOf of;
  std::vector<uint64_t> others;  // at most limits::kMaxLinkChecks
  CallContext call;
};

struct KindCount {
  LinkKind kind = LinkKind::kFriend;
  uint64_t count = 0;

  bool operator==(const KindCount&) const = default;
};

class LinkService {
 public:
  // Both outlive the service, which outlives its calls. The engine can write together (CHECK).
  LinkService(Engine& engine, const Clock& clock);

  // As LinkWriter::Submit. kInvalid: a link to oneself, or of or to kind 0; kTooLarge: the value.
  void Change(LinkChange change, LinkWriter::Done done) const;
  Task<Result<LinkChanged>> Change(LinkChange change) const;

  // Why a change is never valid; ok if it is.
  static Status Check(const LinkChange& change);

  // What the head says if it is there; none: it is damaged.
  static std::optional<uint64_t> CountFrom(const RecordView& record);
  // Sets `entry` if the other is linked. False: that is not known from this record alone.
  static bool CheckFrom(const RecordView& record, uint64_t other, std::optional<LinkEntry>* entry);

  Task<Result<uint64_t>> Count(LinksOf of, CallContext call) const;
  // Of the kinds of which there are links, in ascending order.
  Task<Result<std::vector<KindCount>>> Counts(uint64_t user, CallContext call) const;
  Task<Result<LinkPage>> List(LinkListRequest request) const;
  // The same if it is known without waiting.
  std::optional<LinkPage> PeekList(const LinkListRequest& request) const;
  // Whom a user is linked to, at most so many.
  Task<Result<LinkedOthers>> Others(LinksOf of, size_t limit, CallContext call) const;
  // Those that are linked, in the order of the request, and those whose record cannot be read.
  Task<Result<std::vector<LinkEntry>>> Check(LinkCheckRequest request) const;
  // The same if it is known without waiting.
  std::optional<std::vector<LinkEntry>> PeekLinks(const LinksOf& of,
                                                  std::span<const uint64_t> others) const;
  // A page costs bounded work: it may be short, even empty, although there are more. Costs at most
  // as many lookups as the user with fewer links has.
  Task<Result<CommonLinks>> Common(CommonLinksRequest request) const;

 private:
  Task<Result<std::vector<LinkEntry>>> CheckMembers(LinkCheckRequest request,
                                                    bool is_damaged) const;

  const EngineCalls engine_;
  mutable LinkWriter writer_;
};

}  // namespace smile
