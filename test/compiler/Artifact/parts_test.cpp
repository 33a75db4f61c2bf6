//===- parts_test.cpp -----------------------------------------------------===//

#include "compiler/Artifact/Parts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace burin;

namespace {
/// `count` kernels of `ops` additions each, an entry that names them all, a
/// helper that the first calls, and a text that the last reads.
std::string makeModule(int count, int ops) {
  std::string text = R"(
    llvm.mlir.global private constant @message("no\00")
    llvm.func @burin_fail(!llvm.ptr)
    llvm.func internal @helper(%x: i64) -> i64 { llvm.return %x : i64 }
    llvm.func @describe() -> !llvm.ptr {)";
  for (int i = 0; i < count; ++i)
    text += "\n%a" + std::to_string(i) + " = llvm.mlir.addressof @k" +
            std::to_string(i) + " : !llvm.ptr";
  text += "\nllvm.return %a0 : !llvm.ptr\n}\n";
  for (int i = 0; i < count; ++i) {
    text += "llvm.func internal @k" + std::to_string(i) + "(%x: i64) {\n";
    if (i == 0)
      text += "llvm.call @helper(%x) : (i64) -> i64\n";
    if (i == count - 1)
      text += "%m = llvm.mlir.addressof @message : !llvm.ptr\n"
              "llvm.call @burin_fail(%m) : (!llvm.ptr) -> ()\n";
    for (int k = 0; k < ops; ++k)
      text += "%y" + std::to_string(k) + " = llvm.add %x, %x : i64\n";
    text += "llvm.return\n}\n";
  }
  return text;
}

struct PartsTest : testing::Test {
  PartsTest() { context.loadDialect<LLVM::LLVMDialect>(); }

  void split(const std::string &text, StringRef prefix) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module);
    parts = splitModule(*module, prefix);
    for (CodePart &part : parts)
      EXPECT_TRUE(succeeded(verify(*part.module)));
  }

  /// Parts that define `name`.
  int countDefinitions(StringRef name) {
    return llvm::count_if(parts, [&](CodePart &part) {
      auto func = part.module->lookupSymbol<LLVM::LLVMFuncOp>(name);
      return func && !func.isExternal();
    });
  }

  MLIRContext context;
  std::vector<CodePart> parts;
};

TEST_F(PartsTest, LittleStaysInOne) {
  split(makeModule(3, 10), "");
  ASSERT_EQ(parts.size(), 1u);
  auto kernel = parts[0].module->lookupSymbol<LLVM::LLVMFuncOp>("k1");
  EXPECT_EQ(kernel.getLinkage(), LLVM::Linkage::Internal);
  EXPECT_TRUE(parts[0].module->lookupSymbol("message"));
}

TEST_F(PartsTest, MuchIsShared) {
  split(makeModule(6, 4000), "my_");
  ASSERT_EQ(parts.size(), 6u);
  // Callers and what they call directly stay together, and nobody else sees it.
  auto helper = parts[0].module->lookupSymbol<LLVM::LLVMFuncOp>("helper");
  ASSERT_TRUE(helper);
  EXPECT_EQ(helper.getLinkage(), LLVM::Linkage::Internal);
  EXPECT_TRUE(parts[0].module->lookupSymbol("my_k0") || parts[0].module->lookupSymbol("k0"));
  // Others are defined once, under a name of their own that stays inside.
  EXPECT_EQ(countDefinitions("my_k5"), 1);
  auto kernel = parts[5].module->lookupSymbol<LLVM::LLVMFuncOp>("my_k5");
  EXPECT_EQ(kernel.getLinkage(), LLVM::Linkage::External);
  EXPECT_EQ(kernel.getVisibility_(), LLVM::Visibility::Hidden);
  EXPECT_TRUE(parts[5].module->lookupSymbol("message"));
  EXPECT_TRUE(parts[5].module->lookupSymbol("burin_fail"));
  // The one name that others know is as it was.
  EXPECT_EQ(countDefinitions("describe"), 1);
}
} // namespace
