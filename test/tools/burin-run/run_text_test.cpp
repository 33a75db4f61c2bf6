//===- run_text_test.cpp - Names from files, made fit for where they go -------===//

#include "text.h"
#include <gtest/gtest.h>

namespace {

using namespace burin_run;

TEST(Escape, LeavesNothingThatSteersATerminal) {
  EXPECT_EQ(escape("gpu_0/softmax \"1\""), "gpu_0/softmax \"1\"");
  EXPECT_EQ(escape("a\n\t\x1b[31m\x7f"), "a\\x0a\\x09\\x1b[31m\\x7f");
  EXPECT_EQ(escape("Gr\xc3\xbc\xc3\x9f"
                   "e"),
            "Gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(escape("\xc2\x9b"
                   "1m"),
            "\\xc2\\x9b1m")
      << "CSI as one character";
  EXPECT_EQ(escape("\xff\xc3"), "\\xff\\xc3") << "no UTF-8";
  EXPECT_EQ(escape("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
}

TEST(QuoteJson, MakesAString) {
  EXPECT_EQ(quoteJson("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(quoteJson("\xff"), "\"\\ufffd\"");
}

TEST(PercentEncode, KeepsNamesInTheirFolder) {
  EXPECT_EQ(percentEncode("gpu_0/softmax_1"), "gpu_0%2Fsoftmax_1");
  EXPECT_EQ(percentEncode("../x"), "%2E.%2Fx");
  EXPECT_EQ(percentEncode("a.b-c~d"), "a.b-c%7Ed");
  EXPECT_EQ(percentEncode("\xc3\xa9=%"), "%C3%A9%3D%25");
}

TEST(PercentDecode, UndoesIt) {
  for (const char *name : {"gpu_0/softmax_1", "..", "100%", "a=b", "\xff\n"})
    EXPECT_EQ(percentDecode(percentEncode(name)), name);
  EXPECT_EQ(percentDecode("50%"), "50%");
  EXPECT_EQ(percentDecode("%zz%2"), "%zz%2");
  EXPECT_EQ(percentDecode("%2f%2F"), "//");
}

} // namespace
