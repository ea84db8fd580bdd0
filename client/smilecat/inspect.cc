#include "client/smilecat/inspect.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "client/smilecat/complain.h"
#include "client/smilecat/conversation.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/requests.h"
#include "client/smilecat/sniffer.h"
#include "protocol/text_reader.h"

namespace smile::cat {
namespace {

void PrintNow(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

std::string_view NameOfEffect(Effect effect) {
  switch (effect) {
    case Effect::kRead:
      return "read";
    case Effect::kWrite:
      return "write";
    case Effect::kAdmin:
      break;
  }
  return "admin";
}

template <Message M>
std::string FieldLines() {
  std::string lines;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>;
    const std::string tag = kIsOptional<T> ? fmt::format("tag {}", field.tag) : "";
    lines += fmt::format("  {:<16} {:<6} {}\n", field.name, tag, field.summary);
  });
  return lines.empty() ? "  nothing\n" : lines;
}

template <class Row>
std::string DescribeRow() {
  const TextUsage usage = UsageOf<Row>();
  std::string text = fmt::format("{}: {}\n\n", Row::kInfo.name, Row::kInfo.summary);
  if (Requests::Find(Row::kInfo.name) == nullptr) {
    text += "Sent by smilecat itself when it connects (smilecat --hex ping shows it).\n";
  } else {
    text += fmt::format("Usage: smilecat {}\n", usage.line);
    for (const TextArgument& argument : usage.arguments) {
      text += fmt::format("  {:<24} {}\n", argument.form, argument.summary);
    }
  }
  text += fmt::format("\noperation {}, {}, since protocol version {}\nrequest:\n{}reply:\n{}",
                      Row::kInfo.code, NameOfEffect(Row::kInfo.effect), Row::kInfo.since,
                      FieldLines<typename Row::Request>(), FieldLines<typename Row::Response>());
  return text;
}

}  // namespace

ExitStatus RunSniffer(const Endpoint& listen, const Endpoint& server) {
  const Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return Complain(loop.status().words(), ExitStatus::kConnection);
  Sniffer sniffer(loop->get(), server, PrintNow);
  const Status status = sniffer.Listen(listen);
  if (!status.ok()) {
    return Complain(status.words(),
                    status.code() == Code::kInvalid ? ExitStatus::kUsage : ExitStatus::kConnection);
  }
  PrintNow(fmt::format("smilecat listens on {} for {}\n",
                       Endpoint{listen.host, sniffer.port()}.ToString(), server.ToString()));
  (*loop)->Run();
  return ExitStatus::kOk;
}

ExitStatus RunDecode(const std::string& path) {
  const Result<std::unique_ptr<InputFile>> file = InputFile::Open(path);
  if (!file.ok()) return Complain(file.status().words(), ExitStatus::kFile);
  Conversation conversation("", PrintNow);
  while (true) {
    const Result<ByteView> block = (*file)->ReadBlock();
    if (!block.ok()) return Complain(block.status().words(), ExitStatus::kFile);
    if (block->empty()) break;
    conversation.Feed(Direction::kEither, *block);
  }
  conversation.End(Direction::kEither);
  return conversation.sound() ? ExitStatus::kOk : ExitStatus::kIncomplete;
}

std::string DescribeOperations() {
  std::string text;
  Requests::ForEach([&]<class Row>() {
    text +=
        fmt::format("{:>3}  {:<8} {:<6} {}\n     smilecat {}\n", Row::kInfo.code, Row::kInfo.name,
                    NameOfEffect(Row::kInfo.effect), Row::kInfo.summary, UsageOf<Row>().line);
  });
  return text;
}

std::string DescribeOperation(std::string_view name) {
  std::string text;
  Operations::ForEach([&]<class Row>() {
    if (Row::kInfo.name == name) text = DescribeRow<Row>();
  });
  return text;
}

}  // namespace smile::cat
