#include "client/smilecat/line_runner.h"

#include <algorithm>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/content.h"
#include "client/smilecat/line_reader.h"
#include "client/smilecat/ordered_printer.h"
#include "client/smilecat/request.h"
#include "protocol/operations.h"

namespace smile::cat {
namespace {

Result<Bytes> ReadFileContent(std::string_view path) {
  if (path != "-") return ReadContent(std::string(path));
  return Status(
      Code::kInvalid,
      "standard input holds the requests here: a value comes from the line or from @FILE");
}

class LineRun {
 public:
  LineRun(const LineOptions& options, Client* client, std::FILE* out)
      : options_(options), client_(client), printer_(out, limits::kMaxLinesInFlight) {}

  void RunLine(uint64_t number, std::string_view line) {
    const Result<std::vector<TextToken>> tokens = SplitLine(line);
    if (!tokens.ok()) return ReportBad(number, tokens.status());
    if (tokens->empty() || (*tokens)[0].text.starts_with('#')) return;
    const Status status = SendRequest<Operations>(
        client_, *tokens, ReadFileContent,
        {.deadline_millis = options_.server.deadline_millis, .retry = false},
        options_.json ? ReplyForm::kJson : ReplyForm::kLine,
        [&](const OperationInfo& operation) { return Begin(number, operation); });
    if (!status.ok()) ReportBad(number, status);
  }

  // The server is out of reach, or the answers cannot be printed: no more is asked.
  bool over() const { return printer_.lost().has_value() || printer_.output_failed(); }

  ExitStatus Finish() {
    printer_.WaitForAll();
    const auto lost = printer_.lost();
    if (printer_.output_failed()) {
      fmt::print(stderr, "smilecat: cannot write to standard output\n");
      return ExitStatus::kUsage;
    }
    if (!lost.has_value()) return std::max(printer_.worst(), worst_);
    fmt::print(stderr, "smilecat: line {}: {}\n", lost->first, Complaint(lost->second));
    return ExitStatus::kConnection;
  }

  void ReportBad(uint64_t number, const Status& status) {
    fmt::print(stderr, "smilecat: line {}: {}\n", number, status.words());
    worst_ = ExitStatus::kRefused;
  }

 private:
  std::function<void(Reply)> Begin(uint64_t number, const OperationInfo& operation) {
    const bool overlaps = operation.effect == last_effect_ && operation.effect != Effect::kAdmin;
    if (!overlaps) printer_.WaitForAll();
    last_effect_ = operation.effect;
    const uint64_t place = printer_.Open(number);
    return [this, place](Reply reply) { printer_.Answer(place, std::move(reply)); };
  }

  const LineOptions& options_;
  Client* const client_;
  OrderedPrinter printer_;
  Effect last_effect_ = Effect::kAdmin;
  ExitStatus worst_ = ExitStatus::kOk;
};

}  // namespace

ExitStatus RunLines(const LineOptions& options, InputFile* in, std::FILE* out) {
  const Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) {
    fmt::print(stderr, "smilecat: {}\n", client.status().words());
    return ExitStatus::kConnection;
  }
  LineRun run(options, client->get(), out);
  LineReader lines(in, limits::kMaxRequestLineBytes);
  Bytes line;
  while (!run.over()) {
    const uint64_t number = lines.line();
    const Result<bool> read = lines.Next(&line);
    if (!read.ok()) run.ReportBad(number, read.status());
    if (!read.ok() || !*read) break;
    run.RunLine(number, line);
  }
  return run.Finish();
}

}  // namespace smile::cat
