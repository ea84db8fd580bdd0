#include "client/smilecat/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

  // All rows; a bad one is its words.
  static std::vector<std::vector<Bytes>> ReadAll(RowReader* reader) {
    std::vector<std::vector<Bytes>> rows;
    while (true) {
      Row row;
      const RowEvent event = reader->Next(&row);
      if (event == RowEvent::kEnd) return rows;
      if (event == RowEvent::kRow) {
        rows.push_back(row.is_json() ? std::vector<Bytes>{row.object.dump()} : row.fields);
      } else {
        rows.push_back({"bad", reader->error().words()});
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

TEST_F(RowReaderTest, CsvIsReadWithAnyLineEndAndWithoutOneAtTheEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    auto reader = Open("a,b" + end + "1,2" + end + end + "3,\xc3\xa9", RowFormat::kCsv);
    EXPECT_THAT(ReadAll(reader.get()),
                ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "\xc3\xa9")));
  }
}

TEST_F(RowReaderTest, CsvSkipsAByteOrderMark) {
  EXPECT_THAT(*Open("\xef\xbb\xbfid,b\n", RowFormat::kCsv)->columns(), ElementsAre("id", "b"));
}

TEST_F(RowReaderTest, TsvIsCutAtTabs) {
  auto reader = Open("a\tb\n1,5\t2\n", RowFormat::kTsv);
  EXPECT_THAT(ReadAll(reader.get()), ElementsAre(ElementsAre("1,5", "2")));
}

TEST_F(RowReaderTest, MalformedCsvRowsAreReportedAndReadingGoesOn) {
  auto reader = Open("a,b\n1,x\"y\n1,2,3\n\"q\"r,1\n4,5\n6,\"open\n", RowFormat::kCsv);
  EXPECT_THAT(ReadAll(reader.get()),
              ElementsAre(ElementsAre("bad", HasSubstr("a quote")),
                          ElementsAre("bad", "has 3 columns, the first line names 2"),
                          ElementsAre("bad", HasSubstr("a quote")), ElementsAre("4", "5"),
                          ElementsAre("bad", HasSubstr("not closed"))));
}

TEST_F(RowReaderTest, LinesOfRowsAreKnownAlsoBehindQuotedNewlines) {
  auto reader = Open("a\n\n\"x\ny\"\nz\n", RowFormat::kCsv);
  Row row;
  ASSERT_EQ(reader->Next(&row), RowEvent::kRow);
  EXPECT_EQ(reader->row_line(), 3u);
  ASSERT_EQ(reader->Next(&row), RowEvent::kRow);
  EXPECT_EQ(reader->row_line(), 5u);
}

TEST_F(RowReaderTest, AHeaderThatIsMissingOrNamesAColumnTwiceIsRefused) {
  EXPECT_THAT(OpenError("").words(), HasSubstr("is empty"));
  EXPECT_THAT(OpenError("a,b,a\n").words(), HasSubstr("two columns \"a\""));
}

TEST_F(RowReaderTest, ReadingGoesOnFromEachPositionAsIfItHadNotStopped) {
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
      EXPECT_EQ(reader->position().line, whole->position().line);
      EXPECT_EQ(reader->position().rows, all.size());
    }
  }
}

TEST_F(RowReaderTest, RowsAcrossBlocksOfTheFileAreWhole) {
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

TEST_F(RowReaderTest, ARowWithoutAnEndIsNotReadWithoutABound) {
  for (const RowFormat format : {RowFormat::kCsv, RowFormat::kJsonLines}) {
    auto reader = Open("a\n\"" + Bytes(limits::kMaxInputRowBytes + 10, 'x') + "\"\nb\n", format);
    EXPECT_THAT(ReadAll(reader.get()).back(), ElementsAre("bad", HasSubstr("over 8388608 bytes")));
  }
}

TEST_F(RowReaderTest, JsonLinesThatAreNoObjectAreReported) {
  auto reader =
      Open("{\"b\":1,\"a\":2}\r\n\n[1]\n{\"a\":\n{\"c\":\"\\u0000\"}", RowFormat::kJsonLines);
  EXPECT_EQ(reader->columns(), nullptr);
  EXPECT_THAT(
      ReadAll(reader.get()),
      ElementsAre(ElementsAre("{\"b\":1,\"a\":2}"), ElementsAre("bad", "is no JSON object"),
                  ElementsAre("bad", "is no JSON object"), ElementsAre("{\"c\":\"\\u0000\"}")));
}

TEST_F(RowReaderTest, FilesThatCannotBeReadAreRefusedInWords) {
  EXPECT_THAT(InputFile::Open(files_.Path("none")).status().words(), HasSubstr("cannot open"));
  EXPECT_THAT(InputFile::Open(files_.Path("")).status().words(), HasSubstr("is not a file"));
}

}  // namespace
}  // namespace smile::cat
