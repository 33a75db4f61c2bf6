//===- option_text_test.cpp - Values of options, right and wrong ----------===//

#include "compiler/Driver/OptionText.h"
#include <gtest/gtest.h>

using namespace burin;

namespace {

TEST(OptionText, ADimensionHasANameAndASize) {
  ImportOptions::Dim dim;
  ASSERT_TRUE(parseDim("--dim", "past + 1=7", dim).isOk());
  EXPECT_EQ(dim.name, "past + 1");
  EXPECT_EQ(dim.size, 7);
  ASSERT_TRUE(parseDim("--dim", "n=?", dim).isOk());
  for (const char *text :
       {"n", "=3", "n=", "n=-1", "n=two", "n= 3", "", "n=99999999999999999999"})
    EXPECT_EQ(parseDim("--dim", text, dim).getCode(), ExitCode::Usage) << text;
}

TEST(OptionText, AShapeMayLeaveSizesOpen) {
  ImportOptions::InputShape shape, scalar, wrong;
  ASSERT_TRUE(parseShape("x=2x3x?", shape).isOk());
  EXPECT_EQ(shape.input, "x");
  EXPECT_EQ(shape.sizes,
            (std::vector<std::optional<int64_t>>{2, 3, std::nullopt}));
  ASSERT_TRUE(parseShape("x=", scalar).isOk());
  EXPECT_TRUE(scalar.sizes.empty());
  for (const char *text : {"x=axb", "2x4", "x=2xx3", "x=2x", "=2"})
    EXPECT_EQ(parseShape(text, wrong).getCode(), ExitCode::Usage) << text;
}

TEST(OptionText, AnEntryHasAnIdentifierAndDimensions) {
  ImportOptions::Entry entry, wrong;
  ASSERT_TRUE(parseEntry("decode:seq=1,past=?", entry).isOk());
  EXPECT_EQ(entry.name, "decode");
  ASSERT_EQ(entry.dims.size(), 2u);
  EXPECT_EQ(entry.dims[0].size, 1);
  EXPECT_FALSE(entry.dims[1].size);
  for (const char *text : {"", ":n=1", "1st", "a-b", "a:n"})
    EXPECT_EQ(parseEntry(text, wrong).getCode(), ExitCode::Usage) << text;
}

TEST(OptionText, StarsOfAStateStandForTheSame) {
  StatePattern state;
  EXPECT_TRUE(parseState("past.*=present.*", state).isOk());
  EXPECT_EQ(state.output, "present.*");
  for (const char *text : {"a", "a=", "=b", "*=b", "a=*", "**=**"})
    EXPECT_EQ(parseState(text, state).getCode(), ExitCode::Usage) << text;
}

TEST(OptionText, SaysWhatItExpects) {
  Emit emit;
  EXPECT_EQ(parseEmit("tune", emit).getText(),
            "option --emit expects nn, linalg, exec, llvm, asm, obj, lib, "
            "shared, exe, ptx or hls, got 'tune'");
}

} // namespace
