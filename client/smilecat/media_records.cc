#include "client/smilecat/media_records.h"

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/print.h"
#include "base/progress.h"
#include "client/blocking.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/media_text.h"
#include "client/smilecat/reply.h"

namespace smile::cat {
namespace {

ExitStatus Interrupted() {
  return Complain("interrupted", ExitStatus::kInterrupted);
}

// Calls `visit` for each media record of an owner. kIncomplete if some cannot be read.
ExitStatus ForEachMedia(const MediaOptions& options, const MediaTools& tools, uint64_t owner,
                        const std::function<void(const Media&)>& visit) {
  BlockingClient client(tools.client);
  op::MediaList::Request request{.owner = owner, .limit = 1000};
  ExitStatus status = ExitStatus::kOk;
  Bytes continuation;
  do {
    if (tools.interrupt->Raised()) return Interrupted();
    const auto page =
        client.Call<op::MediaList>(request, {.deadline_millis = options.server.deadline_millis});
    if (!page.ok()) return Complain(Complaint(page.status()), ExitStatusOf(page.status()));
    for (const op::MediaEntry& entry : page->entries) {
      if (entry.outcome == EntryOutcome::kFound) {
        visit(Media(owner, entry.info));
      } else {
        status = Complain(entry.info.media == 0
                              ? fmt::format("some media of {} cannot be read", owner)
                              : fmt::format("{}/{} cannot be read", owner, entry.info.media),
                          ExitStatus::kIncomplete);
      }
    }
    continuation = Bytes(page->continuation);
    request.continuation = continuation;
  } while (!continuation.empty());
  return status;
}

// Deletes several at the same time.
ExitStatus DeleteAll(const MediaOptions& options, const MediaTools& tools,
                     const std::vector<MediaName>& names) {
  constexpr size_t kAtOnce = 64;
  BlockingClient client(tools.client);
  ExitStatus status = ExitStatus::kOk;
  for (size_t first = 0; first < names.size(); first += kAtOnce) {
    if (tools.interrupt->Raised()) return Interrupted();
    const size_t count = std::min(kAtOnce, names.size() - first);
    std::vector<WaitFor<Answer<op::MediaDelete>>> answers(count);
    for (size_t i = 0; i < count; ++i) {
      const MediaName& name = names[first + i];
      tools.client->Call<op::MediaDelete>(
          {.owner = name.owner, .media = name.media},
          {.deadline_millis = options.server.deadline_millis},
          [&answer = answers[i]](Answer<op::MediaDelete> got) { answer.Set(std::move(got)); });
    }
    for (size_t i = 0; i < count; ++i) {
      const std::string name = FormatMediaName(names[first + i]);
      const Answer<op::MediaDelete> answer = answers[i].Take();
      if (answer.ok()) {
        PrintTo(stdout, "{} deleted\n", name);
      } else {
        status = WorseOf(status, Complain(fmt::format("{}: {}", name, Complaint(answer.status())),
                                          ExitStatusOf(answer.status())));
      }
    }
  }
  return status;
}

bool Confirmed(const std::string& what) {
  PrintTo(stderr, "delete {}? [y/N] ", what);
  std::string line;
  return std::getline(std::cin, line) && (line == "y" || line == "yes");
}

}  // namespace

ExitStatus RunMediaList(const MediaOptions& options, const MediaTools& tools) {
  const uint64_t owner = *ReadInteger(options.items[0], 0, UINT64_MAX);
  return ForEachMedia(options, tools, owner, [&](const Media& media) {
    PrintText(stdout, ShowMedia(media, "", options.json));
  });
}

ExitStatus RunMediaStat(const MediaOptions& options, const MediaTools& tools) {
  BlockingClient client(tools.client);
  ExitStatus status = ExitStatus::kOk;
  for (const std::string& item : options.items) {
    const MediaName name = *ReadMediaName(item);
    const auto answer =
        client.Call<op::MediaStat>({.owner = name.owner, .media = name.media},
                                   {.deadline_millis = options.server.deadline_millis});
    if (answer.ok()) {
      PrintText(stdout, ShowMedia(Media(name.owner, answer->info), "", options.json));
    } else {
      status = WorseOf(status, Complain(fmt::format("{}: {}", item, Complaint(answer.status())),
                                        ExitStatusOf(answer.status())));
    }
  }
  return status;
}

ExitStatus RunMediaDelete(const MediaOptions& options, const MediaTools& tools) {
  std::vector<MediaName> names;
  ExitStatus status = ExitStatus::kOk;
  if (options.all) {
    const uint64_t owner = *ReadInteger(options.items[0], 0, UINT64_MAX);
    status = ForEachMedia(options, tools, owner, [&](const Media& media) {
      names.push_back({owner, media.media});
    });
    if (status == ExitStatus::kInterrupted) return status;
  } else {
    for (const std::string& item : options.items) names.push_back(*ReadMediaName(item));
  }
  if (!options.yes && !names.empty()) {
    const std::string what =
        names.size() == 1 ? FormatMediaName(names[0]) : Counted(names.size(), "media record");
    if (::isatty(STDIN_FILENO) != 1) {
      return Complain(fmt::format("to delete {}, give --yes", what), ExitStatus::kUsage);
    }
    if (!Confirmed(what)) return Complain("nothing was deleted", ExitStatus::kUsage);
  }
  return WorseOf(status, DeleteAll(options, tools, names));
}

}  // namespace smile::cat
