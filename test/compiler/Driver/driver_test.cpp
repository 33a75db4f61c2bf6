//===- driver_test.cpp - One compilation, and what it leaves --------------===//

#include "compiler/Driver/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <fstream>
#include <gtest/gtest.h>

using namespace burin;

namespace {

/// y = Relu(x), x of two floats, as protobuf writes it.
const char model[] = "\x08\x08\x12\x00:3\x0a\x0c\x0a\x01x\x12\x01y\x22\x04Relu"
                     "\x12\x01gZ\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a"
                     "\x02\x08\x02\x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12"
                     "\x04\x0a\x02\x08\x02\x42\x04\x0a\x00\x10\x0d";

class DriverTest : public testing::Test {
protected:
  void SetUp() override {
    llvm::sys::fs::createUniqueDirectory("driver", folder);
    options.model = (folder + "/m.onnx").str();
    options.output = (folder + "/out").str();
    options.emit = Emit::NN;
    write(llvm::StringRef(model, sizeof(model) - 1));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  void write(llvm::StringRef text) {
    std::ofstream(options.model, std::ios::binary) << text.str();
  }
  ExitCode run() {
    messages.clear();
    llvm::raw_string_ostream os(messages);
    Progress progress(os, {});
    return compile(options, progress);
  }
  /// The number of files in the folder.
  int count() {
    std::error_code error;
    int number = 0;
    for (llvm::sys::fs::directory_iterator file(folder, error), end;
         file != end; file.increment(error))
      ++number;
    return number;
  }

  llvm::SmallString<128> folder;
  CompileOptions options;
  std::string messages;
};

TEST_F(DriverTest, ReportsKernels) {
  options.emit = Emit::Exec;
  options.listKernels = true;
  options.reportFolder = (folder + "/report/here").str();
  ASSERT_EQ(run(), ExitCode::Done) << messages;
  auto text = llvm::MemoryBuffer::getFile(options.reportFolder + "/kernels.json");
  ASSERT_TRUE(bool(text));
  auto json = llvm::json::parse((*text)->getBuffer());
  ASSERT_TRUE(bool(json));
  auto &entry = *(*json->getAsObject()->getArray("entries"))[0].getAsObject();
  EXPECT_EQ(entry.getString("name"), "main");
  auto &kernel = *(*entry.getArray("kernels"))[0].getAsObject();
  EXPECT_EQ(kernel.getBoolean("parallel"), false);
  EXPECT_EQ(kernel.getInteger("flops"), 2);
  EXPECT_EQ(kernel.getInteger("read_bytes"), 8);
  EXPECT_EQ(kernel.getInteger("written_bytes"), 8);
  EXPECT_TRUE(llvm::StringRef(messages).contains("kernels of 'main'"));
}

TEST_F(DriverTest, PrintsTheGraph) {
  ASSERT_EQ(run(), ExitCode::Done) << messages;
  auto text = llvm::MemoryBuffer::getFile(options.output);
  ASSERT_TRUE(bool(text));
  EXPECT_TRUE((*text)->getBuffer().contains("nn.relu %arg0"));
  EXPECT_EQ(count(), 2);
}

TEST_F(DriverTest, LeavesNothingWhereItFails) {
  write("hello");
  EXPECT_EQ(run(), ExitCode::Invalid);
  EXPECT_EQ(messages, "burinc: error: " + options.model +
                          ": is not an ONNX model, or damaged: it is no "
                          "protobuf message\n");
  EXPECT_EQ(count(), 1);
}

TEST_F(DriverTest, ChecksTheOutputFirst) {
  options.output = (folder + "/no/such/file").str();
  EXPECT_EQ(run(), ExitCode::Machine);
  options.output = std::string(folder);
  EXPECT_EQ(run(), ExitCode::Usage);
}

TEST_F(DriverTest, NamesOutputsAfterTheModel) {
  EXPECT_EQ(getDefaultOutput("dir/resnet50.onnx", Emit::Shared), "resnet50.so");
  EXPECT_EQ(getDefaultOutput("m.onnx", Emit::Lib), "m.a");
  EXPECT_EQ(getDefaultOutput("m.onnx", Emit::NN), "-");
}

} // namespace
