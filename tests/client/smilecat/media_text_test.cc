#include "client/smilecat/media_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile::cat {
namespace {

TEST(MediaText, NamesAreOwnerAndId) {
  EXPECT_EQ(ReadMediaName("42/7311")->owner, 42u);
  EXPECT_EQ(ReadMediaName("42/18446744073709551615")->media, UINT64_MAX);
  EXPECT_EQ(FormatMediaName({42, 7311}), "42/7311");
  for (const char* wrong :
       {"", "42", "42/", "/1", "a/1", "42/1/2", "42/-1", " 42/1", "42/18446744073709551616"}) {
    EXPECT_EQ(ReadMediaName(wrong).status().code(), Code::kInvalid) << wrong;
  }
}

TEST(MediaText, RangesIncludeTheirEnds) {
  EXPECT_EQ(ReadMediaRange("0-99")->size, 100u);
  EXPECT_EQ(ReadMediaRange("5-5")->offset, 5u);
  EXPECT_EQ(ReadMediaRange("5-5")->size, 1u);
  EXPECT_EQ(ReadMediaRange("7-")->size, UINT64_MAX);
  EXPECT_EQ(ReadMediaRange("0-18446744073709551614")->size, UINT64_MAX);
  for (const char* wrong : {"", "-", "-5", "6-5", "1", "a-b", "0-18446744073709551615", "1-2-3"}) {
    EXPECT_EQ(ReadMediaRange(wrong).status().code(), Code::kInvalid) << wrong;
  }
}

TEST(MediaText, ContentTypeIsThatOfTheSuffix) {
  EXPECT_EQ(ContentTypeOf("cat.jpg"), "image/jpeg");
  EXPECT_EQ(ContentTypeOf("CAT.JPEG"), "image/jpeg");
  EXPECT_EQ(ContentTypeOf("a.b/film.webm"), "video/webm");
  EXPECT_EQ(ContentTypeOf("aac.zip"), "application/zip");
  EXPECT_EQ(ContentTypeOf("x.aac"), "audio/aac");
  for (const char* unknown : {"", "jpg", ".", "a.", "a.unknown", "a.jpg.part"}) {
    EXPECT_EQ(ContentTypeOf(unknown), "application/octet-stream") << unknown;
  }
}

TEST(MediaText, LinesArePrintable) {
  Media media;
  media.owner = 42;
  media.media = 7;
  media.size = 3;
  media.created_ms = 1'600'000'000'000;
  media.name = "a\nb";
  EXPECT_EQ(ShowMedia(media, "file", /*json=*/false),
            "42/7  3  -  2020-09-13T12:26:40Z  a\\x0ab\n");
  media.name = "";
  media.custom = "\xff";
  EXPECT_EQ(ShowMedia(media, "f", /*json=*/true),
            R"({"file":"f","owner":42,"media":7,"size":3,"sha256":"","created_ms":1600000000000,)"
            R"("content_type":"","name":"","custom_base64":"/w=="})"
            "\n");
}

}  // namespace
}  // namespace smile::cat
