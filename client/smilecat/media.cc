#include "client/smilecat/media.h"

#include <memory>

#include "client/smilecat/complain.h"
#include "client/smilecat/media_check.h"
#include "client/smilecat/media_get.h"
#include "client/smilecat/media_put.h"
#include "client/smilecat/media_records.h"
#include "client/smilecat/media_tools.h"
#include "client/smilecat/reply.h"

namespace smile::cat {
namespace {

ExitStatus Run(const MediaOptions& options, const MediaTools& tools) {
  switch (options.action) {
    case MediaAction::kPut:
      return RunMediaPut(options, tools);
    case MediaAction::kGet:
      return RunMediaGet(options, tools);
    case MediaAction::kList:
      return RunMediaList(options, tools);
    case MediaAction::kStat:
      return RunMediaStat(options, tools);
    case MediaAction::kDelete:
      return RunMediaDelete(options, tools);
    case MediaAction::kCheck:
      return RunMediaCheck(options, tools);
    case MediaAction::kResume:
      break;
  }
  return RunMediaResume(options, tools);
}

}  // namespace

ExitStatus RunMedia(const MediaOptions& options) {
  const Interrupt interrupt;
  const SystemClock clock;
  ServerWatch watch(&clock);
  const Result<std::unique_ptr<Client>> client = Connect(options.server, &watch);
  if (!client.ok()) return Complain(client.status().message(), ExitStatus::kConnection);
  const Status reached = Probe(client->get(), options.server.deadline_millis);
  if (!reached.ok()) return Complain(Complaint(reached), ExitStatusOf(reached));
  return Run(options,
             {.client = client->get(), .watch = &watch, .clock = &clock, .interrupt = &interrupt});
}

}  // namespace smile::cat
