//===- text_test.cpp - Text out of files, on a terminal -------------------===//

#include "compiler/Support/Text.h"
#include <gtest/gtest.h>

using namespace burin;

namespace {

TEST(Text, LeavesWhatPeopleWrite) {
  EXPECT_EQ(escape("größe 模型/0:conv"), "größe 模型/0:conv");
}

TEST(Text, EscapesWhatTerminalsObey) {
  EXPECT_EQ(escape("a\x1b[2Jb\x7f"), "a\\x1B[2Jb\\x7F");
  EXPECT_EQ(escape("\xc2\x9b"), "\\xC2\\x9B"); // CSI in one character.
}

TEST(Text, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(escape("a\xff"), "a\\xFF");
  EXPECT_EQ(escape("\xe6\xa8"), "\\xE6\\xA8");
}

TEST(Text, LinesStayInMessagesButNotInNames) {
  EXPECT_EQ(escape("a\nb"), "a\nb");
  EXPECT_EQ(escapeName("a\nb"), "a\\x0Ab");
}

TEST(Text, LongNamesLoseTheirMiddle) {
  std::string name = "begin" + std::string(10000, '.') + "end";
  std::string shown = escapeName(name);
  EXPECT_LT(shown.size(), 210u);
  EXPECT_EQ(shown.substr(0, 5), "begin");
  EXPECT_EQ(shown.substr(shown.size() - 3), "end");
}

TEST(Text, CutsBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "模";
  EXPECT_EQ(escapeName(text).find("\\x"), std::string::npos);
}

TEST(Text, KnowsUtf8) {
  EXPECT_TRUE(isCleanUtf8("模型"));
  EXPECT_TRUE(isCleanUtf8(""));
  EXPECT_FALSE(isCleanUtf8("\xff"));
  EXPECT_FALSE(isCleanUtf8(llvm::StringRef("a\0b", 3)));
}

} // namespace
