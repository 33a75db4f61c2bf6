//===- naming_test.cpp ----------------------------------------------------===//

#include "compiler/Artifact/Naming.h"
#include <gtest/gtest.h>

using namespace burin;

TEST(Naming, KeepsWhatIsAnIdentifier) {
  EXPECT_EQ(toIdentifier("digits_cnn2", "model"), "digits_cnn2");
}

TEST(Naming, ReplacesEveryOtherByte) {
  EXPECT_EQ(toIdentifier("past.0 key\n*/", "input"), "past_0_key___");
  EXPECT_EQ(toIdentifier("\xc3\xa4", "input"), "input___");
}

TEST(Naming, StartsWithALetter) {
  EXPECT_EQ(toIdentifier("8-bit", "model"), "model_8_bit");
  EXPECT_EQ(toIdentifier("_x", "input"), "input__x");
  EXPECT_EQ(toIdentifier("", "dim"), "dim");
}

TEST(Naming, CutsWhatIsLong) {
  EXPECT_LT(toIdentifier(std::string(100000, 'a'), "input").size(), 64u);
}

TEST(Naming, GivesEachNameOnce) {
  UniqueNames names{"session"};
  EXPECT_EQ(names.add("x"), "x");
  EXPECT_EQ(names.add("x"), "x_2");
  EXPECT_EQ(names.add("x"), "x_3");
  EXPECT_EQ(names.add("session"), "session_2");
}

TEST(Naming, AvoidsKeywords) {
  UniqueNames names{};
  EXPECT_EQ(names.add("double"), "double_");
  EXPECT_EQ(names.add("double"), "double_2");
  EXPECT_EQ(names.add("unix"), "unix_");
  EXPECT_EQ(names.add("doubl"), "doubl");
}
