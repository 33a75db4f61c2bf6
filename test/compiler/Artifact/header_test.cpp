//===- header_test.cpp - Only what the end-to-end tests do not compile ----===//

#include "burin/types.h"
#include "compiler/Artifact/Header.h"
#include <gtest/gtest.h>

using namespace burin;

static std::string write(const ModelInterface &model,
                         const WeightsInfo &weights = {}) {
  std::string text;
  llvm::raw_string_ostream os(text);
  writeHeader(model, weights, "net", "net.a", os);
  return os.str();
}

static bool has(const std::string &text, llvm::StringRef part) {
  return llvm::StringRef(text).contains(part);
}

TEST(Header, GivesOneFunctionPerEntry) {
  TensorInfo x = {"x", BURIN_F32, {{-1, "batch"}, {3, ""}}};
  TensorInfo y = {"y", BURIN_BOOL, {{-1, "batch"}}};
  std::string text =
      write({"graph", {{"main", {x}, {y}}, {"model", {x}, {}}}, {}});
  EXPECT_TRUE(has(text, "burin_status net_main(\n    burin_session *session,\n"
                        "    const float *x,\n    int64_t batch,\n"
                        "    bool *y,\n    burin_error *error)"));
  // net_model() is taken.
  EXPECT_TRUE(has(text, "burin_status net_model_2(\n"));
  EXPECT_TRUE(has(text, "burin_session_run(\n      session, 1, inputs, 1, "
                        "outputs, 0, error)"));
}

TEST(Header, HasOneParameterPerOpenDimension) {
  TensorInfo a = {"a", BURIN_I64, {{-1, "n"}, {-1, ""}}};
  TensorInfo b = {"b", BURIN_I64, {{-1, "n"}, {-1, ""}}};
  std::string text = write({"graph", {{"main", {a, b}, {}}, {}}, {}});
  EXPECT_TRUE(has(text, "    int64_t n,\n    int64_t a_dim1,\n"
                        "    int64_t b_dim1,\n    burin_error *error)"));
}

TEST(Header, LeavesUnknownShapesToTheRun) {
  TensorInfo out = {"out", BURIN_F16, {{-1, "found"}}};
  std::string text = write({"graph", {{"main", {}, {out}}}, {}});
  EXPECT_TRUE(has(text, "    burin_tensor *out,\n"));
  EXPECT_TRUE(has(text, "inputs[] = {{NULL, 0, 0, {0}}};"));
}

TEST(Header, LetsNoNameOutOfAComment) {
  TensorInfo x = {"*/\n#error \\\n", BURIN_F32, {}};
  std::string text = write({"graph", {{"*/ int x;", {x}, {x}}}, {}});
  EXPECT_FALSE(has(text, "#error"));
  EXPECT_FALSE(has(text, "int x;"));
}

TEST(Header, TellsWhereExternalWeightsAre) {
  WeightsInfo weights;
  EXPECT_FALSE(has(write({}, weights), "weights"));
  weights.file = "net.a.weights";
  EXPECT_TRUE(has(write({}, weights), "`net.a.weights`"));
}
