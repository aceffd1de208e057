#include "orrery/base/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace orrery {
namespace {

template <class T>
std::string text_of(const T& value) {
  JsonWriter json;
  json.value(value);
  return json.text();
}

TEST(JsonWriter, NestedDocumentsAreIndented) {
  JsonWriter json;
  json.begin_object();
  json.field("name", "edge");
  json.key("list");
  json.begin_array();
  json.value(1);
  json.value(true);
  json.null();
  json.begin_object();
  json.end_object();
  json.end_array();
  json.key("empty");
  json.begin_array();
  json.end_array();
  json.end_object();
  EXPECT_EQ(json.text(),
            "{\n"
            "  \"name\": \"edge\",\n"
            "  \"list\": [\n"
            "    1,\n"
            "    true,\n"
            "    null,\n"
            "    {}\n"
            "  ],\n"
            "  \"empty\": []\n"
            "}\n");
}

TEST(JsonWriter, TextIsEscaped) {
  EXPECT_EQ(text_of("say \"hi\"\\"), R"("say \"hi\"\\")");
  EXPECT_EQ(text_of("a\n\r\tb"), R"("a\n\r\tb")");
  EXPECT_EQ(text_of(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(text_of("\u00e9\ud55c\U0001F600"), "\"\u00e9\ud55c\U0001F600\"");
}

TEST(JsonWriter, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
  EXPECT_EQ(text_of("a\xff\xc3z"), "\"a\ufffd\ufffdz\"");
}

TEST(JsonWriter, NumbersHaveTheFewestDigitsThatReadBack) {
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(text_of(3.35e12), "3350000000000");
  EXPECT_EQ(text_of(-0.0), "-0");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(JsonWriter, WhatIsNotANumberIsNull) {
  EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWriter, KeysAreEscapedToo) {
  JsonWriter json;
  json.begin_object();
  json.field("a\"b", 1);
  json.end_object();
  EXPECT_EQ(json.text(), "{\n  \"a\\\"b\": 1\n}\n");
}

}  // namespace
}  // namespace orrery
