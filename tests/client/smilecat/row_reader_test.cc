#include "client/smilecat/row_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/limits.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class RowReaderTest : public ::testing::Test {
 protected:
  std::unique_ptr<RowReader> Open(ByteView content, RowFormat format) {
    Result<std::unique_ptr<InputFile>> file = InputFile::Open(files_.Write("input", content));
    EXPECT_TRUE(file.ok());
    Result<std::unique_ptr<RowReader>> reader = RowReader::Open(std::move(*file), format);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    return std::move(*reader);
  }

  Status OpenError(ByteView content) {
    Result<std::unique_ptr<InputFile>> file = InputFile::Open(files_.Write("input", content));
    return RowReader::Open(std::move(*file), RowFormat::kCsv).status();
  }

  static Bytes TextOf(const JsonObject& object) {
    JsonObjectWriter writer;
    for (const JsonMember& member : object.members()) {
      EXPECT_TRUE(writer.Add(member.name, member.json).ok());
    }
    return std::move(writer).Finish();
  }

  // The first and the last line of each row.
  static std::vector<std::pair<uint64_t, uint64_t>> ReadLines(RowReader* reader) {
    std::vector<std::pair<uint64_t, uint64_t>> lines;
    Row row;
    while (reader->Next(&row) != RowEvent::kEnd) {
      lines.emplace_back(reader->row_lines().first, reader->row_lines().last);
    }
    return lines;
  }

  // All rows; a bad one is its message.
  static std::vector<std::vector<Bytes>> ReadAll(RowReader* reader) {
    std::vector<std::vector<Bytes>> rows;
    while (true) {
      Row row;
      const RowEvent event = reader->Next(&row);
      if (event == RowEvent::kEnd) return rows;
      if (event == RowEvent::kRow) {
        rows.push_back(row.is_json() ? std::vector<Bytes>{TextOf(*row.object)} : row.fields);
      } else {
        rows.push_back({"bad", reader->error().message()});
      }
      if (event == RowEvent::kFailed) return rows;
    }
  }

  TempFiles files_;
};

TEST_F(RowReaderTest, CsvFieldsKeepQuotedCommasQuotesNewlinesAndSpaces) {
  auto reader = Open("id,name\n1,\"a, \"\"b\"\"\nc\"\n2,  spaced  \n3,\"  \"\n", RowFormat::kCsv);
  EXPECT_THAT(*reader->columns(), ElementsAre("id", "name"));
  EXPECT_THAT(ReadAll(reader.get()),
              ElementsAre(ElementsAre("1", "a, \"b\"\nc"), ElementsAre("2", "  spaced  "),
                          ElementsAre("3", "  ")));
}

TEST_F(RowReaderTest, CsvLineEndsMayVary) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    auto reader = Open("a,b" + end + "1,2" + end + end + "3,\xc3\xa9", RowFormat::kCsv);
    EXPECT_THAT(ReadAll(reader.get()),
                ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "\xc3\xa9")));
  }
}

TEST_F(RowReaderTest, ByteOrderMarkIsSkipped) {
  for (const char* header : {"id,b\n", "\"id\",\"b\"\r\n", "\"id\",b"}) {
    auto reader = Open(Bytes(kByteOrderMark) + Bytes(header), RowFormat::kCsv);
    EXPECT_THAT(*reader->columns(), ElementsAre("id", "b")) << header;
  }
  auto json = Open(Bytes(kByteOrderMark) + Bytes("{\"a\":1}\n"), RowFormat::kJsonLines);
  EXPECT_THAT(ReadAll(json.get()), ElementsAre(ElementsAre("{\"a\":1}")));
  EXPECT_EQ(json->position().offset, 11u);
  EXPECT_THAT(OpenError(kByteOrderMark).message(), HasSubstr("is empty"));
}

