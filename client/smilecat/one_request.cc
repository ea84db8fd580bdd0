#include "client/smilecat/one_request.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/print.h"
#include "base/text.h"
#include "client/smilecat/all_pages.h"
#include "client/smilecat/colour.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/content.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/requests.h"
#include "client/smilecat/secret_input.h"
#include "client/smilecat/stats_view.h"
#include "client/smilecat/watch_view.h"

namespace smile::cat {
namespace {

bool HasValue(std::string_view operation) {
  bool has_value = false;
  AnsweredRequests::ForEach([&]<class Row>() {
    if (Row::kInfo.name == operation) has_value = kAnswersWithValue<typename Row::Response>;
  });
  return has_value;
}

class OneRequest {
 public:
  explicit OneRequest(const OneRequestOptions& options) : options_(options) {}

  ExitStatus Run(Client* client, std::span<const TextToken> tokens, const Patience& patience);
  ExitStatus Complain(const std::string& words, ExitStatus status) const;

 private:
  ReplyForm form() const;
  ReplyStyle style() const;
  CallOptions call() const;
  ExitStatus RunStatsView(Client* client, std::span<const TextToken> tokens,
                          const Patience& patience);
  ExitStatus RunWatch(Client* client, std::span<const TextToken> tokens, const Patience& patience);
  ExitStatus RunAll(Client* client, std::span<const TextToken> tokens, const Patience& patience);
  ExitStatus EndOf(const AllPagesEnd& end) const;
  Result<Bytes> ReadFile(std::string_view path, std::string_view secret);
  ExitStatus Cancelled() const;
  ExitStatus Fail(const Status& status, const ErrorDetail& detail, ExitStatus exit_status) const;
  Status Print(const Reply& reply) const;

