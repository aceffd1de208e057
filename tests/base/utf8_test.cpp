#include "orrery/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace orrery {
namespace {

TEST(Utf8, CharactersOfEveryLengthAreDecoded) {
  const std::string text = "a\u00e9\ud55c\U0001F600";
  EXPECT_EQ(utf8_character(text, 0).code, U'a');
  EXPECT_EQ(utf8_character(text, 1).code, U'\u00e9');
  EXPECT_EQ(utf8_character(text, 1).bytes, 2);
  EXPECT_EQ(utf8_character(text, 3).code, U'\ud55c');
  EXPECT_EQ(utf8_character(text, 3).bytes, 3);
  EXPECT_EQ(utf8_character(text, 6).code, U'\U0001F600');
  EXPECT_EQ(utf8_character(text, 6).bytes, 4);
}

TEST(Utf8, WhatIsNotUtf8IsOneInvalidByte) {
  for (const char* text : {"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
                           "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x28\xa1"}) {
    const Utf8Character character = utf8_character(text, 0);
    EXPECT_FALSE(character.valid) << text;
    EXPECT_EQ(character.bytes, 1) << text;
  }
}

TEST(Utf8, ControlsAreC0DelAndC1) {
  EXPECT_TRUE(is_control(0));
  EXPECT_TRUE(is_control('\n'));
  EXPECT_TRUE(is_control(0x7f));
  EXPECT_TRUE(is_control(0x9b));
  EXPECT_FALSE(is_control(' '));
  EXPECT_FALSE(is_control(0xa0));
}

TEST(Utf8, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(terminal_columns(U'a'), 1);
  EXPECT_EQ(terminal_columns(U'\u00e9'), 1);
  EXPECT_EQ(terminal_columns(U'\u20ac'), 1);  // euro sign
  EXPECT_EQ(terminal_columns(U'\u1e9e'), 1);  // capital sharp s
  EXPECT_EQ(terminal_columns(U'\ud55c'), 2);  // Hangul
  EXPECT_EQ(terminal_columns(U'\u6f22'), 2);  // Han
  EXPECT_EQ(terminal_columns(U'\uff21'), 2);  // fullwidth A
  EXPECT_EQ(terminal_columns(U'\uff71'), 1);  // halfwidth katakana
  EXPECT_EQ(terminal_columns(U'\U0001F600'), 2);
  EXPECT_EQ(terminal_columns(U'\u0301'), 0);  // combining acute accent
}

}  // namespace
}  // namespace orrery