TEST_F(RowReaderTest, ByteOrderMarkInPiecesIsSkipped) {
  const std::string path = files_.Path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] {
    const int pipe = ::open(path.c_str(), O_WRONLY);
    int unread = 0;
    for (const char byte : Bytes(kByteOrderMark) + Bytes("\"id\"\n7\n")) {
      EXPECT_EQ(::write(pipe, &byte, 1), 1);
      do {
        ASSERT_EQ(::ioctl(pipe, FIONREAD, &unread), 0);
      } while (unread > 0);
    }
    ::close(pipe);
  });
  Result<std::unique_ptr<InputFile>> file = InputFile::Open(path);
  const auto reader = RowReader::Open(std::move(*file), RowFormat::kCsv);
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_THAT(*(*reader)->columns(), ElementsAre("id"));
  EXPECT_THAT(ReadAll(reader->get()), ElementsAre(ElementsAre("7")));
  writer.join();
}

TEST_F(RowReaderTest, Utf16IsRejected) {
  EXPECT_THAT(OpenError(Bytes("\xff\xfei\0d\0", 6)).message(), HasSubstr("UTF-16"));
}

TEST_F(RowReaderTest, EmptyFieldsAfterTheNamedColumnsAreIgnored) {
  auto reader = Open("id,name,,\n1,a,,\n2,b\n3,c,,,\n4,,,\n5,d,x,\n6\n", RowFormat::kCsv);
  EXPECT_THAT(*reader->columns(), ElementsAre("id", "name"));
  EXPECT_THAT(
      ReadAll(reader.get()),
      ElementsAre(ElementsAre("1", "a"), ElementsAre("2", "b"), ElementsAre("3", "c"),
                  ElementsAre("4", ""), ElementsAre("bad", "has 4 columns, the first line names 2"),
                  ElementsAre("bad", "has 1 column, the first line names 2")));
}

TEST_F(RowReaderTest, RowKeepsNulBytes) {
  auto reader = Open(ByteView("a,b\n1\0,\0\n", 9), RowFormat::kCsv);
  EXPECT_THAT(ReadAll(reader.get()), ElementsAre(ElementsAre(Bytes("1\0", 2), Bytes(1, '\0'))));
}

TEST_F(RowReaderTest, TsvIsSplitAtTabs) {
  auto reader = Open("a\tb\n1,5\t2\n", RowFormat::kTsv);
  EXPECT_THAT(ReadAll(reader.get()), ElementsAre(ElementsAre("1,5", "2")));
}

TEST_F(RowReaderTest, MalformedCsvRowsAreReportedAndSkipped) {
  auto reader = Open("a,b\n1,x\"y\n1,2,3\n\"q\"r,1\n4,5\n6,\"open\n", RowFormat::kCsv);
  EXPECT_THAT(ReadAll(reader.get()),
              ElementsAre(ElementsAre("bad", HasSubstr("a quote")),
                          ElementsAre("bad", "has 3 columns, the first line names 2"),
                          ElementsAre("bad", HasSubstr("a quote")), ElementsAre("4", "5"),
                          ElementsAre("bad", HasSubstr("not closed"))));
}

TEST_F(RowReaderTest, LineNumbersCountQuotedNewlines) {
  auto reader = Open("a\n\n\"x\ny\"\nz\n", RowFormat::kCsv);
  EXPECT_THAT(ReadLines(reader.get()), ElementsAre(Pair(3, 4), Pair(5, 5)));
}

TEST_F(RowReaderTest, LineNumbersCountAnyLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    auto reader = Open("a" + end + end + "\"x" + end + "y\"" + end + "z" + end, RowFormat::kCsv);
    EXPECT_THAT(ReadLines(reader.get()), ElementsAre(Pair(3, 4), Pair(5, 5)));
  }
}

TEST_F(RowReaderTest, SwallowingRowKnowsItsLines) {
  auto closed = Open("a,b\n1,\"open\n2,x\n3,\"y\"\n4,z\n", RowFormat::kCsv);
  EXPECT_THAT(ReadLines(closed.get()), ElementsAre(Pair(2, 4), Pair(5, 5)));
  auto open = Open("a,b\n1,x\n1,\"open\n2,x\n3,y", RowFormat::kCsv);
  EXPECT_THAT(ReadLines(open.get()), ElementsAre(Pair(2, 2), Pair(3, 5)));
  auto wrong = Open("a,b\n\"open\n2,x\n3,\"\n4,z\n", RowFormat::kCsv);
  EXPECT_THAT(ReadLines(wrong.get()), ElementsAre(Pair(2, 4), Pair(5, 5)));
}

