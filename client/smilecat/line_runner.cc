#include "client/smilecat/line_runner.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/progress.h"
#include "client/smilecat/all_pages.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/content.h"
#include "client/smilecat/line_reader.h"
#include "client/smilecat/ordered_printer.h"
#include "client/smilecat/requests.h"
#include "client/smilecat/secret_input.h"

namespace smile::cat {
namespace {

class LineRun {
 public:
  LineRun(const LineOptions& options, Client* client, std::FILE* out)
      : options_(options), client_(client), printer_(out, limits::kMaxLinesInFlight) {}

  void RunLine(uint64_t number, std::string_view line) {
    Result<std::vector<TextToken>> tokens = SplitLine(line);
    if (!tokens.ok()) return AnswerBad(number, tokens.status(), ExitStatus::kUsage);
    options_.server.link_kinds.Translate(&*tokens);
    if (tokens->empty() || (*tokens)[0].text.starts_with('#')) return;
    if (const auto lost = printer_.lost(); lost.has_value()) {
      return AnswerBad(number,
                       {Code::kUnavailable, fmt::format("not sent, because the connection was lost "
                                                        "in line {}",
                                                        lost->first)},
                       ExitStatus::kConnection);
    }
    if ((*tokens)[0].text == op::Stats::kInfo.name && tokens->size() > 1) {
      return RunStats(number, *tokens);
    }
    if ((*tokens)[0].text == op::Watch::kInfo.name) {
      return AnswerBad(number, {Code::kInvalid, "watch has no end: run `smilecat watch` by itself"},
                       ExitStatus::kUsage);
    }
    if (std::any_of(tokens->begin(), tokens->end(), IsAll)) return RunAll(number, *tokens);
    Status file_failure;
    const auto content = [&](std::string_view path, std::string_view secret) {
      return ReadFile(path, !secret.empty(), &file_failure);
    };
    const Status status =
        SendAnyRequest(client_, *tokens, content, call(), style(),
                       [&](const OperationInfo& operation) { return Begin(number, operation); });
    if (!file_failure.ok()) return AnswerBad(number, file_failure, ExitStatus::kFile);
    if (!status.ok()) AnswerBad(number, status, StatusOfUnsent(status));
  }

  // A line that is not a request gets an answer in its place, like any other.
  void AnswerBad(uint64_t number, const Status& status, ExitStatus exit_status) {
    printer_.Answer(printer_.Open(number),
                    {status, {}, ShowError(status, {}, form(), number), exit_status});
  }

  // The answers cannot be printed: nothing more is read.
  bool over() const { return printer_.output_failed(); }

  // `input`: how reading the lines ended.
  ExitStatus Finish(const Status& input) {
    printer_.WaitForAll();
    const OrderedPrinter::Tally tally = printer_.tally();
    if (printer_.output_failed()) {
      return Complain("cannot write to standard output", ExitStatus::kFile);
    }
    if (!input.ok()) Complain(input.message());
    if (const auto lost = printer_.lost(); lost.has_value()) {
      Complain(fmt::format("line {}: {}; later lines were not sent", lost->first,
                           Complaint(lost->second)));
    } else if (tally.failures > 0) {
      Complain(fmt::format("{} of {} failed, the first in line {}", tally.failures,
                           Counted(tally.answers, "request"), tally.first_failed_line));
    }
    return input.ok() ? tally.worst : WorseOf(tally.worst, ExitStatus::kFile);
  }

 private:
  static bool IsAll(const TextToken& token) { return !token.literal && token.text == "--all"; }
  static bool IsLimit(const TextToken& token) {
    return !token.literal && token.text.starts_with("--limit");
  }

