#include "client/smilecat/one_request.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "client/smilecat/content.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/request.h"
#include "client/smilecat/requests.h"

namespace smile::cat {
namespace {

bool HasValue(std::string_view operation) {
  bool has_value = false;
  Requests::ForEach([&]<class Row>() {
    if (Row::kInfo.name == operation) has_value = kAnswersWithValue<typename Row::Response>;
  });
  return has_value;
}

class OneRequest {
 public:
  explicit OneRequest(const OneRequestOptions& options) : options_(options) {}

  ExitStatus Run(Client* client, std::span<const TextToken> tokens,
                 FunctionRef<std::optional<Reply>(PendingReply*)> wait);
  ExitStatus Complain(const std::string& words, ExitStatus status) const;

 private:
  ReplyForm form() const;
  Result<Bytes> ReadFile(std::string_view path);
  ExitStatus Cancelled() const;
  ExitStatus Fail(const Status& status, const ErrorDetail& detail, ExitStatus exit_status) const;
  Status Print(const Reply& reply) const;

  const OneRequestOptions& options_;
  bool file_failed_ = false;
  bool writes_ = false;
};

ReplyForm OneRequest::form() const {
  if (!options_.value_file.empty()) return ReplyForm::kValue;
  if (options_.json) return ReplyForm::kJson;
  if (options_.at_prompt || ::isatty(STDOUT_FILENO) == 1) return ReplyForm::kPage;
  return ReplyForm::kValue;
}

Result<Bytes> OneRequest::ReadFile(std::string_view path) {
  if (options_.at_prompt && path == "-") {
    return Status(Code::kInvalid, "at the prompt, give the value in the line or as @FILE");
  }
  Result<Bytes> content = ReadValue(std::string(path));
  file_failed_ = content.status().code() == Code::kInvalid;
  return content;
}

ExitStatus OneRequest::Complain(const std::string& words, ExitStatus status) const {
  if (options_.at_prompt) {
    fmt::print("{}\n", words);
  } else {
    fmt::print(stderr, "smilecat: {}\n", words);
  }
  return status;
}

// With --json, what reads stdout has its object for a failure too.
ExitStatus OneRequest::Fail(const Status& status, const ErrorDetail& detail,
                            ExitStatus exit_status) const {
  if (options_.json) fmt::print("{}", ShowError(status, detail, ReplyForm::kJson));
  if (options_.json && options_.at_prompt) return exit_status;
  const bool usage = exit_status == ExitStatus::kUsage || exit_status == ExitStatus::kFile;
  return Complain(usage ? status.words() : Complaint(status, detail), exit_status);
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

ExitStatus OneRequest::Run(Client* client, std::span<const TextToken> tokens,
                           FunctionRef<std::optional<Reply>(PendingReply*)> wait) {
  const auto pending = std::make_shared<PendingReply>();
  const Status sent = SendRequest<Requests>(
      client, tokens, [this](std::string_view path) { return ReadFile(path); },
      {.deadline_millis = options_.server.deadline_millis, .retry = false}, form(),
      [&](const OperationInfo& operation) {
        writes_ = operation.effect == Effect::kWrite;
        return [pending](Reply reply) { pending->Set(std::move(reply)); };
      });
  if (!sent.ok()) return Fail(sent, {}, StatusOfUnsent(sent, file_failed_));
  const std::optional<Reply> reply = wait(pending.get());
  if (!reply.has_value()) return Cancelled();
  if (!reply->status.ok()) {
    return Fail(reply->status, reply->detail, ExitStatusOf(reply->status));
  }
  const Status printed = Print(*reply);
  return printed.ok() ? ExitStatus::kOk : Complain(printed.words(), ExitStatus::kFile);
}

// Not ok: the options do not suit the operation.
Status Suits(const OneRequestOptions& options, std::span<const TextToken> tokens) {
  const bool is_operation = !tokens.empty() && Requests::Find(tokens[0].text) != nullptr;
  if (options.value_file.empty() || !is_operation || HasValue(tokens[0].text)) return {};
  return {Code::kInvalid,
          fmt::format("-o takes a record's value; {} answers with none", tokens[0].text)};
}

}  // namespace

ExitStatus RunOneRequest(const OneRequestOptions& options, std::span<const TextToken> tokens) {
  // Before a server is looked for.
  if (const Status suits = Suits(options, tokens); !suits.ok()) {
    return OneRequest(options).Complain(suits.words(), ExitStatus::kUsage);
  }
  Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) {
    return OneRequest(options).Complain(client.status().ToString(), ExitStatus::kConnection);
  }
  return RunOneRequest(client->get(), options, tokens,
                       [](PendingReply* pending) { return std::optional<Reply>(pending->Wait()); });
}

ExitStatus RunOneRequest(Client* client, const OneRequestOptions& options,
                         std::span<const TextToken> tokens,
                         FunctionRef<std::optional<Reply>(PendingReply*)> wait) {
  OneRequest request(options);
  const Status suits = Suits(options, tokens);
  return suits.ok() ? request.Run(client, tokens, wait)
                    : request.Complain(suits.words(), ExitStatus::kUsage);
}

}  // namespace smile::cat