TEST_F(RowReaderTest, BadRowLongerThanABlockIsSkipped) {
  const Bytes filler(limits::kReadBufferBytes, ',');
  auto reader = Open("a,b\n1,x\"y" + filler + "\n2,z\n", RowFormat::kCsv);
  Row row;
  ASSERT_EQ(reader->Next(&row), RowEvent::kBad);
  const Position after = reader->position();
  EXPECT_EQ(after.offset, 4 + 5 + filler.size() + 1) << "a load goes on from there";
  EXPECT_THAT(ReadAll(reader.get()), ElementsAre(ElementsAre("2", "z")));
}

TEST_F(RowReaderTest, InvalidHeaderIsRejected) {
  EXPECT_THAT(OpenError("").message(), HasSubstr("is empty"));
  EXPECT_THAT(OpenError("a,b,a\n").message(), HasSubstr("two columns are named \"a\""));
  EXPECT_THAT(OpenError("a,b,a\n").message(), HasSubstr("input: line 1: "));
  EXPECT_THAT(OpenError("\n\na,,b,,c\n").message(), HasSubstr("line 3: two columns have no name"));
  EXPECT_THAT(OpenError(",,\n").message(), HasSubstr("names no columns"));
  EXPECT_THAT(OpenError("a\"b\n").message(), HasSubstr("line 1: the first line has a quote"));
}

TEST_F(RowReaderTest, ReadingContinuesFromAnyPosition) {
  const std::pair<Bytes, RowFormat> inputs[] = {
      {"a,b\r\n1,2\r\n\r\n\"x\ny\",3\r\nbad\r\n5,6", RowFormat::kCsv},
      {"a,b\n1,2\n\n\"x\ny\",3\nb\"ad,\n5,6\n", RowFormat::kCsv},
      {"{\"a\":1}\n\n{\"a\":2}\nbad\n{\"a\":3}", RowFormat::kJsonLines}};
  for (const auto& [content, format] : inputs) {
    auto whole = Open(content, format);
    std::vector<Position> positions{whole->position()};
    Row row;
    while (whole->Next(&row) != RowEvent::kEnd) positions.push_back(whole->position());
    const auto all = ReadAll(Open(content, format).get());
    ASSERT_EQ(positions.size(), all.size() + 1);
    for (size_t i = 0; i < positions.size(); ++i) {
      auto reader = Open(content, format);
      ASSERT_TRUE(reader->Seek(positions[i]).ok());
      EXPECT_THAT(ReadAll(reader.get()),
                  ::testing::ElementsAreArray(all.begin() + static_cast<ptrdiff_t>(i), all.end()));
      EXPECT_EQ(reader->position(), whole->position());
      EXPECT_EQ(reader->position().rows, all.size());
      EXPECT_EQ(reader->position().hash, Hash64(content)) << "of all that was read";
    }
  }
}

TEST_F(RowReaderTest, FileChangedBeforeThePositionIsRejected) {
  const Bytes filler(2 * limits::kReadBufferBytes, 'x');
  const Bytes content = "a\n" + filler + "\nlast\n";
  auto whole = Open(content, RowFormat::kCsv);
  ReadAll(whole.get());
  const Position end = whole->position();
  const auto seek = [&](ByteView now) { return Open(now, RowFormat::kCsv)->Seek(end).message(); };
  EXPECT_EQ(seek(content), "");
  EXPECT_EQ(seek(content + "more\n"), "");
  for (const size_t changed : {size_t{2}, size_t{5000}, content.size() - 2}) {
    Bytes now = content;
    now[changed] = 'y';
    EXPECT_THAT(seek(now), HasSubstr("was changed before line 4")) << changed;
  }
  EXPECT_THAT(seek(content.substr(0, content.size() - 1)), HasSubstr("was changed")) << "shorter";
  EXPECT_TRUE(*Open(content, RowFormat::kCsv)->EndsAt(end));
  EXPECT_FALSE(*Open(content + "m", RowFormat::kCsv)->EndsAt(end));
  EXPECT_FALSE(*Open("b" + content.substr(1), RowFormat::kCsv)->EndsAt(end));
}

