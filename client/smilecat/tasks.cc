#include "client/smilecat/tasks.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/check.h"
#include "base/print.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/inspect.h"

namespace smile::cat {

ExitStatus RunTask(const CommandLine& line) {
  switch (line.task) {
    case TaskKind::kSendHex:
      return RunSendHex(line.send_hex);
    case TaskKind::kListen:
      return RunSniffer(line.listen, line.server.server, line.save_file, line.show_secrets);
    case TaskKind::kDecode:
      return RunDecode(line.subject);
    case TaskKind::kDescribe:
      PrintText(stdout,
                line.subject.empty() ? DescribeOperations() : DescribeOperation(line.subject));
      return ExitStatus::kOk;
    case TaskKind::kLoad:
      return RunLoad(line.load);
    case TaskKind::kDump:
      return RunDump(line.dump);
    case TaskKind::kMedia:
      return RunMedia(line.media);
    case TaskKind::kUser:
      return RunUser(line.user);
    case TaskKind::kRequest:
    case TaskKind::kLines:
      break;
  }
  CHECK(false);
}

OneRequestOptions OneRequestOf(const CommandLine& line) {
  return {.server = line.server,
          .json = line.json,
          .raw_times = line.raw_times,
          .show_secrets = line.show_secrets,
          .value_file = line.output_file,
          .raw = line.raw,
          .all = line.all,
          .watch = line.watch,
          .interval_millis = line.interval_millis};
}

ExitStatus Say(const Saying& saying) {
  if (saying.status != ExitStatus::kOk) {
    return Complain(fmt::format("{}; see smilecat {}", saying.text, saying.help), saying.status);
  }
  PrintText(stdout, saying.text);
  return saying.status;
}

}  // namespace smile::cat
