#include "server/user_handlers.h"

#include <utility>

#include "server/answer_task.h"

namespace smile {

void UserHandlers::Start(op::UserStat, const op::UserStat::Request& request, int64_t deadline,
                         Responder to) const {
  // Counts are no result that needs memory, so the read is not limited by it.
  CallContext call = CallOf(deadline, to);
  (void)Answer(users_.Stat(request.user, std::move(call)), std::move(to),
               [](const UserState& state, Reply& reply) {
                 const UserTally& tally = state.tally;
                 reply.Ok<op::UserStat>({.logins = tally.logins,
                                         .sessions = tally.sessions,
                                         .links = tally.links,
                                         .media = tally.media,
                                         .uploads = tally.uploads,
                                         .posts = tally.posts,
                                         .records = tally.records,
                                         .complete = state.complete,
                                         .erasing = state.erasing});
               });
}

void UserHandlers::Start(op::UserErase, const op::UserErase::Request& request, int64_t deadline,
                         Responder to) const {
  auto task = users_.Erase(request.user, WriteCallOf(deadline, to));
  (void)Answer(std::move(task), std::move(to), [](const UserErased& erased, Reply& reply) {
    const UserTally& removed = erased.removed;
    reply.Ok<op::UserErase>({.done = erased.done,
                             .logins = removed.logins,
                             .sessions = removed.sessions,
                             .links = removed.links,
                             .media = removed.media,
                             .uploads = removed.uploads,
                             .posts = removed.posts,
                             .records = removed.records});
  });
}

}  // namespace smile