TEST_F(RowReaderTest, LastRowWithoutALineEndIsUnfinished) {
  const std::pair<Bytes, RowFormat> inputs[] = {{"a\n1\n2", RowFormat::kCsv},
                                                {"a\n1\n\"2\n", RowFormat::kCsv},
                                                {"a\n1\nx\"y", RowFormat::kCsv},
                                                {"{}\n{}", RowFormat::kJsonLines},
                                                {"{}\n{", RowFormat::kJsonLines}};
  for (const auto& [content, format] : inputs) {
    auto reader = Open(content, format);
    Row row;
    reader->Next(&row);
    EXPECT_TRUE(reader->row_finished()) << content;
    reader->Next(&row);
    EXPECT_FALSE(reader->row_finished()) << content;
    EXPECT_EQ(reader->Next(&row), RowEvent::kEnd);
  }
}

TEST_F(RowReaderTest, UnfinishedHeaderIsReadAgain) {
  EXPECT_EQ(Open("a,b", RowFormat::kCsv)->position(), Position());
  EXPECT_EQ(Open("a,b\n", RowFormat::kCsv)->position().offset, 4u);
}

TEST_F(RowReaderTest, RowsAcrossBlocksAreReassembled) {
  Bytes content = "a,b\n";
  const size_t rows = limits::kReadBufferBytes / 8;
  for (size_t i = 0; i < rows; ++i) content += std::to_string(i) + ",\"x,\n" + "y\"\n";
  auto reader = Open(content, RowFormat::kCsv);
  const auto all = ReadAll(reader.get());
  ASSERT_EQ(all.size(), rows);
  for (size_t i = 0; i < rows; ++i) {
    ASSERT_THAT(all[i], ElementsAre(std::to_string(i), "x,\ny"));
  }
  EXPECT_EQ(reader->position().offset, content.size());
}

TEST_F(RowReaderTest, EndlessRowIsBounded) {
  const Bytes filler(limits::kMaxInputRowBytes + 10, 'x');
  auto csv = Open("a\nb\n\"\n" + filler + "\"\nb\n", RowFormat::kCsv);
  EXPECT_THAT(ReadAll(csv.get()).back(),
              ElementsAre("bad", HasSubstr("lines 3 to 4: a row of over 8388608 bytes")));
  auto json = Open("{}\n\"" + filler + "\"\n{}\n", RowFormat::kJsonLines);
  EXPECT_THAT(ReadAll(json.get()),
              ElementsAre(ElementsAre("{}"), ElementsAre("bad", "is over 8388608 bytes"),
                          ElementsAre("{}")))
      << "a line has an end: what follows can be read";
}

TEST_F(RowReaderTest, JsonLinesOtherThanObjectsAreReported) {
  auto reader =
      Open("{\"b\":1,\"a\":2}\r\n\n[1]\n{\"a\":\n{\"c\":\"\\u0000\"}", RowFormat::kJsonLines);
  EXPECT_EQ(reader->columns(), nullptr);
  EXPECT_THAT(ReadAll(reader.get()), ElementsAre(ElementsAre("{\"b\":1,\"a\":2}"),
                                                 ElementsAre("bad", "is not a JSON object"),
                                                 ElementsAre("bad", HasSubstr("is not valid JSON")),
                                                 ElementsAre("{\"c\":\"\\u0000\"}")));
}

TEST_F(RowReaderTest, UnreadableFilesAreRejectedWithAMessage) {
  EXPECT_THAT(InputFile::Open(files_.Path("none")).status().message(), HasSubstr("cannot open"));
  EXPECT_THAT(InputFile::Open(files_.Path("")).status().message(), HasSubstr("is not a file"));
}

}  // namespace
}  // namespace smile::cat
