#include "client/smilecat/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "model/path.h"

namespace smile::cat {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000;
const std::vector<std::string> kColumns = {"id", "name", "ttl"};

Row CsvRow(std::vector<Bytes> fields) {
  Row row;
  row.fields = std::move(fields);
  return row;
}

Row JsonRow(ByteView text) {
  Row row;
  row.object = *JsonObject::Parse(text);
  return row;
}

Result<std::vector<LoadedRecord>> Apply(const MappingOptions& options, const Row& row) {
  SMILE_ASSIGN(const Mapping mapping, Mapping::Make(options, row.is_json() ? nullptr : &kColumns));
  return mapping.Apply(row, kNow);
}

std::string ErrorOf(const MappingOptions& options, const Row& row) {
  const auto result = Apply(options, row);
  return result.ok() ? "no error" : result.status().message();
}

TEST(MappingTest, ColumnIsOnePathPart) {
  const Bytes name = "a/b%2F c\x01\xff";
  const auto records =
      Apply({.keys = {"users/{id}/{name}"}, .value = "{name}"}, CsvRow({"7", name, ""}));
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ((*records)[0].key, UserKey(7, name));
  EXPECT_EQ((*records)[0].value, name);
  EXPECT_EQ((*records)[0].expire_seconds, std::nullopt);
}

TEST(MappingTest, RowMakesOneRecordPerKey) {
  const auto records =
      Apply({.table = "links", .keys = {"{id}/friend/{ttl}", "{ttl}/friend/{id}"}, .value = ""},
            CsvRow({"1", "", "2"}));
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ((*records)[0].key, LinkKey(1, LinkKind::kFriend, 2));
  EXPECT_EQ((*records)[1].key, LinkKey(2, LinkKind::kFriend, 1));
}

TEST(MappingTest, RowAsJsonIsTheDefaultValue) {
  const auto csv = Apply({.keys = {"users/{id}/x"}}, CsvRow({"1", "a \"b\"", ""}));
  EXPECT_EQ((*csv)[0].value, R"({"id":"1","name":"a \"b\"","ttl":""})");
  const auto json = Apply({.keys = {"users/{id}/x"}}, JsonRow(R"({"z":[1, 2],"id":3})"));
  EXPECT_EQ((*json)[0].value, R"({"z":[1,2],"id":3})");
}

TEST(MappingTest, JsonValueHasTheChosenColumns) {
  const MappingOptions options{.keys = {"users/{id}/x"},
                               .json = std::vector<std::string>{"name", "id"}};
  EXPECT_EQ((*Apply(options, CsvRow({"1", "\xc3\xa9", ""})))[0].value,
            "{\"name\":\"\xc3\xa9\",\"id\":\"1\"}");
  EXPECT_EQ((*Apply(options, JsonRow(R"({"id":9,"name":null})")))[0].value,
            R"({"name":null,"id":9})");
  EXPECT_THAT(ErrorOf(options, JsonRow(R"({"id":9})")), HasSubstr("no member \"name\""));
  EXPECT_THAT(ErrorOf(options, CsvRow({"1", "\xff", ""})), HasSubstr("not UTF-8"));
}

TEST(MappingTest, JsonNumbersKeepTheirText) {
  const Row row = JsonRow(R"({"id":12345678901234567890124,"a":[2.50,-0],"b":1e3})");
  const auto whole = Apply({.keys = {"users/1/{id}"}}, row);
  EXPECT_EQ((*whole)[0].key, UserKey(1, "12345678901234567890124"));
  EXPECT_EQ((*whole)[0].value, R"({"id":12345678901234567890124,"a":[2.50,-0],"b":1e3})");
  const auto some =
      Apply({.keys = {"users/1/{id}"}, .json = std::vector<std::string>{"b", "a"}}, row);
  EXPECT_EQ((*some)[0].value, R"({"b":1e3,"a":[2.50,-0]})");
  EXPECT_EQ((*Apply({.keys = {"users/1/x"}, .value = "{b} {id}"}, row))[0].value,
            "1e3 12345678901234567890124");
}

TEST(MappingTest, ValueMembersAreUnique) {
  EXPECT_THAT(ErrorOf({.keys = {"users/{id}/x"}, .json = std::vector<std::string>{"id", "id"}},
                      CsvRow({"1", "", ""})),
              HasSubstr("\"id\" twice"));
}

TEST(MappingTest, UnbalancedTemplateBracesAreRejected) {
  const auto records =
      Apply({.keys = {"users/{id}/x"}, .value = "{{{name}}}"}, CsvRow({"1", "n", ""}));
  EXPECT_EQ((*records)[0].value, "{n}");
  for (const char* text : {"{name", "name}", "{", "a}b"}) {
    EXPECT_THAT(ErrorOf({.keys = {"users/{id}/x"}, .value = text}, CsvRow({"1", "n", ""})),
                HasSubstr("brace without its pair"))
        << text;
  }
}

TEST(MappingTest, UnknownColumnErrorListsTheColumns) {
  EXPECT_THAT(ErrorOf({.keys = {"users/{nr}/x"}}, CsvRow({"1", "", ""})),
              HasSubstr("no column \"nr\"; the columns are id, name, ttl"));
  EXPECT_THAT(ErrorOf({.keys = {"users/{nr}/x"}}, JsonRow("{}")), HasSubstr("no member \"nr\""));
  EXPECT_THAT(ErrorOf({.keys = {"users/{nr}/x"}}, JsonRow(R"({"nr":[]})")), HasSubstr("array"));
}

