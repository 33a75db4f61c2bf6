//===- external_test.cpp - Side files, and no way out of the folder -------===//

#include "compiler/Import/Onnx/ExternalFiles.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace burin;

namespace {

/// A model's folder, with a secret beside it.
class External : public testing::Test {
protected:
  void SetUp() override {
    llvm::sys::fs::createUniqueDirectory("external", top);
    folder = (top + "/model").str();
    llvm::sys::fs::create_directory(folder);
    std::ofstream(folder + "/w.bin") << "0123456789";
    std::ofstream((top + "/secret").str()) << "0123456789";
  }
  void TearDown() override { llvm::sys::fs::remove_directories(top); }

  Status read(const std::string &location, uint64_t offset = 0,
              uint64_t size = 4) {
    ExternalFiles files(folder + "/m.onnx");
    llvm::ArrayRef<char> bytes;
    Status status = files.read({location, offset}, size, bytes);
    text.assign(bytes.begin(), bytes.end());
    return status;
  }

  llvm::SmallString<128> top;
  std::string folder, text;
};

TEST_F(External, ReadsWhatTheModelAsksFor) {
  EXPECT_TRUE(read("w.bin", 3).isOk());
  EXPECT_EQ(text, "3456");
  EXPECT_TRUE(read("./w.bin", 6).isOk());
  EXPECT_EQ(text, "6789");
}

TEST_F(External, StaysInTheFolder) {
  llvm::sys::fs::create_directory(folder + "/sub");
  for (std::string location :
       {"../secret", "sub/../../secret", "/etc/passwd", "", ".", "..", "sub"})
    EXPECT_EQ(read(location).getCode(), ExitCode::Invalid) << location;
  EXPECT_EQ(read(std::string("w.bin\0../secret", 15)).getCode(),
            ExitCode::Invalid);
}

TEST_F(External, FollowsNoLinks) {
  std::string secret = (top + "/secret").str();
  ASSERT_EQ(symlink(secret.c_str(), (folder + "/soft").c_str()), 0);
  ASSERT_EQ(link(secret.c_str(), (folder + "/hard").c_str()), 0);
  ASSERT_EQ(symlink(top.c_str(), (folder + "/up").c_str()), 0);
  for (const char *location : {"soft", "hard", "up/secret"})
    EXPECT_EQ(read(location).getCode(), ExitCode::Invalid) << location;
}

TEST_F(External, WaitsForNoPipe) {
  ASSERT_EQ(mkfifo((folder + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(read("pipe").getCode(), ExitCode::Invalid);
}

TEST_F(External, StaysInTheFile) {
  EXPECT_FALSE(read("w.bin", 8).isOk());
  EXPECT_FALSE(read("w.bin", 11, 0).isOk());
  EXPECT_FALSE(read("w.bin", UINT64_MAX - 1).isOk());
  EXPECT_TRUE(read("w.bin", 10, 0).isOk());
}

} // namespace
