#include "client/smilecat/media_check.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/print.h"
#include "base/progress.h"
#include "base/text.h"
#include "client/blocking.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/reply.h"

namespace smile::cat {
namespace {

constexpr auto kMaxPause = std::chrono::milliseconds(1'000);

struct Totals {
  uint64_t media_records = 0;
  uint64_t references = 0;
  uint64_t contents = 0;
  uint64_t files = 0;
  uint64_t read_bytes = 0;
  uint64_t findings = 0;
  uint64_t repaired = 0;

  void Add(const op::MediaCheck::Response& page) {
    media_records += page.media_records;
    references += page.references;
    contents += page.contents;
    files += page.files;
    read_bytes += page.read_bytes;
    findings += page.findings.size();
    repaired += static_cast<uint64_t>(
        std::count_if(page.findings.begin(), page.findings.end(),
                      [](const op::MediaFinding& finding) { return finding.repaired; }));
  }
  uint64_t items() const { return media_records + references + contents + files; }
};

std::string_view Explain(MediaFault fault) {
  switch (fault) {
    case MediaFault::kDamagedRecord:
      return "the record cannot be read";
    case MediaFault::kNoReference:
      return "its content has no reference to it, or is gone: delete it and upload it again";
    case MediaFault::kOtherContent:
      return "it names other content than its reference";
    case MediaFault::kNoBytes:
      return "the bytes are missing, or have another length";
    case MediaFault::kDamagedBytes:
      return "the bytes are damaged";
    case MediaFault::kNoMediaRecord:
      return "a reference of a media record that does not exist";
    case MediaFault::kUnusedContent:
      return "content that nothing refers to";
    case MediaFault::kUnknownFile:
      return "a file that is no content";
  }
  return "a fault that this smilecat does not know";
}

std::string Show(const op::MediaFinding& finding, bool json) {
  if (json) {
    return nlohmann::json{{"fault", NameOf(finding.fault)},
                          {"what", finding.what},
                          {"repaired", finding.repaired}}
               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
           "\n";
  }
  return fmt::format("{}: {} ({}){}\n", Printable(finding.what), Explain(finding.fault),
                     NameOf(finding.fault), finding.repaired ? "; repaired" : "");
}

ExitStatus Summarize(const Totals& totals, const MediaOptions& options) {
  std::string text =
      fmt::format("{}, {}, {}, {} verified", Counted(totals.media_records, "media record"),
                  Counted(totals.references, "reference"), Counted(totals.contents, "content"),
                  Counted(totals.files, "file"));
  if (options.read_bytes) text += fmt::format("; {} read", Counted(totals.read_bytes, "byte"));
  const uint64_t left = totals.findings - totals.repaired;
  text += fmt::format(
      "; {}", totals.findings == 0 ? "nothing is wrong" : Counted(totals.findings, "fault"));
  if (totals.repaired > 0) text += fmt::format(", {} repaired", totals.repaired);
  PrintTo(stderr, "{}\n", text);
  if (left > 0 && !options.repair) {
    PrintTo(stderr,
            "What a crash left is finished within a minute: check again. Then --repair removes "
            "references and content that no media record needs.\n");
  }
  return left > 0 ? ExitStatus::kIncomplete : ExitStatus::kOk;
}

}  // namespace

ExitStatus RunMediaCheck(const MediaOptions& options, const MediaTools& tools) {
  BlockingClient client(tools.client);
  op::MediaCheck::Request request{.read_bytes = options.read_bytes, .repair = options.repair};
  Totals totals;
  Bytes continuation;
  {
    Progress progress(stderr, tools.clock);
    do {
      if (tools.interrupt->Raised()) {
        progress.Clear();
        return Complain("interrupted", ExitStatus::kInterrupted);
      }
      const int64_t begin = tools.clock->MonotonicNanos();
      const auto page =
          client.Call<op::MediaCheck>(request, {.deadline_millis = options.server.deadline_millis});
      if (!page.ok()) {
        progress.Clear();
        return Complain(Complaint(page.status()), ExitStatusOf(page.status()));
      }
      totals.Add(*page);
      if (!page->findings.empty()) progress.Clear();
      for (const op::MediaFinding& finding : page->findings) {
        PrintText(stdout, Show(finding, options.json));
      }
      progress.Update(
          {.unit = "items", .done = totals.items(), .done_here = totals.items(), .trouble = {}});
      continuation = Bytes(page->continuation);
      request.continuation = continuation;
      // As long as the server worked, so that it has at most half of a thread to do for this.
      const std::chrono::nanoseconds worked(tools.clock->MonotonicNanos() - begin);
      if (!options.fast)
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(worked, kMaxPause));
    } while (!continuation.empty());
  }
  return Summarize(totals, options);
}

}  // namespace smile::cat