TEST(MappingTest, RowWithAnInvalidKeyIsRejected) {
  EXPECT_THAT(ErrorOf({.keys = {"users/{id}/x"}}, CsvRow({"-1", "", ""})), HasSubstr("an integer"));
  EXPECT_THAT(ErrorOf({.keys = {"users/{id}"}}, CsvRow({"1", "", ""})),
              HasSubstr("not the key of a record"));
  EXPECT_THAT(ErrorOf({.keys = {"logins/{name}"}}, CsvRow({"1", "", ""})),
              HasSubstr("is not a login"));
  const auto login =
      Apply({.keys = {"logins/{name}"}, .value = "{id} $6$x"}, CsvRow({"1", "a", ""}));
  EXPECT_EQ((*login)[0].key, LoginKey("a"));
  EXPECT_EQ((*login)[0].value, "1 $6$x");
  EXPECT_THAT(ErrorOf({.keys = {"logins/{name}"}, .value = "x"}, CsvRow({"1", "a", ""})),
              HasSubstr("not \"USER\" or \"USER CREDENTIAL\""));
}

TEST(MappingTest, TtlComesFromATemplate) {
  const MappingOptions options{.keys = {"users/{id}/x"}, .expire = "{ttl}"};
  EXPECT_EQ((*Apply(options, CsvRow({"1", "", "60"})))[0].expire_seconds, 60u);
  for (const char* text : {"", "0", "-1", "1.5", "60s", "99999999999"}) {
    EXPECT_THAT(ErrorOf(options, CsvRow({"1", "", text})),
                HasSubstr("which is not a number of seconds"))
        << text;
  }
}

TEST(MappingTest, ValueOverTheLimitIsRejectedLocally) {
  const Bytes value(limits::kMaxValueBytes + 1, 'x');
  EXPECT_THAT(ErrorOf({.keys = {"users/{id}/x"}, .value = "{name}"}, CsvRow({"1", value, ""})),
              HasSubstr("1048577 bytes"));
}

TEST(MappingTest, ConflictingOptionsAreRejected) {
  const Row csv = CsvRow({"1", "", ""});
  EXPECT_THAT(ErrorOf({}, csv), HasSubstr("needs --key"));
  EXPECT_THAT(
      ErrorOf({.keys = {"users/1/x"}, .value = "", .json = std::vector<std::string>{}}, csv),
      HasSubstr("one of them"));
  EXPECT_THAT(ErrorOf({.expire = "5"}, JsonRow("{}")), HasSubstr("need --key"));
}

TEST(DumpLineTest, RecordRoundTrips) {
  Bytes all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  const Key keys[] = {UserKey(42, "a/b%\xff"), LoginKey("\xe2\x82\xac"), PostKey(1, ~uint64_t{0})};
  for (const Key& key : keys) {
    for (const Bytes& value : {Bytes(), Bytes("text \"quoted\"\n\0\x7f", 17), all_bytes}) {
      const std::string line = DumpLine(key.view(), {.version = 3, .value = value});
      EXPECT_EQ(line.find('\n'), line.size() - 1);
      const auto record = ReadDumpRow(JsonRow(line), {}, kNow);
      ASSERT_TRUE(record.ok()) << record.status().ToString() << line;
      EXPECT_EQ(record->key, key);
      EXPECT_EQ(record->value, value);
      EXPECT_EQ(record->expire_seconds, std::nullopt);
    }
  }
}

TEST(DumpLineTest, LineHasNoControlCharacters) {
  const Key key = UserKey(1, "x");
  const Bytes value = "\x1b[31m \x7f \xc2\x9b";
  const std::string line = DumpLine(key.view(), {.version = 3, .value = value});
  EXPECT_EQ(line,
            "{\"key\":\"users/1/x\",\"value\":\"\\u001b[31m \\u007f \\u009b\",\"version\":3}\n");
  EXPECT_EQ(ReadDumpRow(JsonRow(line), {}, kNow)->value, value);
}

TEST(DumpLineTest, TtlIsRoundedUp) {
  const Key key = UserKey(1, "x");
  const auto read = [&](uint64_t expires_ms) {
    return *ReadDumpRow(JsonRow(DumpLine(key.view(), {.version = 1, .expires_ms = expires_ms})), {},
                        kNow);
  };
  EXPECT_EQ(read(kNow + 1000).expire_seconds, 1u);
  EXPECT_EQ(read(kNow + 1001).expire_seconds, 2u);
  EXPECT_FALSE(read(kNow + 1).expired);
  EXPECT_EQ(read(kNow + 1).expire_seconds, 1u);
  EXPECT_TRUE(read(kNow).expired);
  EXPECT_TRUE(read(1).expired);
  EXPECT_EQ(read(~uint64_t{0}).expire_seconds, limits::kMaxExpirySeconds);
}

TEST(DumpLineTest, LineThatIsNotADumpIsReported) {
  const std::pair<const char*, const char*> lines[] = {
      {R"({"value":"x"})", "has no \"key\""},
      {R"({"key":"users/1","value":"x"})", "is not the key of a record"},
      {R"({"key":"users/1/x"})", "\"value\" or \"value_base64\""},
      {R"({"key":"users/1/x","value":"x","value_base64":""})", "\"value\" or \"value_base64\""},
      {R"({"key":"users/1/x","value":7})", "no text"},
      {R"({"key":"users/1/x","value_base64":"?"})", "not base64"},
      {R"({"key":"users/1/x","value":"","expires_ms":-1})", "no time"},
      {R"({"key":"users/1/x","value":"","expires_ms":1.5})", "no time"},
      {R"({"key":"users/1/x","value":"","expires_ms":18446744073709551616})", "no time"}};
  for (const auto& [line, words] : lines) {
    EXPECT_THAT(ErrorOf({}, JsonRow(line)), HasSubstr(words)) << line;
  }
}

}  // namespace
}  // namespace smile::cat
