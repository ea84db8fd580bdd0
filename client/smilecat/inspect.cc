#include "client/smilecat/inspect.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "base/print.h"
#include "client/smilecat/capture.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/conversation.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/requests.h"
#include "client/smilecat/sniffer.h"

namespace smile::cat {
namespace {

void PrintNow(const std::string& text) {
  PrintText(stdout, text);
  std::fflush(stdout);
}

std::string_view NameOfEffect(Effect effect) {
  switch (effect) {
    case Effect::kRead:
      return "read";
    case Effect::kWrite:
      return "write";
    case Effect::kCredentials:
      return "credentials";
    case Effect::kAdmin:
      break;
  }
  return "admin";
}

// What smilecat itself adds to an operation; --help says what it means.
std::string_view OwnUsageOf(std::string_view name) {
  if (name == "get") return " [--raw | -o FILE]";
  if (name == "scan" || name == "list") return " [--all]";
  if (name == "stats") return " [PREFIX] [--watch [--interval SECONDS]]";
  return "";
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
  const TextUsage usage = UsageOfOperation(Row::kInfo.name);
  std::string text = fmt::format("{}: {}\n\n", Row::kInfo.name, Row::kInfo.summary);
  if (Requests::Find(Row::kInfo.name) == nullptr) {
    text += Row::kInfo.code == op::Hello::kInfo.code
                ? "Sent by smilecat itself when it connects (smilecat --hex ping shows it).\n"
                : "Sent by smilecat itself when a watch is cancelled at the prompt.\n";
  } else {
    text += fmt::format("Usage: smilecat {}{}\n", usage.line, OwnUsageOf(Row::kInfo.name));
    for (const TextArgument& argument : usage.arguments) {
      text += fmt::format("  {:<24} {}\n", argument.form, argument.summary);
    }
  }
  text += fmt::format("\noperation {}, {}, since protocol version {}\nrequest:\n{}reply:\n{}",
                      Row::kInfo.code, NameOfEffect(Row::kInfo.effect), Row::kInfo.since,
                      FieldLines<typename Row::Request>(), FieldLines<typename Row::Response>());
  return text;
}

// Calls feed(block) with all of the file, of which `beginning` has been read.
template <class Feed>
Status FeedAll(InputFile* file, ByteView beginning, Feed feed) {
  SMILE_TRY(feed(beginning));
  while (true) {
    SMILE_ASSIGN(const ByteView block, file->ReadBlock());
    if (block.empty()) return {};
    SMILE_TRY(feed(block));
  }
}

ExitStatus DecodeCapture(InputFile* file, ByteView beginning) {
  CaptureReader reader(PrintNow);
  Status status = FeedAll(file, beginning, [&](ByteView block) { return reader.Feed(block); });
  const Status end = reader.End();
  if (status.ok()) status = end;
  if (!status.ok()) {
    return Complain(fmt::format("{}: {}", file->name(), status.message()), ExitStatus::kFile);
  }
  return reader.sound() ? ExitStatus::kOk : ExitStatus::kIncomplete;
}

ExitStatus DecodeStream(InputFile* file, ByteView beginning) {
  Conversation conversation("", PrintNow);
  const Status status = FeedAll(file, beginning, [&](ByteView block) {
    conversation.Feed(Direction::kEither, block);
    return Status();
  });
  if (!status.ok()) return Complain(status.message(), ExitStatus::kFile);
  conversation.End(Direction::kEither);
  return conversation.sound() ? ExitStatus::kOk : ExitStatus::kIncomplete;
}

}  // namespace

ExitStatus RunSniffer(const Endpoint& listen, const Endpoint& server, const std::string& save_file,
                      bool show_secrets) {
  std::unique_ptr<CaptureWriter> capture;
  if (!save_file.empty()) {
    Result<std::unique_ptr<CaptureWriter>> created = CaptureWriter::Create(save_file);
    if (!created.ok()) return Complain(created.status().message(), ExitStatus::kFile);
    capture = std::move(*created);
  }
  const Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return Complain(loop.status().message(), ExitStatus::kConnection);
  Sniffer sniffer(loop->get(), server, PrintNow, capture.get(), show_secrets);
  const Status status = sniffer.Listen(listen);
  if (!status.ok()) {
    return Complain(status.message(),
                    status.code() == Code::kInvalid ? ExitStatus::kUsage : ExitStatus::kConnection);
  }
  PrintNow(fmt::format("smilecat listens on {} for {}\n",
                       Endpoint{listen.host, sniffer.port()}.ToString(), server.ToString()));
  (*loop)->Run();
  return ExitStatus::kOk;
}

ExitStatus RunDecode(const std::string& path) {
  const Result<std::unique_ptr<InputFile>> file = InputFile::Open(path);
  if (!file.ok()) return Complain(file.status().message(), ExitStatus::kFile);
  Bytes beginning;  // of a pipe, that gives it in pieces
  while (beginning.size() < sizeof(uint32_t)) {
    const Result<ByteView> block = (*file)->ReadBlock();
    if (!block.ok()) return Complain(block.status().message(), ExitStatus::kFile);
    if (block->empty()) break;
    beginning.append(*block);
  }
  return IsCapture(beginning) ? DecodeCapture(file->get(), beginning)
                              : DecodeStream(file->get(), beginning);
}

std::string DescribeOperations() {
  std::string text;
  Requests::ForEach([&]<class Row>() {
    text += fmt::format("{:>3}  {:<8} {:<6} {}\n     smilecat {}\n", Row::kInfo.code,
                        Row::kInfo.name, NameOfEffect(Row::kInfo.effect), Row::kInfo.summary,
                        UsageOfOperation(Row::kInfo.name).line);
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