  const OneRequestOptions& options_;
  Status file_failure_;  // a file that the request names could not be read
  bool writes_ = false;
};

ReplyForm OneRequest::form() const {
  if (options_.raw || !options_.value_file.empty()) return ReplyForm::kValue;
  if (options_.json) return ReplyForm::kJson;
  if (options_.at_prompt || ::isatty(STDOUT_FILENO) == 1) return ReplyForm::kPage;
  return ReplyForm::kValue;
}

ReplyStyle OneRequest::style() const {
  const bool colour = form() == ReplyForm::kPage && WantsColour(stdout);
  ReplyStyle style(form(), options_.raw_times, colour);
  style.show_secrets = options_.show_secrets;
  return style;
}

CallOptions OneRequest::call() const {
  return {.deadline_millis = options_.server.deadline_millis, .retry = false};
}

Result<Bytes> OneRequest::ReadFile(std::string_view path, std::string_view secret) {
  if (!secret.empty()) {
    Result<Bytes> read = path == "-" ? AskForSecret(secret) : ReadSecretFile(path);
    if (!read.ok()) file_failure_ = read.status();
    return read;
  }
  if (options_.at_prompt && path == "-") {
    return Status(Code::kInvalid, "at the prompt, give the value in the line or as @FILE");
  }
  Result<Bytes> content = ReadValue(std::string(path));
  if (content.status().code() == Code::kInvalid) file_failure_ = content.status();
  return content;
}

ExitStatus OneRequest::Complain(const std::string& words, ExitStatus status) const {
  if (!options_.at_prompt) return cat::Complain(words, status);
  PrintTo(stdout, "{}\n", InRed(Printable(words), WantsColour(stdout)));
  return status;
}

// With --json, what reads stdout has its object for a failure too.
ExitStatus OneRequest::Fail(const Status& status, const ErrorDetail& detail,
                            ExitStatus exit_status) const {
  if (options_.json) PrintText(stdout, ShowError(status, detail, ReplyForm::kJson));
  if (options_.json && options_.at_prompt) return exit_status;
  const bool usage = exit_status == ExitStatus::kUsage || exit_status == ExitStatus::kFile;
  return Complain(usage ? status.message() : Complaint(status, detail), exit_status);
}

ExitStatus OneRequest::Cancelled() const {
  return Complain(writes_
                      ? "cancelled; the write may or may not have taken effect: read the record "
                        "before you write it again"
                      : "cancelled",
                  ExitStatus::kInterrupted);
}

Status OneRequest::Print(const Reply& reply) const {
  if (!options_.value_file.empty()) return OutputFile::WriteWhole(options_.value_file, reply.shown);
  const size_t written = std::fwrite(reply.shown.data(), 1, reply.shown.size(), stdout);
  if (written == reply.shown.size() && std::fflush(stdout) == 0) return {};
  return {Code::kInvalid, "cannot write to standard output"};
}

ExitStatus OneRequest::RunStatsView(Client* client, std::span<const TextToken> tokens,
                                    const Patience& patience) {
  StatsOptions options{.watch = options_.watch,
                       .interval_millis = options_.interval_millis,
                       .json = options_.json,
                       .raw_times = options_.raw_times,
                       .clears = ::isatty(STDOUT_FILENO) == 1};
  if (tokens.size() > 1) options.prefix = tokens[1].text;
  if (tokens.size() > 2) {
    return Complain(
        fmt::format("unexpected argument {} (usage: stats [PREFIX])", Quote(tokens[2].text)),
        ExitStatus::kUsage);
  }
  const Status status = RunStats(client, options, options_.server.deadline_millis, patience);
  if (status.ok()) return ExitStatus::kOk;
  if (status.code() == Code::kInvalid) return Complain(status.message(), ExitStatus::kFile);
  return Fail(status, {}, ExitStatusOf(status));
}

ExitStatus OneRequest::RunWatch(Client* client, std::span<const TextToken> tokens,
                                const Patience& patience) {
  if (const Status read = CheckRequest(tokens, {}); !read.ok()) {
    return Fail(read, {}, ExitStatus::kUsage);
  }
  // Which would be tried for as long as the watch is wanted.
  if (const Status reached = Probe(client, options_.server.deadline_millis); !reached.ok()) {
    return Fail(reached, {}, ExitStatusOf(reached));
  }
  const WatchView view{.link_kinds = options_.server.link_kinds,
                       .json = options_.json,
                       .raw_times = options_.raw_times};
  const Status status = cat::RunWatch(client, tokens, view, patience);
  if (status.ok()) return ExitStatus::kOk;
  if (status.code() == Code::kNoSpace) return Complain(status.message(), ExitStatus::kFile);
  return Fail(status, {}, ExitStatusOf(status));
}

ExitStatus OneRequest::EndOf(const AllPagesEnd& end) const {
  if (!end.printed || std::fflush(stdout) != 0) {
    return Complain("cannot write to standard output", ExitStatus::kFile);
  }
  if (!end.reply.has_value()) return Cancelled();
  if (!end.reply->status.ok()) {
    return Fail(end.reply->status, end.reply->detail, ExitStatusOf(end.reply->status));
  }
  if (!end.gap) return ExitStatus::kOk;
  return Complain("parts could not be read, and are missing here", ExitStatus::kIncomplete);
}

ExitStatus OneRequest::RunAll(Client* client, std::span<const TextToken> tokens,
                              const Patience& patience) {
  ExitStatus exit_status = ExitStatus::kOk;
  const Status status = ReadPagedRequest(tokens, [&]<class Row>(Row, const auto& request) {
    exit_status = EndOf(RunAllPages<Row>(client, request, {call(), style()}, patience));
  });
  return status.ok() ? exit_status : Fail(status, {}, ExitStatus::kUsage);
}

ExitStatus OneRequest::Run(Client* client, std::span<const TextToken> tokens,
                           const Patience& patience) {
  if (!tokens.empty() && tokens[0].text == op::Stats::kInfo.name) {
    return RunStatsView(client, tokens, patience);
  }
  if (!tokens.empty() && tokens[0].text == op::Watch::kInfo.name) {
    return RunWatch(client, tokens, patience);
  }
  if (options_.all) return RunAll(client, tokens, patience);
  const auto pending = std::make_shared<PendingReply>();
  const Status sent = SendAnyRequest(
      client, tokens,
      [this](std::string_view path, std::string_view secret) { return ReadFile(path, secret); },
      call(), style(),
      [&](const OperationInfo& operation) {
        writes_ = operation.effect == Effect::kWrite;
        return [pending](Reply reply) { pending->Set(std::move(reply)); };
      });
  if (!file_failure_.ok()) return Fail(file_failure_, {}, ExitStatus::kFile);
  if (!sent.ok()) return Fail(sent, {}, StatusOfUnsent(sent));
  const std::optional<Reply> reply = patience.wait(pending.get());
  if (!reply.has_value()) return Cancelled();
  if (!reply->status.ok()) {
    return Fail(reply->status, reply->detail, ExitStatusOf(reply->status));
  }
  const Status printed = Print(*reply);
  return printed.ok() ? ExitStatus::kOk : Complain(printed.message(), ExitStatus::kFile);
}

// Not ok: the options do not suit the operation.
Status Suits(const OneRequestOptions& options, std::span<const TextToken> tokens) {
  const bool is_operation = !tokens.empty() && Requests::Find(tokens[0].text) != nullptr;
  const bool wants_value = options.raw || !options.value_file.empty();
  if (!wants_value || !is_operation || HasValue(tokens[0].text)) return {};
  return {Code::kInvalid, fmt::format("{} takes a record's value; {} answers with none",
                                      options.raw ? "--raw" : "-o", tokens[0].text)};
}

}  // namespace

ExitStatus RunOneRequest(const OneRequestOptions& options, std::span<const TextToken> tokens) {
  // Before a server is looked for.
  if (const Status suits = Suits(options, tokens); !suits.ok()) {
    return OneRequest(options).Complain(suits.message(), ExitStatus::kUsage);
  }
  Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) {
    return OneRequest(options).Complain(client.status().ToString(), ExitStatus::kConnection);
  }
  const auto wait = [&](PendingReply* pending) {
    std::optional<Reply> reply = pending->Wait();
    // Its thread would take a signal that is to wait until the file is written.
    if (!options.value_file.empty()) client->reset();
    return reply;
  };
  const auto sleep = [](int64_t millis) {
    std::this_thread::sleep_for(std::chrono::milliseconds(millis));
    return true;
  };
  return RunOneRequest(client->get(), options, tokens, {wait, sleep});
}

ExitStatus RunOneRequest(Client* client, const OneRequestOptions& options,
                         std::span<const TextToken> tokens, const Patience& patience) {
  OneRequest request(options);
  const Status suits = Suits(options, tokens);
  return suits.ok() ? request.Run(client, tokens, patience)
                    : request.Complain(suits.message(), ExitStatus::kUsage);
}

}  // namespace smile::cat
