// Handlers of the operations on links; see server/handlers.h.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "protocol/link_operations.h"
#include "server/lookup_run.h"
#include "server/responder.h"
#include "service/links/link_service.h"

namespace smile {

class LinkHandlers {
 public:
  explicit LinkHandlers(const LinkService& links) : links_(links) {}

  Status Check(op::Link, const op::Link::Request& request) const;
  Status Check(op::Unlink, const op::Unlink::Request& request) const;
  Status Check(op::LinkCount, const op::LinkCount::Request& request) const;
  Status Check(op::LinkList, const op::LinkList::Request& request) const;
  Status Check(op::LinkCheck, const op::LinkCheck::Request& request) const;
  Status Check(op::LinkCommon, const op::LinkCommon::Request& request) const;
  Status Check(op::LinkCounts, const op::LinkCounts::Request&) const { return {}; }

  static std::optional<LookupKey> LookupOf(op::LinkCount, const op::LinkCount::Request& request);
  static std::optional<LookupKey> LookupOf(op::LinkCheck, const op::LinkCheck::Request& request);
  static bool AnswerFrom(op::LinkCount, const op::LinkCount::Request& request, PeekResult result,
                         const RecordView& record, Reply* reply);
  static bool AnswerFrom(op::LinkCheck, const op::LinkCheck::Request& request, PeekResult result,
                         const RecordView& record, Reply* reply);

  bool TryNow(op::LinkList, const op::LinkList::Request& request, Reply* reply) const;
  bool TryNow(op::LinkCheck, const op::LinkCheck::Request& request, Reply* reply) const;

  void Start(op::Link, const op::Link::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Unlink, const op::Unlink::Request& request, int64_t deadline, Responder to) const;
  void Start(op::LinkCount, const op::LinkCount::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LinkList, const op::LinkList::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LinkCheck, const op::LinkCheck::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LinkCommon, const op::LinkCommon::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::LinkCounts, const op::LinkCounts::Request& request, int64_t deadline,
             Responder to) const;

 private:
  const LinkService& links_;
};

}  // namespace smile