  // scan or list with --all. Its pages are awaited here: the lines after it are sent later.
  void RunAll(uint64_t number, std::vector<TextToken> tokens) {
    if (std::any_of(tokens.begin(), tokens.end(), IsLimit)) {
      return AnswerBad(number,
                       {Code::kInvalid, "--all and --limit do not go together; leave one out"},
                       ExitStatus::kUsage);
    }
    std::erase_if(tokens, IsAll);
    const Status status = ReadPagedRequest(tokens, [&]<class Row>(Row, const auto& request) {
      const auto done = Begin(number, Row::kInfo);
      done(CollectAllPages<Row>(client_, request, {call(), style()}));
    });
    if (!status.ok()) AnswerBad(number, status, StatusOfUnsent(status));
  }

  // stats PREFIX
  void RunStats(uint64_t number, const std::vector<TextToken>& tokens) {
    if (tokens.size() > 2) {
      return AnswerBad(
          number,
          {Code::kInvalid,
           fmt::format("unexpected argument {} (usage: stats [PREFIX])", Quote(tokens[2].text))},
          ExitStatus::kUsage);
    }
    client_->Call<op::Stats>(
        {}, call(),
        [done = Begin(number, op::Stats::kInfo), prefix = tokens[1].text, style = style()](
            const Answer<op::Stats>& answer) { done(ShowStats(answer, prefix, style)); });
  }

  static Reply ShowStats(const Answer<op::Stats>& answer, const std::string& prefix,
                         const ReplyStyle& style) {
    if (!answer.ok()) return ShowAnswer(answer, {}, style);
    op::Stats::Response shown;
    for (const op::Stat& stat : answer->stats) {
      if (stat.name.starts_with(prefix)) shown.stats.push_back(stat);
    }
    if (!shown.stats.empty()) return {.shown = ShowMessage(ToTree(shown), style)};
    return {.status = {Code::kNotFound, "no statistic begins with " + prefix}};
  }

  CallOptions call() const {
    return {.deadline_millis = options_.server.deadline_millis, .retry = false};
  }
  ReplyStyle style() const {
    ReplyStyle style(form(), options_.raw_times, /*in_colour=*/false);
    style.show_secrets = options_.show_secrets;
    return style;
  }

  std::function<void(Reply)> Begin(uint64_t number, const OperationInfo& operation) {
    const bool overlaps = operation.effect == last_effect_ && operation.effect != Effect::kAdmin;
    if (!overlaps) printer_.WaitForAll();
    last_effect_ = operation.effect;
    const uint64_t place = printer_.Open(number);
    return [this, place, number](Reply reply) {
      if (!reply.status.ok()) {
        reply.shown = ShowError(reply.status, reply.detail, form(), number);
      }
      printer_.Answer(place, std::move(reply));
    };
  }

  static Result<Bytes> ReadFile(std::string_view path, bool is_secret, Status* failure) {
    if (path == "-") {
      return Status(
          Code::kInvalid,
          "standard input holds the requests here: give the value in the line or as @FILE");
    }
    Result<Bytes> content = is_secret ? ReadSecretFile(path) : ReadValue(std::string(path));
    if (content.status().code() == Code::kInvalid) *failure = content.status();
    return content;
  }

  ReplyForm form() const { return options_.json ? ReplyForm::kJson : ReplyForm::kLine; }

  const LineOptions& options_;
  Client* const client_;
  OrderedPrinter printer_;
  Effect last_effect_ = Effect::kAdmin;
};

}  // namespace

ExitStatus RunLines(const LineOptions& options, InputFile* in, std::FILE* out) {
  const Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) return Complain(client.status().message(), ExitStatus::kConnection);
  LineRun run(options, client->get(), out);
  LineReader lines(in, limits::kMaxRequestLineBytes);
  Bytes line;
  while (!run.over()) {
    const uint64_t number = lines.line();
    const Result<bool> read = lines.Next(&line);
    Status status = read.status();
    if (status.code() == Code::kTooLarge) {
      run.AnswerBad(number, status, ExitStatus::kUsage);
      status = lines.SkipLine();
      if (status.ok()) continue;
    }
    if (!status.ok()) return run.Finish(status);
    if (!*read) break;
    run.RunLine(number, line);
  }
  return run.Finish({});
}

}  // namespace smile::cat
