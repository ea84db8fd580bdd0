#include <gtest/gtest.h>

#include "protocol/message.h"
#include "protocol/operations.h"
#include "protocol/text_command.h"
#include "protocol/text_reader.h"
#include "protocol/text_writer.h"

namespace smile {
namespace {

std::vector<TextToken> Split(std::string_view line) {
  Result<std::vector<TextToken>> tokens = SplitLine(line);
  EXPECT_TRUE(tokens.ok()) << line << ": " << tokens.status().ToString();
  return tokens.ok() ? *tokens : std::vector<TextToken>();
}

// Reads a line, and gives how it would be written.
std::string ReadAndWrite(std::string_view line) {
  std::string written;
  const Status status = ReadAnyRequest<Operations>(
      Split(line), {},
      [&]<class Row>(Row, TextRequest<Row> read) { written = WriteCommand<Row>(read.request); });
  return status.ok() ? written : status.ToString();
}

TEST(TextReader, ReadsWhatIsWritten) {
  for (const std::string line : {
           "ping",
           "ping --payload hello",
           "get users/42/profile",
           "put users/42/profile \"Ada Lovelace\"",
           "put users/42/profile \"Ada\" --if-absent --expire-seconds 60",
           "delete users/42/profile --if-version 7",
           "mget users/42/profile logins/ada@example.org links/42/friend/7",
           "batch users/42 put profile \"Ada\" --if-absent delete theme put x \"\\xff\" "
           "--expire-seconds 3",
           "scan posts/42 --limit 20 --keys-only --from 7 --to 3 --continuation 0x00ff",
           "scan links/42 --from friend --to family",
           "list users --limit 5",
           "stats",
           "hello --client-name test",
       }) {
    EXPECT_EQ(ReadAndWrite(line), line);
  }
}

}  // namespace
}  // namespace smile
