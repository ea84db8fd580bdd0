#include "client/smilecat/one_request.h"

#include <unistd.h>

#include <cstdio>
#include <future>
#include <memory>

#include <fmt/format.h>

#include "client/smilecat/content.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/request.h"
#include "client/smilecat/requests.h"

namespace smile::cat {
namespace {

ExitStatus Complain(const std::string& words, ExitStatus status) {
  fmt::print(stderr, "smilecat: {}\n", words);
  return status;
}

bool HasValue(std::string_view operation) {
  bool has_value = false;
  Requests::ForEach([&]<class Row>() {
    if (Row::kInfo.name == operation) has_value = kAnswersWithValue<typename Row::Response>;
  });
  return has_value;
}

ReplyForm FormFor(const OneRequestOptions& options) {
  if (!options.value_file.empty()) return ReplyForm::kValue;
  if (options.json) return ReplyForm::kJson;
  return ::isatty(STDOUT_FILENO) == 1 ? ReplyForm::kPage : ReplyForm::kValue;
}

Status Print(const OneRequestOptions& options, const Reply& reply) {
  if (!options.value_file.empty()) return OutputFile::WriteWhole(options.value_file, reply.shown);
  const size_t written = std::fwrite(reply.shown.data(), 1, reply.shown.size(), stdout);
  if (written == reply.shown.size() && std::fflush(stdout) == 0) return {};
  return {Code::kInvalid, "cannot write to standard output"};
}

// With --json, what reads stdout has its object for a failure too.
ExitStatus Fail(const OneRequestOptions& options, const Status& status, const ErrorDetail& detail,
                ExitStatus exit_status) {
  if (options.json) fmt::print("{}", ShowError(status, detail, ReplyForm::kJson));
  const bool usage = exit_status == ExitStatus::kUsage || exit_status == ExitStatus::kFile;
  return Complain(usage ? status.words() : Complaint(status, detail), exit_status);
}

}  // namespace

ExitStatus RunOneRequest(const OneRequestOptions& options, std::span<const TextToken> tokens) {
  const bool is_operation = !tokens.empty() && Requests::Find(tokens[0].text) != nullptr;
  if (!options.value_file.empty() && is_operation && !HasValue(tokens[0].text)) {
    return Complain(fmt::format("-o takes a record's value; {} answers with none", tokens[0].text),
                    ExitStatus::kUsage);
  }
  Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) return Complain(client.status().ToString(), ExitStatus::kConnection);
  const auto promise = std::make_shared<std::promise<Reply>>();
  bool file_failed = false;
  const Status sent = SendRequest<Requests>(
      client->get(), tokens,
      [&](std::string_view path) {
        Result<Bytes> content = ReadValue(std::string(path));
        file_failed = content.status().code() == Code::kInvalid;
        return content;
      },
      {.deadline_millis = options.server.deadline_millis, .retry = false}, FormFor(options),
      [&](const OperationInfo&) {
        return [promise](Reply reply) { promise->set_value(std::move(reply)); };
      });
  if (!sent.ok()) return Fail(options, sent, {}, StatusOfUnsent(sent, file_failed));
  const Reply reply = promise->get_future().get();
  client->reset();  // its thread would take a signal that is to wait
  if (!reply.status.ok()) {
    return Fail(options, reply.status, reply.detail, ExitStatusOf(reply.status));
  }
  const Status printed = Print(options, reply);
  return printed.ok() ? ExitStatus::kOk : Complain(printed.words(), ExitStatus::kFile);
}

}  // namespace smile::cat
