// Handlers of the operations on media; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "protocol/media_operations.h"
#include "server/responder.h"
#include "service/media/media_service.h"

namespace smile {

class MediaHandlers {
 public:
  explicit MediaHandlers(const MediaService& media) : media_(media) {}

  Status Check(op::MediaBegin, const op::MediaBegin::Request& request) const;
  Status Check(op::MediaAppend, const op::MediaAppend::Request& request) const;
  Status Check(op::MediaProgress, const op::MediaProgress::Request& request) const;
  Status Check(op::MediaCommit, const op::MediaCommit::Request& request) const;
  Status Check(op::MediaCancel, const op::MediaCancel::Request& request) const;
  Status Check(op::MediaPut, const op::MediaPut::Request& request) const;
  Status Check(op::MediaStat, const op::MediaStat::Request&) const { return {}; }
  Status Check(op::MediaRead, const op::MediaRead::Request& request) const;
  Status Check(op::MediaList, const op::MediaList::Request& request) const;
  Status Check(op::MediaSet, const op::MediaSet::Request&) const { return {}; }
  Status Check(op::MediaDelete, const op::MediaDelete::Request&) const { return {}; }
  Status Check(op::MediaCheck, const op::MediaCheck::Request&) const { return {}; }

  void Start(op::MediaBegin, const op::MediaBegin::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaAppend, const op::MediaAppend::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaProgress, const op::MediaProgress::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaCommit, const op::MediaCommit::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaCancel, const op::MediaCancel::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaPut, const op::MediaPut::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaStat, const op::MediaStat::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaRead, const op::MediaRead::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaList, const op::MediaList::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaSet, const op::MediaSet::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaDelete, const op::MediaDelete::Request& request, int64_t deadline,
             Responder to) const;
  void Start(op::MediaCheck, const op::MediaCheck::Request& request, int64_t deadline,
             Responder to) const;

 private:
  const MediaService& media_;
};

}  // namespace smile
